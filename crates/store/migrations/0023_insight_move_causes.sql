-- Why a customer stands at another stage: purchase, silence, version (another threshold), records (of the past).
-- Of older steps the pair of stages tells what is possible; that a new version made them cannot be told any more.
ALTER TABLE stage_moves ADD COLUMN cause TEXT NOT NULL DEFAULT 'records';
UPDATE stage_moves SET cause = 'purchase' WHERE to_stage = 'returned'
  OR (to_stage = 'developing' AND from_stage <> 'lapsed') OR (to_stage = 'new' AND from_stage = 'none');
UPDATE stage_moves SET cause = 'silence' WHERE to_stage = 'lapsed' OR (to_stage = 'at_risk' AND from_stage <> 'lapsed');
