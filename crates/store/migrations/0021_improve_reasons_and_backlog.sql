-- What a workspace changed in the shipped dictionary of leaving reasons, and reasons of its own.
CREATE TABLE leaving_reasons (
  workspace_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  driver TEXT NOT NULL,          -- service, marketing, product, natural, other; never changes, past talks are counted by it
  name TEXT NOT NULL,            -- empty: the shipped words
  asks TEXT NOT NULL,            -- nothing, competitor, order, employee
  retired BOOLEAN NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, code)
);
-- What a refusal is about, as far as the person said it.
ALTER TABLE call_tasks ADD COLUMN competitor TEXT;
ALTER TABLE call_tasks ADD COLUMN employee TEXT;
ALTER TABLE call_tasks ADD COLUMN order_id BIGINT;

-- Figures of the market that the workspace set its own value or source for.
CREATE TABLE benchmarks (
  workspace_id BIGINT NOT NULL,
  code TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (workspace_id, code)
);

-- The backlog: a reason, the touchpoint where it is mended, who does it, and since when it holds.
CREATE TABLE improvements (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  title TEXT NOT NULL,
  lane TEXT NOT NULL,            -- product, service, novelties
  reason TEXT NOT NULL,          -- reason:CODE, driver:CODE, signal:CODE, or empty
  touchpoint TEXT NOT NULL,
  owner_id BIGINT,               -- user
  status TEXT NOT NULL,          -- idea, planned, doing, done, dropped
  due_day BIGINT,
  in_place_day BIGINT,           -- the effect is measured before and after this day
  metric TEXT NOT NULL,          -- reason_share, churn, cancelled_share, consent, aov
  note TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
-- Append only: who changed what of an improvement.
CREATE TABLE improvement_changes (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  improvement_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  field TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX improvement_changes_of ON improvement_changes (workspace_id, improvement_id);

-- The plan of a workspace: one row a KPI.
CREATE TABLE plan_targets (
  workspace_id BIGINT NOT NULL,
  kpi TEXT NOT NULL,
  target DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (workspace_id, kpi)
);

-- The brief of the project, and what the shop told of itself; one row a workspace.
CREATE TABLE briefs (
  workspace_id BIGINT NOT NULL,
  brief TEXT NOT NULL,           -- JSON
  updated_at BIGINT NOT NULL,
  updated_by BIGINT NOT NULL,
  PRIMARY KEY (workspace_id)
);
