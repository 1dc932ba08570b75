CREATE TABLE campaigns (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,           -- draft, running, paused, stopped, finished
  pause_reason TEXT,
  language TEXT NOT NULL,        -- by-customer, ru, uk, en
  segment_id BIGINT,             -- NULL = the whole base
  holdout_share DOUBLE PRECISION NOT NULL,
  goal TEXT NOT NULL,            -- JSON: {kind, window_days}
  audience_id BIGINT,
  created_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  launched_at BIGINT,            -- campaign clock
  finished_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE waves (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  position BIGINT NOT NULL,
  channel TEXT NOT NULL,         -- email, sms, call
  after_days BIGINT NOT NULL,    -- after the launch of the previous wave
  target TEXT NOT NULL,          -- all, silent
  content TEXT NOT NULL,         -- JSON: {bodies: {ru: {subject, mjml, text}, …}, from}
  rate_per_second DOUBLE PRECISION,
  state TEXT NOT NULL,           -- waiting, running, done, stopped
  due_at BIGINT,                 -- campaign clock; known once the wave before has started
  expires_at BIGINT,
  started_at BIGINT,
  finished_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX waves_position ON waves (workspace_id, campaign_id, position);

-- One row per person of the frozen audience, hold-out included.
CREATE TABLE campaign_members (
  workspace_id BIGINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  holdout BOOLEAN NOT NULL,
  -- The strongest reaction so far: none, agreed, subscribed, refused.
  outcome TEXT NOT NULL,
  outcome_at BIGINT,
  clicked BOOLEAN NOT NULL,
  bought_at BIGINT,              -- the first order after the launch
  bought_minor BIGINT NOT NULL,
  -- The campaign ended for this person on every channel (refusal, opt-out, goal).
  ended_at BIGINT,
  dead BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, campaign_id, customer_id)
);
