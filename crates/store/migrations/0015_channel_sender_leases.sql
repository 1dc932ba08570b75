-- Which sender processes are alive: rows that a dead one held go back (leased) or become uncertain (intent).
CREATE TABLE sender_leases (
  workspace_id BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  channel TEXT NOT NULL,
  renewed_at BIGINT NOT NULL,    -- real time
  PRIMARY KEY (workspace_id, epoch)
);
