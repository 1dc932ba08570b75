-- Customers whose profile is due since their orders or records changed; emptied by the refresh.
CREATE TABLE insight_changes (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  marks BIGINT NOT NULL,         -- how often it was marked: a mark set during a refresh is not lost
  PRIMARY KEY (workspace_id, customer_id)
);
-- Complaints and told reasons of leaving are few among many.
CREATE INDEX reactions_complaints ON reactions (workspace_id) WHERE kind = 'complaint';
CREATE INDEX call_tasks_refused ON call_tasks (workspace_id) WHERE outcome = 'refused';
