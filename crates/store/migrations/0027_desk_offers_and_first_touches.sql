-- The code that an order was made with, as the shop's file gives it, in capitals.
ALTER TABLE orders ADD COLUMN promo_code TEXT;
CREATE INDEX orders_promo_code ON orders (workspace_id, promo_code) WHERE promo_code IS NOT NULL;
-- Where the person of a record came from and when the record was written by its source; NULL where the file does not say.
ALTER TABLE records ADD COLUMN channel TEXT;
ALTER TABLE records ADD COLUMN touched_at BIGINT;

-- What an operator may offer to win a customer back.
CREATE TABLE offers (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,            -- percent, sum, delivery, gift, expert, other
  percent BIGINT NOT NULL,       -- of kind percent, 1 to 100; else 0
  cost_minor BIGINT NOT NULL,    -- the most that one code may cost, in the workspace's currency
  words TEXT NOT NULL,           -- what the operator says
  valid_days BIGINT NOT NULL,
  month_limit BIGINT,            -- codes a month
  month_budget_minor BIGINT,
  gaps TEXT NOT NULL,            -- JSON: reason:CODE, driver:CODE, objection:CODE, signal:CODE; none means for everybody
  least_value_minor BIGINT NOT NULL, -- revenue of the customer so far
  retired BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
-- What was promised in a month of the campaign clock; a code is issued by the one statement that finds room here.
CREATE TABLE offer_months (
  workspace_id BIGINT NOT NULL,
  offer_id BIGINT NOT NULL,
  month BIGINT NOT NULL,         -- months since year 0
  issued BIGINT NOT NULL,
  promised_minor BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, offer_id, month)
);
CREATE TABLE offer_codes (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  offer_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  task_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  operator_kind TEXT NOT NULL,
  operator_id BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,     -- campaign clock
  month BIGINT NOT NULL,
  expires_day BIGINT NOT NULL,   -- the last day it is taken
  cost_minor BIGINT NOT NULL,    -- promised
  percent BIGINT NOT NULL,
  why TEXT NOT NULL,             -- the gap that it answered, or empty
  state TEXT NOT NULL,           -- issued, undone
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX offer_codes_code ON offer_codes (workspace_id, code);
CREATE UNIQUE INDEX offer_codes_task ON offer_codes (workspace_id, task_id) WHERE state = 'issued';
