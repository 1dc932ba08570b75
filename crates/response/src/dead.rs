//! People whose every contact failed.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use access::{App, Workspace};
use basis::{CampaignId, CustomerId, Fault, Time, WorkspaceId};
use serde_json::json;
use store::Tx;
use timeline::Interaction;

use crate::rules::credit::{NO_CONTACT, Try, is_dead, try_of};

/// Looks at one person after a contact failed; true when nothing is left and the person was marked.
pub async fn settle(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    at: Time,
) -> Result<bool, Fault> {
    let (waves,) = store::fetch_one!(
        *tx,
        (i64,),
        "SELECT COUNT(*) FROM waves WHERE workspace_id = $1 AND campaign_id = $2",
        ws.get(),
        campaign.get()
    )?;
    let rows = store::fetch_all!(
        *tx,
        (String, String, bool),
        "SELECT state, reason, bounced_at IS NOT NULL FROM messages WHERE workspace_id = $1 AND customer_id = $2 AND campaign_id = $3",
        ws.get(),
        customer.get(),
        campaign.get()
    )?;
    let tries: Vec<Try> =
        rows.iter().map(|(state, reason, bounced)| try_of(state, reason, *bounced)).collect();
    if !is_dead(usize::try_from(waves).unwrap_or(usize::MAX), &tries) {
        return Ok(false);
    }
    mark(tx, app, ws, campaign, customer, at).await?;
    Ok(true)
}

async fn mark(
    tx: &mut Tx,
    app: &App,
    ws: WorkspaceId,
    campaign: CampaignId,
    customer: CustomerId,
    at: Time,
) -> Result<(), Fault> {
    if campaign::mark_dead(tx, ws, campaign, customer).await? {
        let (current, _) = crate::store::ids_of(tx, ws, customer).await?;
        permission::mark_dead(tx, ws, current, Some(campaign), at).await?;
        let mut entry = Interaction::system(app.next_id(), customer, at, "dead", "system");
        entry.campaign_id = Some(campaign);
        entry.data = json!({ "reason": "every_channel_failed" });
        timeline::record(tx, ws, &entry).await?;
    }
    Ok(())
}

/// When (real time) a workspace is looked through again: the search takes a twentieth of the time at most.
static NEXT: LazyLock<Mutex<HashMap<WorkspaceId, Time>>> = LazyLock::new(Mutex::default);

const REST: i64 = 20;

/// Marks the people of running campaigns of whom the last open contact has failed; for the heartbeat. Answers how many.
///
/// # Errors
/// Of the database.
pub async fn find_dead(app: &App, workspace: &Workspace) -> Result<usize, Fault> {
    let ws = workspace.id;
    let real = app.now();
    if NEXT.lock().unwrap_or_else(PoisonError::into_inner).get(&ws).is_some_and(|next| real < *next) {
        return Ok(0);
    }
    let marked = search(app, workspace).await?;
    let took = app.now().millis() - real.millis();
    let next = Time::from_millis(real.millis() + took * REST);
    NEXT.lock().unwrap_or_else(PoisonError::into_inner).insert(ws, next);
    Ok(marked)
}

async fn search(app: &App, workspace: &Workspace) -> Result<usize, Fault> {
    let ws = workspace.id;
    let at = workspace.campaign_now(app.now());
    let nothing = NO_CONTACT.map(|reason| format!("'{reason}'")).join(", ");
    // The same rule as `is_dead`, over all people at once; `settle` decides again in the writing transaction.
    let sql = format!(
        "SELECT m.campaign_id, m.customer_id FROM campaigns c
         JOIN campaign_members m ON m.workspace_id = c.workspace_id AND m.campaign_id = c.id
         JOIN messages g ON g.workspace_id = m.workspace_id AND g.campaign_id = m.campaign_id AND g.customer_id = m.customer_id
         WHERE c.workspace_id = $1 AND (c.state IN ('running', 'paused') OR (c.state = 'finished' AND c.finished_at > $2))
           AND NOT EXISTS (SELECT 1 FROM waves w WHERE w.workspace_id = c.workspace_id AND w.campaign_id = c.id AND w.state = 'waiting')
           AND NOT m.dead AND NOT m.holdout AND m.outcome = 'none'
         GROUP BY m.campaign_id, m.customer_id
         HAVING COUNT(*) >= (SELECT COUNT(*) FROM waves w WHERE w.workspace_id = $1 AND w.campaign_id = m.campaign_id)
           AND SUM(CASE WHEN g.bounced_at IS NOT NULL OR g.state = 'rejected' THEN 1 ELSE 0 END) > 0
           AND SUM(CASE WHEN g.bounced_at IS NOT NULL OR g.state = 'rejected' OR (g.state = 'excluded' AND g.reason IN ({nothing})) THEN 0 ELSE 1 END) = 0
         ORDER BY m.campaign_id, m.customer_id LIMIT 5000"
    );
    let mut tx = app.db.read().await?;
    // Receipts and bounces come for some days after the end.
    let args = [store::Value::Int(ws.get()), store::Value::Int(at.plus_days(-5).millis())];
    let found: Vec<(i64, i64)> = tx.fetch_dyn(&sql, &args).await?;
    drop(tx);
    let mut marked = 0;
    for some in found.chunks(200) {
        let mut tx = app.db.write().await?;
        for (campaign, customer) in some {
            if settle(&mut tx, app, ws, CampaignId(*campaign), CustomerId(*customer), at).await? {
                marked += 1;
            }
        }
        tx.commit().await?;
    }
    Ok(marked)
}
