-- A log: what counts is the last entry per (contact or customer, purpose, channel).
CREATE TABLE consents (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  kind TEXT NOT NULL,            -- of the contact: email, phone …
  value TEXT NOT NULL,
  purpose TEXT NOT NULL,         -- marketing, service, automatic_calls, processing
  channel TEXT NOT NULL,         -- email, sms, call …
  state TEXT NOT NULL,           -- given, withdrawn
  basis TEXT NOT NULL,           -- consent, soft_opt_in, contract
  proof TEXT NOT NULL,           -- JSON: the text shown, the defaults shown, address, page, operator
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX consents_customer ON consents (workspace_id, customer_id);
CREATE INDEX consents_value ON consents (workspace_id, kind, value);

-- Keyed by a keyed hash of the contact value, so that it outlives merges, undo, re-imports and erasure.
CREATE TABLE suppressions (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  value_hash TEXT NOT NULL,
  channel TEXT NOT NULL,         -- all, email, sms, call
  reason TEXT NOT NULL,          -- opt_out, complaint, refused, hard_bounce, manual, erased
  campaign_id BIGINT,
  at BIGINT NOT NULL,
  lifted_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX suppressions_value ON suppressions (workspace_id, value_hash);

-- What the channels told of a contact value.
CREATE TABLE contact_states (
  workspace_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  state TEXT NOT NULL,           -- ok, soft_bounced, hard_bounced, wrong_number, dead
  failures BIGINT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, kind, value)
);

-- Interests that a customer chose on the preference page.
CREATE TABLE preferences (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  category_id BIGINT NOT NULL,
  chosen BOOLEAN NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id, category_id)
);

-- People whose every contact failed.
CREATE TABLE dead_customers (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  campaign_id BIGINT,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
);
