CREATE TABLE sources (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  mapping TEXT NOT NULL,       -- the remembered mapping, as TOML; empty until the first import
  legal_basis TEXT NOT NULL,   -- JSON: [{purpose, channel, basis, proof}]; [] = nobody of this source may be contacted
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX sources_name ON sources (workspace_id, name);

CREATE TABLE imports (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  source_id BIGINT NOT NULL,
  state TEXT NOT NULL, -- uploaded, running, done, failed, undone
  files TEXT NOT NULL, -- JSON: [{file, rows, new, changed, unchanged, rejected}]
  mapping TEXT NOT NULL,
  error TEXT,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  undone_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);

-- A changed row is a new version; rows are never updated but for `current`, and never deleted but by erasure.
CREATE TABLE records (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  current BOOLEAN NOT NULL,
  source_id BIGINT NOT NULL,
  import_id BIGINT NOT NULL,
  kind TEXT NOT NULL,        -- order, line, address, person
  key TEXT NOT NULL,         -- the order number or row id within the source
  file TEXT NOT NULL,
  line BIGINT NOT NULL,
  fingerprint TEXT NOT NULL, -- of the payload; tells an unchanged row
  payload TEXT NOT NULL,     -- JSON: role → text as it came
  PRIMARY KEY (workspace_id, id, version)
);
CREATE UNIQUE INDEX records_key ON records (workspace_id, source_id, key) WHERE current;
CREATE INDEX records_import ON records (workspace_id, import_id);

CREATE TABLE rejects (
  workspace_id BIGINT NOT NULL,
  import_id BIGINT NOT NULL,
  file TEXT NOT NULL,
  line BIGINT NOT NULL,
  column_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (workspace_id, import_id, file, line, column_name)
);
