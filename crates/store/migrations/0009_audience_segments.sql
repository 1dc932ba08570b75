CREATE TABLE segments (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  rule TEXT NOT NULL,            -- JSON, the segment language
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX segments_name ON segments (workspace_id, name);

CREATE TABLE audiences (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  segment_id BIGINT,
  rule TEXT NOT NULL,
  salt TEXT NOT NULL,            -- hold-out = hash(salt, customer) below the share
  holdout_share DOUBLE PRECISION NOT NULL,
  frozen_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE audience_members (
  workspace_id BIGINT NOT NULL,
  audience_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  holdout BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, audience_id, customer_id)
);
