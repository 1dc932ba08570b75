-- The contact point that a colleague chose by hand. It hangs on a record that names it, so it follows the person through every
-- merge, split and re-run, as decisions about pairs do.
CREATE TABLE chosen_contacts (
  workspace_id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  kind TEXT NOT NULL,            -- phone, email
  value TEXT NOT NULL,           -- as in contact_points
  chosen_by BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, record_id, kind)
);

-- When an import came by the workspace's own clock; real time stands in created_at.
ALTER TABLE imports ADD COLUMN campaign_at BIGINT;
