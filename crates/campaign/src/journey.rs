//! Journeys: who enters, whose step is due, when a person is through.

use access::{App, Op, Workspace};
use basis::{CampaignId, CustomerId, Fault, FaultKind, SegmentId, Time, WaveId, WorkspaceId};
use serde::{Deserialize, Serialize};
use store::{Tx, Value, jobs, jobs::NewJob};

use crate::{
    JOB_ENTER,
    members::{Walk, insert_members, open_members},
    rules::{Entry, Goal, Kind, State, Target},
    store::{Campaign, WaveContent, campaign, wave_content, waves},
    tick::ask_plan,
};

/// People of one transaction.
const BATCH: usize = 500;
/// How often the segment of a standing journey is looked through, on the campaign clock.
const LOOK_EVERY_MS: i64 = 3_600_000;

/// No further step.
const NEVER: i64 = -1;

/// The payload of [`JOB_ENTER`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnterJob {
    pub campaign_id: CampaignId,
    /// Whom to send; the journey's own segment when it looks for newcomers by itself.
    pub whom: Whom,
}

/// Whom to send into a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    OwnSegment,
    Segment(SegmentId),
    People(Vec<CustomerId>),
}

/// Entering now, on the campaign clock.
pub(crate) fn walk(op: &Op, first_after_days: i64) -> Walk {
    let entered = op.campaign_now();
    let day = entered.day(&op.workspace.tz());
    Walk { entered, day, first: entered.plus_days(first_after_days) }
}

/// The steps are open from the launch on and have no day of their own.
pub(crate) async fn open_steps(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    now: Time,
) -> Result<u64, Fault> {
    Ok(store::execute!(
        *tx,
        "UPDATE waves SET state = 'running', started_at = $3 WHERE workspace_id = $1 AND campaign_id = $2 AND state = 'waiting'",
        ws.get(),
        id.get(),
        now.millis()
    )?)
}

/// Whether a person of this campaign is through with it when `met` says so of its goal; waves over a frozen audience go on.
pub(crate) async fn ends_at(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    met: impl Fn(&Goal) -> bool + Send,
) -> Result<bool, Fault> {
    let owner = campaign(tx, ws, id).await?;
    Ok(owner.kind == Kind::Journey && met(&owner.goal))
}

/// What the heartbeat does for a running journey: asks for the steps that are due, and for newcomers.
pub(crate) async fn beat(
    app: &App,
    workspace: &Workspace,
    owner: &Campaign,
    now: Time,
) -> Result<Vec<WaveId>, Fault> {
    let ws = workspace.id;
    let mut tx = app.db.read().await?;
    let due = store::fetch_all!(
        tx,
        (i64,),
        "SELECT DISTINCT w.id FROM campaign_members m
         JOIN waves w ON w.workspace_id = m.workspace_id AND w.campaign_id = m.campaign_id AND w.position = m.next_step
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 AND m.next_at <= $3 ORDER BY w.id",
        ws.get(),
        owner.id.get(),
        now.millis()
    )?;
    drop(tx);
    let looks = owner.entry == Entry::Standing
        && owner.looked_at.is_none_or(|at| at.millis() + LOOK_EVERY_MS <= now.millis());
    if due.is_empty() && !looks {
        return Ok(Vec::new());
    }
    let mut tx = app.db.write().await?;
    let mut asked = Vec::new();
    for wave in due.into_iter().map(|(id,)| WaveId(id)) {
        if ask_plan(&mut tx, app, ws, wave).await? {
            asked.push(wave);
        }
    }
    if looks {
        ask_in(&mut tx, app, ws, EnterJob { campaign_id: owner.id, whom: Whom::OwnSegment }).await?;
    }
    tx.commit().await?;
    Ok(asked)
}

async fn ask_in(tx: &mut Tx, app: &App, ws: WorkspaceId, ask: EnterJob) -> Result<(), Fault> {
    let payload = serde_json::to_string(&ask).map_err(|e| Fault::internal("enter", e.to_string()))?;
    // One search for newcomers at a time; what a person asks for is done each time.
    let key = (ask.whom == Whom::OwnSegment).then(|| ask.campaign_id.to_string());
    let job = NewJob {
        id: app.next_id(),
        kind: JOB_ENTER,
        payload,
        dedup_key: key.as_deref(),
        run_after: app.now(),
    };
    jobs::enqueue(tx, ws, job, app.now()).await?;
    Ok(())
}

/// How many a sending means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Entering {
    /// All of the segment or list.
    pub people: usize,
    /// Of them, who went in before and does not go in again.
    pub already: usize,
}

/// A journey that takes people in.
async fn open_journey(tx: &mut Tx, ws: WorkspaceId, id: CampaignId) -> Result<Campaign, Fault> {
    let owner = campaign(tx, ws, id).await?;
    if owner.kind != Kind::Journey {
        return Err(Fault::conflict(
            "no_journey",
            "This campaign is no journey; nobody can be sent into it.",
        ));
    }
    if !matches!(owner.state, State::Running | State::Paused) {
        let state = owner.state;
        return Err(Fault::conflict(
            "state",
            format!("A journey that is {state} takes nobody in; launch it first."),
        ));
    }
    Ok(owner)
}

/// How many people a sending would mean, nobody sent yet.
///
/// # Errors
/// No such campaign or segment, or no journey that takes people in.
pub async fn preview(op: &Op, id: CampaignId, whom: &Whom) -> Result<Entering, Fault> {
    let mut tx = op.app.db.read().await?;
    let owner = open_journey(&mut tx, op.ws(), id).await?;
    drop(tx);
    let people = people_of(op, &owner, whom).await?;
    let mut tx = op.app.db.read().await?;
    let mut already = 0;
    for some in people.chunks(BATCH) {
        already += inside(&mut tx, op.ws(), id, some).await?.len();
    }
    Ok(Entering { people: people.len(), already })
}

/// Asks for people to be sent into a journey. Nobody walks it twice, so asking twice is asking once.
///
/// # Errors
/// As of [`preview`].
pub async fn send(op: &Op, id: CampaignId, whom: Whom) -> Result<Entering, Fault> {
    let found = preview(op, id, &whom).await?;
    let mut tx = op.app.db.write().await?;
    let data = serde_json::json!({ "whom": whom, "people": found.people, "already": found.already });
    ask_in(&mut tx, &op.app, op.ws(), EnterJob { campaign_id: id, whom }).await?;
    op.audit(&mut tx, "journey_entered", "campaign", id, data).await?;
    tx.commit().await?;
    Ok(found)
}

/// Does what [`send`] or the heartbeat asked for. Doing it again adds nobody twice.
///
/// # Errors
/// Of the database.
pub async fn run_enter(op: &Op, ask: &EnterJob) -> Result<(), Fault> {
    let id = ask.campaign_id;
    let mut tx = op.app.db.read().await?;
    let owner = campaign(&mut tx, op.ws(), id).await?;
    let steps = waves(&mut tx, op.ws(), id).await?;
    let salt = match owner.audience_id {
        Some(audience) => audience::salt(&mut tx, op.ws(), audience).await?,
        None => None,
    };
    drop(tx);
    let (Some(salt), Some(first)) = (salt, steps.first()) else { return Ok(()) };
    if !matches!(owner.state, State::Running | State::Paused) {
        return Ok(());
    }
    let now = op.campaign_now();
    let people = match people_of(op, &owner, &ask.whom).await {
        Err(gone) if gone.kind == FaultKind::NotFound && ask.whom == Whom::OwnSegment => {
            return close_entry(op, id).await;
        }
        found => found?,
    };
    let mut entered = 0;
    for some in people.chunks(BATCH) {
        let mut tx = op.app.db.write().await?;
        let known = inside(&mut tx, op.ws(), id, some).await?;
        let new: Vec<(CustomerId, bool)> = some
            .iter()
            .filter(|customer| !known.contains(customer))
            .map(|customer| (*customer, audience::held_out(&salt, *customer, owner.holdout_share)))
            .collect();
        if !new.is_empty() {
            let walk = walk(op, first.draft.after_days);
            entered += insert_members(&mut tx, op.ws(), id, &new, Some(walk)).await?;
        }
        tx.commit().await?;
    }
    if ask.whom == Whom::OwnSegment {
        let mut tx = op.app.db.write().await?;
        store::execute!(
            tx,
            "UPDATE campaigns SET looked_at = $3 WHERE workspace_id = $1 AND id = $2",
            op.ws().get(),
            id.get(),
            now.millis()
        )?;
        tx.commit().await?;
    }
    if entered > 0 {
        op.app.hub.publish(op.ws(), format!("campaign:{id}"), serde_json::json!({ "entered": entered }));
    }
    Ok(())
}

/// The segment of a standing journey was deleted: those inside go on, newcomers have to be sent by hand.
async fn close_entry(op: &Op, id: CampaignId) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    store::execute!(
        tx,
        "UPDATE campaigns SET entry = 'hand' WHERE workspace_id = $1 AND id = $2",
        op.ws().get(),
        id.get()
    )?;
    op.audit(&mut tx, "journey_segment_gone", "campaign", id, serde_json::json!({})).await?;
    tx.commit().await?;
    op.app.hub.publish(op.ws(), format!("campaign:{id}"), serde_json::json!({ "entry": Entry::Hand }));
    Ok(())
}

async fn people_of(op: &Op, owner: &Campaign, whom: &Whom) -> Result<Vec<CustomerId>, Fault> {
    match whom {
        Whom::OwnSegment => audience::members(op, owner.segment_id).await,
        Whom::Segment(segment) => audience::members(op, Some(*segment)).await,
        Whom::People(list) => {
            let mut tx = op.app.db.read().await?;
            let sql = format!(
                "SELECT id FROM customers WHERE workspace_id = $1 AND id IN {} ORDER BY id",
                store::dialect::id_list(tx.engine(), 2)
            );
            Ok(ids(tx.fetch_dyn(&sql, &list_args(op.ws(), list)).await?))
        }
    }
}

fn list_args(ws: WorkspaceId, list: &[CustomerId]) -> [Value; 2] {
    let list: Vec<i64> = list.iter().map(|id| id.get()).collect();
    [Value::Int(ws.get()), Value::Text(serde_json::json!(list).to_string())]
}

fn ids(rows: Vec<(i64,)>) -> Vec<CustomerId> {
    rows.into_iter().map(|(id,)| CustomerId(id)).collect()
}

/// Of these people, who is in the journey already, also under an id from before a merge.
async fn inside(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: CampaignId,
    people: &[CustomerId],
) -> Result<Vec<CustomerId>, Fault> {
    let list = store::dialect::id_list(tx.engine(), 2);
    let sql = format!(
        "SELECT customer_id FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $3 AND customer_id IN {list}
         UNION
         SELECT a.current_id FROM customer_aliases a
         JOIN campaign_members m ON m.workspace_id = a.workspace_id AND m.campaign_id = $3 AND m.customer_id = a.customer_id
         WHERE a.workspace_id = $1 AND a.current_id IN {list}"
    );
    let [ws, list] = list_args(ws, people);
    Ok(ids(tx.fetch_dyn(&sql, &[ws, list, Value::Int(id.get())]).await?))
}

/// Those whose turn for this step has come and who may take it.
///
/// # Errors
/// Of the database.
pub async fn step_targets(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    now: Time,
    limit: i64,
) -> Result<Vec<CustomerId>, Fault> {
    let position = wave_content(tx, ws, wave).await?.position;
    let narrowed = "next_step = $4 AND next_at <= $5 ORDER BY customer_id LIMIT $6";
    let more = [Value::Int(position), Value::Int(now.millis()), Value::Int(limit)];
    open_members(tx, ws, wave, narrowed, more).await
}

/// Sets the next step of people who have just taken this one, its interval counted from now.
///
/// # Errors
/// Of the database.
pub async fn step_taken(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    people: &[CustomerId],
    now: Time,
) -> Result<u64, Fault> {
    let list = store::dialect::id_list(tx.engine(), 6);
    let [_, ids] = list_args(ws, people);
    let content = wave_content(tx, ws, wave).await?;
    advance(tx, ws, &content, now, &format!("customer_id IN {list}"), Some(ids)).await
}

/// Those whose turn has come and who may not take the step: who is through ends, who is not silent passes by a step for the
/// silent.
///
/// # Errors
/// Of the database.
pub async fn pass_by(tx: &mut Tx, ws: WorkspaceId, wave: WaveId, now: Time) -> Result<u64, Fault> {
    let content = wave_content(tx, ws, wave).await?;
    let mut passed = store::execute!(
        *tx,
        "UPDATE campaign_members SET next_at = NULL WHERE workspace_id = $1 AND campaign_id = $2 AND next_step = $3 AND next_at <= $4
           AND (ended_at IS NOT NULL OR dead OR holdout)",
        ws.get(),
        content.campaign_id.get(),
        content.position,
        now.millis()
    )?;
    if content.target == Target::Silent {
        let answered = "next_at <= $4 AND (outcome <> 'none' OR clicked OR bought_at IS NOT NULL)";
        passed += advance(tx, ws, &content, now, answered, None).await?;
    }
    Ok(passed)
}

async fn advance(
    tx: &mut Tx,
    ws: WorkspaceId,
    content: &WaveContent,
    now: Time,
    who: &str,
    more: Option<Value>,
) -> Result<u64, Fault> {
    let next = waves(tx, ws, content.campaign_id)
        .await?
        .into_iter()
        .find(|step| step.position == content.position + 1)
        .map(|step| now.plus_days(step.draft.after_days).millis());
    let sql = format!(
        "UPDATE campaign_members SET next_step = next_step + 1, next_at = NULLIF($5, {NEVER})
         WHERE workspace_id = $1 AND campaign_id = $2 AND next_step = $3 AND $4 = $4 AND {who}"
    );
    let mut args = vec![
        Value::Int(ws.get()),
        Value::Int(content.campaign_id.get()),
        Value::Int(content.position),
        Value::Int(now.millis()),
        Value::Int(next.unwrap_or(NEVER)),
    ];
    args.extend(more);
    Ok(tx.execute_dyn(&sql, &args).await?)
}
