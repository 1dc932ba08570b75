-- Published versions of the base's model: the lapse threshold and the fitted parameters every profile is computed with.
CREATE TABLE insight_models (
  workspace_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  made_day BIGINT NOT NULL,
  made_at BIGINT NOT NULL,
  model TEXT NOT NULL,           -- JSON
  PRIMARY KEY (workspace_id, version)
);

-- One row a workspace: which refresh the profiles stand at.
CREATE TABLE insight_state (
  workspace_id BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  model_version BIGINT NOT NULL,
  as_of BIGINT NOT NULL,         -- day
  refreshed_at BIGINT NOT NULL,
  left_out TEXT NOT NULL,        -- JSON: counts of orders that are not purchases, by reason
  PRIMARY KEY (workspace_id)
);

-- Costs and margins that the user enters, by month (months since year 0) and kind.
CREATE TABLE insight_inputs (
  workspace_id BIGINT NOT NULL,
  month BIGINT NOT NULL,         -- 0 = for every month
  kind TEXT NOT NULL,            -- margin_share, acquisition_spend, advertising_spend, leads, retention_spend
  amount DOUBLE PRECISION NOT NULL, -- minor units for spends, a count for leads, 0–1 for shares
  PRIMARY KEY (workspace_id, month, kind)
);
