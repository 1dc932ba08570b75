-- Versions of the beliefs by which records are told to be one person. Each is published with what it changed and can be taken back.
CREATE TABLE identity_models (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  learned_at BIGINT NOT NULL,
  actor_id BIGINT NOT NULL,      -- 0: the engine itself
  reason TEXT NOT NULL,          -- first, growth, asked
  records BIGINT NOT NULL,
  customers BIGINT NOT NULL,
  merged BIGINT NOT NULL,        -- customers that went into others when it came into force
  split BIGINT NOT NULL,
  beliefs TEXT NOT NULL,         -- JSON: prior, weights, numbering plan
  previous_id BIGINT,            -- the version in force before
  undone_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);

-- How often values occur, by hashes of the values; many to a row.
CREATE TABLE identity_model_values (
  workspace_id BIGINT NOT NULL,
  model_id BIGINT NOT NULL,
  part BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (workspace_id, model_id, part)
);

-- The version in force, and a mark that changes with every change of the people: who keeps them in memory looks at it first.
CREATE TABLE identity_state (
  workspace_id BIGINT NOT NULL,
  model_id BIGINT NOT NULL,
  mark BIGINT NOT NULL,
  PRIMARY KEY (workspace_id)
);
