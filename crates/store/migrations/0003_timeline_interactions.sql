-- Append only. A merge does not touch it: reads go through customer_aliases.
CREATE TABLE interactions (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,       -- order, letter_sent, letter_bounced, click, choice, opt_out, sms_sent, reply, call, merge, consent, note …
  channel TEXT NOT NULL,    -- email, sms, call, web, import, system
  direction TEXT NOT NULL,  -- in, out, none
  campaign_id BIGINT,
  wave_id BIGINT,
  message_id BIGINT,
  actor_kind TEXT NOT NULL, -- customer, user, token, system, machine
  actor_id BIGINT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX interactions_customer ON interactions (workspace_id, customer_id, at);
CREATE INDEX interactions_campaign ON interactions (workspace_id, campaign_id, kind) WHERE campaign_id IS NOT NULL;
