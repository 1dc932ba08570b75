-- Complaints that came outside of the shop's own messages and calls; who hears of one writes it here.
CREATE TABLE complaints (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  at BIGINT NOT NULL,            -- campaign clock
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX complaints_customer ON complaints (workspace_id, customer_id);
