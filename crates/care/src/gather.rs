//! Replies and promised call-backs become items by themselves.

use access::{App, Op, Workspace};
use basis::{Fault, Time};
use serde_json::Value;
use store::Tx;

use crate::store::{
    item::{self, ItemRow},
    person, settings,
};

/// Items made in one transaction.
const BATCH: i64 = 200;
/// Replies older than this, in real time, were here before the inbox was.
const REPLIES_MS: i64 = 14 * 86_400_000;

#[derive(sqlx::FromRow)]
struct ReplyRow {
    id: i64,
    channel: String,
    address: String,
    data: String,
    received_at: i64,
    customer_id: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct CallbackRow {
    id: i64,
    customer_id: i64,
    due_at: i64,
    note: String,
}

/// For the heartbeat: an item for each reply and each call-back that has none, and an end to those that the desk has made.
/// Answers how many were made or ended.
///
/// # Errors
/// Of the database.
pub async fn gather(app: &App, workspace: &Workspace) -> Result<u64, Fault> {
    let ws = workspace.id;
    let now = workspace.campaign_now(app.now()).millis();
    let mut tx = app.db.read().await?;
    let replies = replies(&mut tx, ws.get(), app.now().millis() - REPLIES_MS).await?;
    let callbacks = store::fetch_all!(
        tx,
        CallbackRow,
        "SELECT t.id, t.customer_id, t.due_at, t.note FROM call_tasks t
         WHERE t.workspace_id = $1 AND t.state <> 'done' AND t.outcome = 'call_later'
           AND NOT EXISTS (SELECT 1 FROM care_items i WHERE i.workspace_id = t.workspace_id AND i.kind = 'callback' AND i.ref_id = t.id AND i.status <> 'closed')
         ORDER BY t.id LIMIT $2",
        ws.get(),
        BATCH
    )?;
    let made = store::fetch_all!(
        tx,
        (i64,),
        "SELECT i.id FROM care_items i LEFT JOIN call_tasks t ON t.workspace_id = i.workspace_id AND t.id = i.ref_id
         WHERE i.workspace_id = $1 AND i.kind = 'callback' AND i.status <> 'closed'
           AND (t.id IS NULL OR t.state = 'done' OR t.outcome <> 'call_later') ORDER BY i.id LIMIT $2",
        ws.get(),
        BATCH
    )?;
    let settings = settings::settings(&mut tx, ws).await?;
    drop(tx);
    if replies.is_empty() && callbacks.is_empty() && made.is_empty() {
        return Ok(0);
    }
    let op = Op::system(app.clone(), workspace.clone());
    let mut tx = app.db.write().await?;
    let mut rows = Vec::new();
    for reply in replies {
        rows.push(item_of(&mut tx, &op, &settings, reply).await?);
    }
    for call in callbacks {
        // A call that was promised again: its item is open again.
        let again = store::execute!(
            tx,
            "UPDATE care_items SET status = 'new', closed_at = NULL, outcome = '', due_at = $4, updated_at = updated_at + 1
             WHERE workspace_id = $1 AND kind = 'callback' AND ref_id = $2 AND customer_id = $3",
            ws.get(),
            call.id,
            call.customer_id,
            call.due_at
        )?;
        if again == 0 {
            let mut row = ItemRow::new(app.next_id(), "callback", "call", now);
            (row.ref_id, row.due_at, row.text) = (call.id, call.due_at, call.note);
            row.customer_id = Some(call.customer_id);
            rows.push(row);
        }
    }
    let mut moved = item::add(&mut tx, ws, &rows).await?;
    for (id,) in made {
        moved += store::execute!(
            tx,
            "UPDATE care_items SET status = 'closed', closed_at = $3, answered_at = COALESCE(answered_at, $3), outcome = 'solved', updated_at = updated_at + 1
             WHERE workspace_id = $1 AND id = $2 AND status <> 'closed'",
            ws.get(),
            id,
            now
        )?;
    }
    tx.commit().await?;
    app.hub.publish(ws, "care", serde_json::json!({ "moved": moved }));
    Ok(moved)
}

async fn replies(tx: &mut Tx, ws: i64, since: i64) -> Result<Vec<ReplyRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        ReplyRow,
        "SELECT n.id, n.channel, n.address, n.data, n.received_at, g.customer_id FROM inbound n
         LEFT JOIN messages g ON g.workspace_id = n.workspace_id AND g.id = n.message_id
         WHERE n.workspace_id = $1 AND n.kind = 'reply' AND n.received_at > $2 AND n.handled_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM care_items i WHERE i.workspace_id = n.workspace_id AND i.kind = 'reply' AND i.ref_id = n.id)
         ORDER BY n.id LIMIT $3",
        ws,
        since,
        BATCH
    )?)
}

async fn item_of(
    tx: &mut Tx,
    op: &Op,
    settings: &crate::rules::deadline::CareSettings,
    reply: ReplyRow,
) -> Result<ItemRow, Fault> {
    let data: Value = serde_json::from_str(&reply.data).unwrap_or_default();
    let word = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    let said = [word("subject"), word("text")].into_iter().filter(|t| !t.is_empty());
    let came_at = op.workspace.campaign_now(Time::from_millis(reply.received_at)).millis();
    let mut row = ItemRow::new(op.next_id(), "reply", &reply.channel, came_at);
    row.ref_id = reply.id;
    row.text = said.collect::<Vec<_>>().join("\n\n").chars().take(20_000).collect();
    row.due_at = settings.due("reply", "", came_at);
    row.customer_id = reply.customer_id;
    if row.customer_id.is_none() && !reply.address.is_empty() {
        let kind = if reply.channel == "email" { "email" } else { "phone" };
        let found = person::owner(tx, op.ws(), kind, std::slice::from_ref(&reply.address)).await?;
        row.customer_id = found.map(basis::CustomerId::get);
        // Every role reads it.
        let masked = if kind == "email" { basis::mask_email } else { basis::mask_phone };
        row.author = masked(&reply.address);
    }
    Ok(row)
}
