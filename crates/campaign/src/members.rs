//! What each person of the frozen audience did so far, and whom a wave goes to.

use basis::{CampaignId, CustomerId, Fault, Time, WaveId, WorkspaceId};
use store::{Tx, Value};

use crate::{
    journey,
    rules::{Exit, Goal, Outcome, Target},
    store::wave_content,
};

/// A member to whom a wave goes; `$2` is 1 for a wave to the silent.
const OPEN: &str = "NOT holdout AND ended_at IS NULL AND NOT dead AND ($2 = 0 OR (outcome = 'none' AND NOT clicked AND bought_at IS NULL))";

pub(crate) async fn open_members(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    narrowed: &str,
    more: impl IntoIterator<Item = Value>,
) -> Result<Vec<CustomerId>, Fault> {
    let content = wave_content(tx, ws, wave).await?;
    let sql = format!(
        "SELECT customer_id FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $3 AND {OPEN} AND {narrowed}"
    );
    let silent = i64::from(content.target == Target::Silent);
    let mut args = vec![Value::Int(ws.get()), Value::Int(silent), Value::Int(content.campaign_id.get())];
    args.extend(more);
    let rows: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows.into_iter().map(|(id,)| CustomerId(id)).collect())
}

/// How people enter a journey.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    pub entered: Time,
    /// The shop's local day, days since 1970-01-01.
    pub day: i64,
    /// When the first step is due.
    pub first: Time,
}

/// Makes people members.
pub(crate) async fn insert_members(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    people: &[(CustomerId, bool)],
    walk: Option<Walk>,
) -> Result<u64, Fault> {
    let (entered, day) = (walk.map(|walk| walk.entered.millis()), walk.map(|walk| walk.day));
    // Who is held out takes no step, but has a day of entering to be compared from.
    let step = |held: bool| walk.filter(|_| !held).map(|walk| walk.first.millis());
    Ok(store::insert_many!(
        *tx,
        "INSERT INTO campaign_members (workspace_id, campaign_id, customer_id, holdout, outcome, clicked, bought_minor, dead, entered_at, entered_day, next_step, next_at)",
        people,
        |p| [
            ws.get(),
            campaign.get(),
            p.0.get(),
            p.1,
            "none",
            false,
            0_i64,
            false,
            entered,
            day,
            step(p.1).map(|_| 0_i64),
            step(p.1)
        ],
        "ON CONFLICT DO NOTHING"
    )?)
}

/// People whom a wave goes to, in order of their ids after `after`: not held out, not ended, and silent where the wave asks so.
pub async fn wave_targets(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    after: CustomerId,
    limit: i64,
) -> Result<Vec<CustomerId>, Fault> {
    let narrowed = "customer_id > $4 ORDER BY customer_id LIMIT $5";
    open_members(tx, ws, wave, narrowed, [Value::Int(after.get()), Value::Int(limit)]).await
}

/// Of these people, those to whom the wave may still go at this instant; asked in the transaction that claims them.
pub async fn may_still(
    tx: &mut Tx,
    ws: WorkspaceId,
    wave: WaveId,
    customers: &[CustomerId],
) -> Result<Vec<CustomerId>, Fault> {
    let list: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let narrowed = format!("customer_id IN {}", store::dialect::id_list(tx.engine(), 4));
    open_members(tx, ws, wave, &narrowed, [Value::Text(serde_json::json!(list).to_string())]).await
}

/// Notes an answer; a weaker one than before changes nothing. A refusal ends the campaign for the person.
pub async fn record_reaction(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    outcome: Outcome,
    at: Time,
) -> Result<bool, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (String,),
        "SELECT outcome FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2 AND customer_id = $3",
        ws.get(),
        campaign.get(),
        customer.get()
    )?;
    let Some((before,)) = row else { return Ok(false) };
    let before: Outcome = before.parse()?;
    if outcome > before {
        store::execute!(
            *tx,
            "UPDATE campaign_members SET outcome = $4, outcome_at = $5 WHERE workspace_id = $1 AND campaign_id = $2 AND customer_id = $3",
            ws.get(),
            campaign.get(),
            customer.get(),
            outcome.as_str(),
            at.millis()
        )?;
    }
    let exit = match outcome {
        Outcome::Refused => Some(Exit::Refused),
        _ => journey::ends_at(tx, ws, campaign, |goal| goal.is_met_by(outcome)).await?.then_some(Exit::Goal),
    };
    if let Some(exit) = exit {
        end(tx, ws, campaign, customer, exit, at).await?;
    }
    Ok(outcome > before)
}

/// The campaign is over for a person; nothing more of it is said to them.
async fn end(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    exit: Exit,
    at: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE campaign_members SET ended_at = COALESCE(ended_at, $4), exit = COALESCE(exit, $5) WHERE workspace_id = $1 AND campaign_id = $2 AND customer_id = $3",
        ws.get(),
        campaign.get(),
        customer.get(),
        at.millis(),
        exit.as_str()
    )?;
    Ok(())
}

/// Notes a click of a person (not of a machine): the person is not silent any more.
pub async fn note_click(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
) -> Result<bool, Fault> {
    turn(tx, (ws, campaign, customer), "clicked = TRUE", "NOT clicked").await
}

/// Takes a click back: what looked like a person turned out to be a machine (it followed every link within seconds).
pub async fn forget_click(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
) -> Result<bool, Fault> {
    turn(tx, (ws, campaign, customer), "clicked = FALSE", "clicked").await
}

/// Notes the first order after the launch, of treated and of held-out people alike.
pub async fn record_order(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    at: Time,
    total_minor: i64,
) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE campaign_members SET bought_at = CASE WHEN bought_at IS NULL OR bought_at > $4 THEN $4 ELSE bought_at END, bought_minor = $5
         WHERE workspace_id = $1 AND campaign_id = $2 AND customer_id = $3",
        ws.get(),
        campaign.get(),
        customer.get(),
        at.millis(),
        total_minor
    )?;
    Ok(touched == 1)
}

/// The person ordered while walking a journey: it is over for them when an order was its goal.
pub async fn note_goal(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    at: Time,
) -> Result<bool, Fault> {
    let met = journey::ends_at(tx, ws, campaign, Goal::is_order).await?;
    if met {
        end(tx, ws, campaign, customer, Exit::Goal, at).await?;
    }
    Ok(met)
}

/// Ends every running campaign for a person on every channel: a refusal, an opt-out, an erasure.
pub async fn end_for_customer(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    at: Time,
) -> Result<Vec<CampaignId>, Fault> {
    let open = running_campaigns_of(tx, ws, customer).await?;
    store::execute!(
        *tx,
        "UPDATE campaign_members SET ended_at = $3, exit = 'left' WHERE workspace_id = $1 AND customer_id = $2 AND ended_at IS NULL
           AND campaign_id IN (SELECT id FROM campaigns WHERE workspace_id = $1 AND state IN ('running', 'paused', 'launching'))",
        ws.get(),
        customer.get(),
        at.millis()
    )?;
    Ok(open)
}

/// Campaigns that go on and have this person in them.
pub async fn running_campaigns_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
) -> Result<Vec<CampaignId>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT m.campaign_id FROM campaign_members m JOIN campaigns c ON c.workspace_id = m.workspace_id AND c.id = m.campaign_id
         WHERE m.workspace_id = $1 AND m.customer_id = $2 AND c.state IN ('running', 'paused', 'launching') ORDER BY m.campaign_id",
        ws.get(),
        customer.get()
    )?;
    Ok(rows.into_iter().map(|(id,)| CampaignId(id)).collect())
}

/// Every channel failed for this person.
pub async fn mark_dead(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
) -> Result<bool, Fault> {
    turn(tx, (ws, campaign, customer), "dead = TRUE", "NOT dead").await
}

/// Sets a mark of a member that has not got it yet; answers whether it did.
async fn turn(
    tx: &mut Tx,
    (ws, campaign, customer): (WorkspaceId, CampaignId, CustomerId),
    set: &'static str,
    unless_done: &'static str,
) -> Result<bool, Fault> {
    let sql = format!(
        "UPDATE campaign_members SET {set} WHERE workspace_id = $1 AND campaign_id = $2 AND customer_id = $3 AND {unless_done}"
    );
    let ids = [ws.get(), campaign.get(), customer.get()].map(store::Value::Int);
    Ok(tx.execute_dyn(&sql, &ids).await? == 1)
}
