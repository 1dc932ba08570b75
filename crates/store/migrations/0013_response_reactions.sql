CREATE TABLE reactions (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  campaign_id BIGINT NOT NULL,
  wave_id BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  kind TEXT NOT NULL,            -- open, click, subscribed, agreed, refused, opt_out, complaint, reply, call_later, wrong_number, no_answer, resend, order
  verdict TEXT NOT NULL,         -- human, machine
  at BIGINT NOT NULL,            -- campaign clock
  data TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX reactions_wave ON reactions (workspace_id, campaign_id, wave_id, kind);
CREATE INDEX reactions_customer ON reactions (workspace_id, customer_id);

-- Where the tracked links of a wave lead; a signed link carries (message, link number).
CREATE TABLE links (
  workspace_id BIGINT NOT NULL,
  wave_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  url TEXT NOT NULL,
  PRIMARY KEY (workspace_id, wave_id, number)
);
