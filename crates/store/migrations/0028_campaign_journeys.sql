-- once: waves over a frozen audience. journey: a standing series that each person walks from the day of entering.
ALTER TABLE campaigns ADD COLUMN kind TEXT NOT NULL DEFAULT 'once';
-- Who enters a journey. segment: the people of the launch; standing: also whoever comes into the segment later; hand: who is sent.
ALTER TABLE campaigns ADD COLUMN entry TEXT NOT NULL DEFAULT 'segment';
-- When the segment was last looked through for newcomers, campaign clock.
ALTER TABLE campaigns ADD COLUMN looked_at BIGINT;
-- Of a journey: when the person entered (campaign clock), which step is next and when it is due; no step left = NULL.
ALTER TABLE campaign_members ADD COLUMN entered_at BIGINT;
-- The shop's local day of entering; orders are credited from the day after it, for one of that day may be what led in.
ALTER TABLE campaign_members ADD COLUMN entered_day BIGINT;
ALTER TABLE campaign_members ADD COLUMN next_step BIGINT;
ALTER TABLE campaign_members ADD COLUMN next_at BIGINT;
-- Why the campaign is over for the person: goal, refused, left.
ALTER TABLE campaign_members ADD COLUMN exit TEXT;
CREATE INDEX campaign_members_next ON campaign_members (workspace_id, campaign_id, next_at) WHERE next_at IS NOT NULL;
