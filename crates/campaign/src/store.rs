//! Campaigns and waves in the database.

mod wave_content;

use std::collections::BTreeMap;

use access::Op;
use basis::{AudienceId, CampaignId, Fault, Lang, SegmentId, Time, WaveId, WorkspaceId};
use content::LetterSource;
use serde::{Deserialize, Serialize};
use store::{Error, Tx};
use utoipa::ToSchema;

use crate::rules::variants::VariantDraft;
use crate::rules::{Channel, Draft, Entry, Goal, Kind, LanguageRule, State, Target, WaveDraft, expires_at};

pub use wave_content::{WaveContent, contact_expires_at, wave_content};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Campaign {
    #[schema(value_type = String)]
    pub id: CampaignId,
    pub name: String,
    pub kind: Kind,
    /// Of a journey.
    pub entry: Entry,
    pub state: State,
    pub pause_reason: Option<String>,
    pub language: LanguageRule,
    #[schema(value_type = Option<String>)]
    pub segment_id: Option<SegmentId>,
    pub holdout_share: f64,
    pub goal: Goal,
    #[serde(skip)]
    pub audience_id: Option<AudienceId>,
    /// When the segment of a standing journey was last looked through.
    #[serde(skip)]
    pub looked_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// On the campaign clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub launched_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaveState {
    Waiting,
    Running,
    Done,
    Stopped,
}

impl WaveState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Wave {
    #[schema(value_type = String)]
    pub id: WaveId,
    pub position: i64,
    pub state: WaveState,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Time>,
    #[serde(flatten)]
    pub draft: WaveDraft,
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    id: i64,
    name: String,
    kind: String,
    entry: String,
    state: String,
    pause_reason: Option<String>,
    language: String,
    segment_id: Option<i64>,
    holdout_share: f64,
    goal: String,
    audience_id: Option<i64>,
    looked_at: Option<i64>,
    created_at: i64,
    launched_at: Option<i64>,
    finished_at: Option<i64>,
}

fn odd(table: &'static str, column: &'static str, row: i64, value: &str) -> Fault {
    Error::Impossible { table, column, row, value: value.to_owned() }.into()
}

impl CampaignRow {
    fn campaign(self) -> Result<Campaign, Fault> {
        Ok(Campaign {
            id: CampaignId(self.id),
            kind: self.kind.parse().map_err(|_| odd("campaigns", "kind", self.id, &self.kind))?,
            entry: self.entry.parse().map_err(|_| odd("campaigns", "entry", self.id, &self.entry))?,
            state: self.state.parse().map_err(|_| odd("campaigns", "state", self.id, &self.state))?,
            language: self
                .language
                .parse()
                .map_err(|_| odd("campaigns", "language", self.id, &self.language))?,
            goal: serde_json::from_str(&self.goal)
                .map_err(|_| odd("campaigns", "goal", self.id, &self.goal))?,
            name: self.name,
            pause_reason: self.pause_reason,
            segment_id: self.segment_id.map(SegmentId),
            holdout_share: self.holdout_share,
            audience_id: self.audience_id.map(AudienceId),
            looked_at: self.looked_at.map(Time::from_millis),
            created_at: Time::from_millis(self.created_at),
            launched_at: self.launched_at.map(Time::from_millis),
            finished_at: self.finished_at.map(Time::from_millis),
        })
    }
}

/// What the `content` column of a wave holds.
#[derive(Serialize, Deserialize)]
struct Content {
    bodies: BTreeMap<Lang, LetterSource>,
    from_name: String,
    from_address: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variants: Vec<VariantDraft>,
}

#[derive(sqlx::FromRow)]
struct WaveRow {
    id: i64,
    campaign_id: i64,
    position: i64,
    channel: String,
    after_days: i64,
    target: String,
    content: String,
    rate_per_second: Option<f64>,
    state: String,
    due_at: Option<i64>,
    expires_at: Option<i64>,
}

impl WaveRow {
    fn content(&self) -> Result<Content, Fault> {
        serde_json::from_str(&self.content).map_err(|_| odd("waves", "content", self.id, &self.content))
    }
    fn state(&self) -> Result<WaveState, Fault> {
        [WaveState::Waiting, WaveState::Running, WaveState::Done, WaveState::Stopped]
            .into_iter()
            .find(|state| state.as_str() == self.state)
            .ok_or_else(|| odd("waves", "state", self.id, &self.state))
    }
    fn channel(&self) -> Result<Channel, Fault> {
        self.channel.parse().map_err(|_| odd("waves", "channel", self.id, &self.channel))
    }
    fn target(&self) -> Result<Target, Fault> {
        self.target.parse().map_err(|_| odd("waves", "target", self.id, &self.target))
    }
    fn wave(self) -> Result<Wave, Fault> {
        let content = self.content()?;
        Ok(Wave {
            id: WaveId(self.id),
            position: self.position,
            state: self.state()?,
            due_at: self.due_at.map(Time::from_millis),
            draft: WaveDraft {
                channel: self.channel()?,
                after_days: self.after_days,
                target: self.target()?,
                bodies: content.bodies,
                from_name: content.from_name,
                from_address: content.from_address,
                rate_per_second: self.rate_per_second,
                variants: content.variants,
            },
        })
    }
}

/// Keeps a new draft.
pub async fn create(op: &Op, draft: &Draft) -> Result<CampaignId, Fault> {
    let id = CampaignId(op.next_id());
    let mut tx = op.app.db.write().await?;
    store::execute!(
        tx,
        "INSERT INTO campaigns (workspace_id, id, name, state, language, segment_id, holdout_share, goal, created_by, created_at, kind, entry)
         VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11)",
        op.ws().get(),
        id.get(),
        draft.name.trim(),
        draft.language.as_str(),
        draft.segment_id.map(SegmentId::get),
        draft.holdout_share,
        goal_json(&draft.goal)?,
        op.actor.id,
        op.now().millis(),
        draft.kind.as_str(),
        draft.entry.as_str()
    )?;
    insert_waves(&mut tx, op, id, draft).await?;
    op.audit(&mut tx, "campaign_created", "campaign", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(id)
}

/// Replaces a draft; what was launched cannot be changed.
pub async fn update(op: &Op, id: CampaignId, draft: &Draft) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let touched = store::execute!(
        tx,
        "UPDATE campaigns SET name = $3, language = $4, segment_id = $5, holdout_share = $6, goal = $7, kind = $8, entry = $9
         WHERE workspace_id = $1 AND id = $2 AND state = 'draft'",
        op.ws().get(),
        id.get(),
        draft.name.trim(),
        draft.language.as_str(),
        draft.segment_id.map(SegmentId::get),
        draft.holdout_share,
        goal_json(&draft.goal)?,
        draft.kind.as_str(),
        draft.entry.as_str()
    )?;
    if touched == 0 {
        campaign(&mut tx, op.ws(), id).await?;
        return Err(Fault::conflict("launched", "This campaign was launched; only a draft can be changed."));
    }
    store::execute!(
        tx,
        "DELETE FROM waves WHERE workspace_id = $1 AND campaign_id = $2",
        op.ws().get(),
        id.get()
    )?;
    insert_waves(&mut tx, op, id, draft).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a draft.
pub(crate) async fn delete(op: &Op, id: CampaignId) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let touched = store::execute!(
        tx,
        "DELETE FROM campaigns WHERE workspace_id = $1 AND id = $2 AND state = 'draft'",
        op.ws().get(),
        id.get()
    )?;
    if touched == 0 {
        campaign(&mut tx, op.ws(), id).await?;
        return Err(Fault::conflict(
            "launched",
            "This campaign was launched; it can be stopped, not deleted.",
        ));
    }
    store::execute!(
        tx,
        "DELETE FROM waves WHERE workspace_id = $1 AND campaign_id = $2",
        op.ws().get(),
        id.get()
    )?;
    op.audit(&mut tx, "campaign_deleted", "campaign", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(())
}

fn goal_json(goal: &Goal) -> Result<String, Fault> {
    serde_json::to_string(goal).map_err(|e| Fault::internal("goal", e.to_string()))
}

async fn insert_waves(tx: &mut Tx, op: &Op, id: CampaignId, draft: &Draft) -> Result<(), Fault> {
    for (position, wave) in draft.waves.iter().enumerate() {
        let content = Content {
            bodies: wave.bodies.clone(),
            from_name: wave.from_name.clone(),
            from_address: wave.from_address.clone(),
            variants: wave.variants.clone(),
        };
        let content = serde_json::to_string(&content).map_err(|e| Fault::internal("wave", e.to_string()))?;
        store::execute!(
            *tx,
            "INSERT INTO waves (workspace_id, id, campaign_id, position, channel, after_days, target, content, rate_per_second, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting')",
            op.ws().get(),
            op.next_id(),
            id.get(),
            i64::try_from(position).unwrap_or(i64::MAX),
            wave.channel.as_str(),
            wave.after_days,
            wave.target.as_str(),
            content,
            wave.rate_per_second
        )?;
    }
    Ok(())
}

/// Every campaign, newest first.
pub async fn list(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Campaign>, Fault> {
    store::fetch_all!(
        *tx,
        CampaignRow,
        "SELECT id, name, kind, entry, state, pause_reason, language, segment_id, holdout_share, goal, audience_id, looked_at, created_at, launched_at, finished_at
         FROM campaigns WHERE workspace_id = $1 ORDER BY id DESC",
        ws.get()
    )?
    .into_iter()
    .map(CampaignRow::campaign)
    .collect()
}

/// One campaign.
pub async fn campaign(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<Campaign, Fault> {
    store::fetch_optional!(
        *tx,
        CampaignRow,
        "SELECT id, name, kind, entry, state, pause_reason, language, segment_id, holdout_share, goal, audience_id, looked_at, created_at, launched_at, finished_at
         FROM campaigns WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("campaign", "There is no such campaign."))?
    .campaign()
}

/// The waves of a campaign in their order.
pub async fn waves(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<Vec<Wave>, Fault> {
    store::fetch_all!(
        *tx,
        WaveRow,
        "SELECT id, campaign_id, position, channel, after_days, target, content, rate_per_second, state, due_at, expires_at
         FROM waves WHERE workspace_id = $1 AND campaign_id = $2 ORDER BY position",
        ws.get(),
        id.get()
    )?
    .into_iter()
    .map(WaveRow::wave)
    .collect()
}

/// The wave that follows, if any.
pub async fn next_wave(tx: &mut Tx, ws: WorkspaceId, id: WaveId) -> Result<Option<WaveId>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT n.id FROM waves w JOIN waves n ON n.workspace_id = w.workspace_id AND n.campaign_id = w.campaign_id AND n.position = w.position + 1
         WHERE w.workspace_id = $1 AND w.id = $2",
        ws.get(),
        id.get()
    )?;
    Ok(row.map(|(id,)| WaveId(id)))
}

/// Marks a running wave as done: all its contacts are planned and none is open any more.
pub async fn finish_wave(tx: &mut Tx, ws: WorkspaceId, id: WaveId, at: Time) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE waves SET state = 'done', finished_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'running'",
        ws.get(),
        id.get(),
        at.millis()
    )?;
    Ok(touched == 1)
}

pub(crate) async fn start_wave(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    wave: &Wave,
    due: Time,
    now: Time,
) -> Result<bool, Fault> {
    let started = store::execute!(
        *tx,
        "UPDATE waves SET state = 'running', started_at = $3, expires_at = $4 WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'",
        ws.get(),
        wave.id.get(),
        now.millis(),
        expires_at(due).millis()
    )?;
    store::execute!(
        *tx,
        "UPDATE waves SET due_at = $4 + after_days * 86400000 WHERE workspace_id = $1 AND campaign_id = $2 AND position = $3 AND due_at IS NULL",
        ws.get(),
        campaign.get(),
        wave.position + 1,
        due.millis()
    )?;
    Ok(started == 1)
}

/// Pauses a running campaign; nothing more of it is sent until it is resumed.
pub async fn pause(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, reason: &str) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE campaigns SET state = 'paused', pause_reason = $3 WHERE workspace_id = $1 AND id = $2 AND state IN ('running', 'launching')",
        ws.get(),
        id.get(),
        reason
    )?;
    Ok(touched == 1)
}

/// Lets a paused campaign go on.
pub async fn resume(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE campaigns SET state = CASE WHEN launched_at IS NULL THEN 'launching' ELSE 'running' END, pause_reason = NULL
         WHERE workspace_id = $1 AND id = $2 AND state = 'paused'",
        ws.get(),
        id.get()
    )?;
    Ok(touched == 1)
}

/// Ends a campaign for good.
pub async fn stop(tx: &mut Tx, ws: WorkspaceId, id: CampaignId, at: Time) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE campaigns SET state = 'stopped', finished_at = $3 WHERE workspace_id = $1 AND id = $2 AND state IN ('running', 'paused', 'launching')",
        ws.get(),
        id.get(),
        at.millis()
    )?;
    store::execute!(
        *tx,
        "UPDATE waves SET state = 'stopped', finished_at = $3 WHERE workspace_id = $1 AND campaign_id = $2 AND state IN ('waiting', 'running')",
        ws.get(),
        id.get(),
        at.millis()
    )?;
    Ok(touched == 1)
}
