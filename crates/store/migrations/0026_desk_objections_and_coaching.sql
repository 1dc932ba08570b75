-- What a workspace changed in the shipped library of objections, and objections of its own. Of a shipped one that was never
-- changed there is no row: its words are version 1.
CREATE TABLE objections (
  workspace_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,          -- reason:CODE, driver:CODE, or empty
  retired BOOLEAN NOT NULL,
  version BIGINT NOT NULL,       -- the newest of objection_versions
  position BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, code)
);
-- Append only: the words of an objection and its answers, by language.
CREATE TABLE objection_versions (
  workspace_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  texts TEXT NOT NULL,           -- JSON: language → name, answer
  at BIGINT NOT NULL,            -- real time
  actor_kind TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, code, version)
);
-- What the person objected in one call, in the order in which it was marked, with the words that the operator had on the screen.
CREATE TABLE call_objections (
  workspace_id BIGINT NOT NULL,
  attempt_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, attempt_id, code)
);

-- What an operator is to practise; the effect is measured from the operator's own calls before and after the day it was done.
CREATE TABLE coaching_tasks (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  operator_id BIGINT NOT NULL,   -- user or token, as in call_attempts
  topic TEXT NOT NULL,           -- objection:CODE, or consent for all talks
  title TEXT NOT NULL,
  calls TEXT NOT NULL,           -- JSON: attempts to read
  due_day BIGINT,
  given_kind TEXT NOT NULL,
  given_by BIGINT NOT NULL,
  given_day BIGINT NOT NULL,     -- campaign clock
  done_day BIGINT,
  state TEXT NOT NULL,           -- open, done, dropped
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX coaching_tasks_of ON coaching_tasks (workspace_id, operator_id);
