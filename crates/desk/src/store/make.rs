//! Tasks out of the ledger, and tasks back from operators who were lost.

use access::{App, Workspace};
use basis::{CallTaskId, Fault, MessageId, Time, WorkspaceId};
use channel::ledger;
use store::Tx;

use crate::store::task::{close_attempt, give_back};

/// Tasks made in one transaction.
const BATCH: i64 = 500;

/// For the heartbeat: makes a task for each call row of the ledger that has none, takes back the tasks of lost operators,
/// closes the tasks whose row is no longer to be called. Answers how many tasks were made or moved.
///
/// # Errors
/// Of the database.
pub async fn make_tasks(app: &App, workspace: &Workspace) -> Result<u64, Fault> {
    let ws = workspace.id;
    let (real, now) = (app.now(), workspace.campaign_now(app.now()));
    let mut tx = app.db.read().await?;
    let (fresh,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM (SELECT g.id FROM messages g
           WHERE g.workspace_id = $1 AND g.channel = 'call' AND g.state IN ('planned', 'deferred', 'held')
             AND (g.expires_at <= $2 OR NOT EXISTS (SELECT 1 FROM call_tasks t WHERE t.workspace_id = g.workspace_id AND t.message_id = g.id))
           LIMIT 1) AS found",
        ws.get(),
        now.millis()
    )?;
    let (stale,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM (SELECT t.id FROM call_tasks t JOIN messages g ON g.workspace_id = t.workspace_id AND g.id = t.message_id
           WHERE t.workspace_id = $1 AND t.state <> 'done'
             AND ((t.state = 'taken' AND t.taken_until < $2) OR (t.state = 'waiting' AND g.state NOT IN ('planned', 'deferred', 'held')))
           LIMIT 1) AS found",
        ws.get(),
        real.millis()
    )?;
    drop(tx);
    let mut moved = 0;
    if fresh > 0 {
        let mut tx = app.db.write().await?;
        moved += ledger::expire(&mut tx, ws, "call", now).await?;
        moved += make(&mut tx, ws).await?;
        tx.commit().await?;
    }
    if stale > 0 {
        let mut tx = app.db.write().await?;
        moved += take_back(&mut tx, ws, real, now).await?;
        moved += close(&mut tx, ws, now).await?;
        tx.commit().await?;
    }
    if moved > 0 {
        app.hub.publish(ws, "desk", serde_json::json!({ "moved": moved }));
    }
    Ok(moved)
}

async fn make(tx: &mut Tx, ws: WorkspaceId) -> Result<u64, Fault> {
    // A task has the id of its ledger row: there is one of them for it at most.
    Ok(store::execute!(
        *tx,
        "INSERT INTO call_tasks (workspace_id, id, message_id, campaign_id, wave_id, customer_id, state, due_at, attempts, note)
         SELECT g.workspace_id, g.id, g.id, g.campaign_id, g.wave_id, g.customer_id, 'waiting', g.due_at, 0, ''
         FROM messages g LEFT JOIN call_tasks t ON t.workspace_id = g.workspace_id AND t.message_id = g.id
         WHERE g.workspace_id = $1 AND g.channel = 'call' AND g.state IN ('planned', 'deferred', 'held') AND t.id IS NULL
         ORDER BY g.due_at, g.id LIMIT $2
         ON CONFLICT DO NOTHING",
        ws.get(),
        BATCH
    )?)
}

/// An operator whose lease ran out is gone: the task waits again, at once.
async fn take_back(tx: &mut Tx, ws: WorkspaceId, real: Time, now: Time) -> Result<u64, Fault> {
    let lost = store::fetch_all!(
        *tx,
        (i64, i64),
        "SELECT id, message_id FROM call_tasks WHERE workspace_id = $1 AND state = 'taken' AND taken_until < $2 ORDER BY id LIMIT 200",
        ws.get(),
        real.millis()
    )?;
    let mut moved = 0;
    for (task, message) in lost {
        let id = CallTaskId(task);
        ledger::return_call(tx, ws, MessageId(message), now).await?;
        close_attempt(tx, ws, id, "lost", "", real, now).await?;
        moved += give_back(tx, ws, id, None, now).await?;
    }
    Ok(moved)
}

/// Tasks whose ledger row was closed elsewhere: expired, stopped.
async fn close(tx: &mut Tx, ws: WorkspaceId, now: Time) -> Result<u64, Fault> {
    Ok(store::execute!(
        *tx,
        "UPDATE call_tasks SET state = 'done', finished_at = $2 WHERE workspace_id = $1 AND state = 'waiting'
           AND message_id IN (SELECT g.id FROM messages g WHERE g.workspace_id = $1 AND g.channel = 'call' AND g.state NOT IN ('planned', 'deferred', 'held'))",
        ws.get(),
        now.millis()
    )?)
}
