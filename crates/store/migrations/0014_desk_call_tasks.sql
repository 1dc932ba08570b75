CREATE TABLE call_tasks (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  message_id BIGINT NOT NULL,    -- the ledger row
  campaign_id BIGINT NOT NULL,
  wave_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  state TEXT NOT NULL,           -- waiting, taken, done
  taken_by BIGINT,               -- user
  taken_until BIGINT,            -- real time; a lost operator gives the task back
  due_at BIGINT NOT NULL,        -- campaign clock
  attempts BIGINT NOT NULL,
  outcome TEXT,                  -- agreed, refused, call_later, wrong_number, no_answer
  reason TEXT,                   -- the leaving reason
  note TEXT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX call_tasks_message ON call_tasks (workspace_id, message_id);
CREATE INDEX call_tasks_due ON call_tasks (workspace_id, due_at) WHERE state <> 'done';

CREATE TABLE call_attempts (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  task_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  operator_id BIGINT NOT NULL,
  number TEXT NOT NULL,
  outcome TEXT NOT NULL,
  note TEXT NOT NULL,
  started_at BIGINT NOT NULL,    -- real time
  finished_at BIGINT NOT NULL,
  at BIGINT NOT NULL,            -- campaign clock
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX call_attempts_task ON call_attempts (workspace_id, task_id);
