-- The ledger: one row per planned contact, of calls too.
CREATE TABLE messages (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  wave_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  channel TEXT NOT NULL,
  address TEXT,                  -- filled at the instant of planning from the person's card, checked again when sending
  state TEXT NOT NULL,           -- planned, leased, intent, accepted, rejected, deferred, uncertain, held, expired, excluded
  reason TEXT NOT NULL,          -- why excluded, held, rejected or uncertain: a stable code
  detail TEXT NOT NULL,          -- the other side's words
  epoch BIGINT NOT NULL,         -- which sender holds the lease
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,        -- campaign clock
  expires_at BIGINT NOT NULL,
  language TEXT,
  sent_at BIGINT,                -- campaign clock
  delivered_at BIGINT,
  bounced_at BIGINT,
  provider_id TEXT,              -- the SMSC's message id, the queue id of the relay
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX messages_person ON messages (workspace_id, campaign_id, wave_id, customer_id, channel);
CREATE UNIQUE INDEX messages_address ON messages (workspace_id, campaign_id, wave_id, channel, address) WHERE address IS NOT NULL AND state <> 'excluded';
CREATE INDEX messages_due ON messages (workspace_id, channel, due_at) WHERE state IN ('planned', 'deferred', 'held');
CREATE INDEX messages_open ON messages (workspace_id, state) WHERE state IN ('leased', 'intent', 'uncertain');
CREATE INDEX messages_provider ON messages (workspace_id, channel, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX messages_customer ON messages (workspace_id, customer_id);

-- How a workspace sends: one row per channel; passwords and keys are in `secrets`.
CREATE TABLE senders (
  workspace_id BIGINT NOT NULL,
  channel TEXT NOT NULL,         -- email, sms
  config TEXT NOT NULL,          -- JSON
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, channel)
);

-- What came in (bounces, complaints, receipts, replies, mailto unsubscribes), each handled once.
CREATE TABLE inbound (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  channel TEXT NOT NULL,
  kind TEXT NOT NULL,            -- bounce, complaint, receipt, reply, stop, unsubscribe, unknown
  message_id BIGINT,
  address TEXT NOT NULL,
  data TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  handled_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX inbound_waiting ON inbound (workspace_id, id) WHERE handled_at IS NULL;
