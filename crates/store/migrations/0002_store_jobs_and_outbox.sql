CREATE TABLE jobs (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  -- A second job with the same key is not enqueued while the first waits or runs.
  dedup_key TEXT,
  state TEXT NOT NULL, -- waiting, running, done, failed
  run_after BIGINT NOT NULL,
  lease_until BIGINT,
  attempts BIGINT NOT NULL,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX jobs_due ON jobs (run_after) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_dedup ON jobs (workspace_id, kind, dedup_key) WHERE state IN ('waiting', 'running');

CREATE TABLE outbox_events (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  delivered BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX outbox_waiting ON outbox_events (id) WHERE NOT delivered;
