-- Derived and rebuildable: one row per customer with what the orders say of it.
CREATE TABLE profiles (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  orders BIGINT NOT NULL,        -- purchase occasions: days with a paid or new order
  first_day BIGINT,
  last_day BIGINT,
  revenue_minor BIGINT NOT NULL, -- in the workspace's currency
  mean_gap DOUBLE PRECISION,     -- days
  stage TEXT NOT NULL,           -- new, developing, at_risk, lapsed, returned, none
  p_alive DOUBLE PRECISION,
  expected_orders DOUBLE PRECISION, -- the next 12 months
  expected_value_minor BIGINT,
  risk DOUBLE PRECISION,
  signals TEXT NOT NULL,         -- JSON: [{signal, …}]
  as_of BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
);
CREATE INDEX profiles_stage ON profiles (workspace_id, stage);

CREATE TABLE stage_moves (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  from_stage TEXT NOT NULL,
  to_stage TEXT NOT NULL,
  day BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX stage_moves_customer ON stage_moves (workspace_id, customer_id);
