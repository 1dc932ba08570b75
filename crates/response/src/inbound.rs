//! Bounces, complaints, receipts, replies, STOP words and unsubscribes by mail: each row of `inbound` once.

use access::{App, Workspace};
use basis::{Fault, FaultKind, MessageId, Time, WorkspaceId};
use channel::{
    InboundHandler,
    ledger::{self, Row},
    transport::BoxFuture,
};
use permission::Suppress;
use serde_json::{Value, json};
use store::Tx;

use crate::{
    answers::Answered,
    dead,
    rules::inbound::{Bounce, Effects, effects},
    store::{ids_of, kind_of, last_message_to, owners},
};

/// A receipt may overtake the answer to its own submission; for so long (real time) its message is waited for.
const RECEIPT_WAIT_MS: i64 = 60_000;

#[derive(Debug, sqlx::FromRow)]
struct InboundRow {
    channel: String,
    kind: String,
    message_id: Option<i64>,
    address: String,
    data: String,
    received_at: i64,
}

impl InboundRow {
    fn data(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    fn is_early(&self, message: Option<&Row>, now: Time) -> bool {
        message.is_none() && self.kind == "receipt" && now.millis() - self.received_at < RECEIPT_WAIT_MS
    }
}

/// The handler that the receivers of `channel` call.
#[derive(Debug, Clone)]
pub struct Inbox(App);

impl Inbox {
    pub const fn new(app: App) -> Self {
        Self(app)
    }
}

impl InboundHandler for Inbox {
    fn handle(&self, ws: WorkspaceId, inbound_id: i64) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let workspace = access::load_workspace(&self.0, ws).await?;
            handle_one(&self.0, &workspace, inbound_id).await?;
            Ok(())
        })
    }
}

/// Handles what was left over: rows whose handling failed or was cut short. Answers how many were handled.
///
/// # Errors
/// When the database cannot be read; a row that fails stays and does not hold up the others.
pub async fn handle_waiting(app: &App, workspace: &Workspace) -> Result<usize, Fault> {
    let mut tx = app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        (i64,),
        "SELECT id FROM inbound WHERE workspace_id = $1 AND handled_at IS NULL ORDER BY id LIMIT 500",
        workspace.id.get()
    )?;
    drop(tx);
    let mut done = 0;
    for (id,) in rows {
        if !is_ready(app, workspace.id, id).await? {
            continue;
        }
        match handle_one(app, workspace, id).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            Err(error) if error.kind == FaultKind::Internal => {
                tracing::warn!(inbound = id, %error, "incoming message {id} was not handled, it waits");
            }
            // Trying again would end the same way.
            Err(error) => {
                tracing::error!(inbound = id, %error, "incoming message {id} cannot be handled");
                let mut tx = app.db.write().await?;
                claim(&mut tx, app, workspace.id, id).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(done)
}

/// Whether the row can be handled now. Asked before the one writer is: a row that its receiver has in hand, or a receipt
/// that waits for its message, takes nobody's turn.
async fn is_ready(app: &App, ws: WorkspaceId, id: i64) -> Result<bool, Fault> {
    let mut tx = app.db.read().await?;
    let Some(row) = read(&mut tx, ws, id).await? else { return Ok(false) };
    let message = message_of(&mut tx, ws, &row, &row.data()).await?;
    Ok(!row.is_early(message.as_ref(), app.now()))
}

/// The row, as long as nobody has handled it.
async fn read(tx: &mut Tx, ws: WorkspaceId, id: i64) -> Result<Option<InboundRow>, Fault> {
    Ok(store::fetch_optional!(
        *tx,
        InboundRow,
        "SELECT channel, kind, message_id, address, data, received_at FROM inbound WHERE workspace_id = $1 AND id = $2 AND handled_at IS NULL",
        ws.get(),
        id
    )?)
}

/// Takes the row for this transaction; false when another has handled it.
async fn claim(tx: &mut Tx, app: &App, ws: WorkspaceId, id: i64) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE inbound SET handled_at = $3 WHERE workspace_id = $1 AND id = $2 AND handled_at IS NULL",
        ws.get(),
        id,
        app.now().millis()
    )?;
    Ok(touched == 1)
}

/// Handles one row, effects and mark in one transaction.
pub(crate) async fn handle_one(app: &App, workspace: &Workspace, id: i64) -> Result<bool, Fault> {
    let ws = workspace.id;
    // Keys are made in transactions of their own.
    app.key(ws, "suppression").await?;
    let mut tx = app.db.write().await?;
    let Some(row) = read(&mut tx, ws, id).await? else { return Ok(false) };
    let data = row.data();
    let message = message_of(&mut tx, ws, &row, &data).await?;
    if row.is_early(message.as_ref(), app.now()) || !claim(&mut tx, app, ws, id).await? {
        return Ok(false);
    }
    let effects = effects(&row.channel, &row.kind, &data);
    let campaign = message.as_ref().map(|m| m.campaign_id);
    match &message {
        Some(message) => about_message(&mut tx, app, workspace, message, &row, &data, effects).await?,
        None => about_address(&mut tx, app, workspace, &row, effects).await?,
    }
    if row.message_id.is_none()
        && let Some(message) = &message
    {
        store::execute!(
            tx,
            "UPDATE inbound SET message_id = $3 WHERE workspace_id = $1 AND id = $2",
            ws.get(),
            id,
            message.id.get()
        )?;
    }
    tx.commit().await?;
    if let Some(campaign) = campaign {
        app.hub.publish(ws, format!("campaign:{campaign}"), json!({ "inbound": row.kind }));
    }
    Ok(true)
}

async fn message_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    row: &InboundRow,
    data: &Value,
) -> Result<Option<Row>, Fault> {
    let provider = data.get("provider_id").and_then(Value::as_str);
    let id = match (row.message_id, provider) {
        (Some(id), _) => Some(MessageId(id)),
        (None, Some(provider)) => ledger::find_by_provider(tx, ws, &row.channel, provider).await?,
        (None, None) if row.address.is_empty() => None,
        (None, None) => last_message_to(tx, ws, &row.channel, &row.address).await?,
    };
    match id {
        Some(id) => Ok(ledger::row(tx, ws, id).await?),
        None => Ok(None),
    }
}

async fn about_message(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    message: &Row,
    row: &InboundRow,
    data: &Value,
    effects: Effects,
) -> Result<(), Fault> {
    let ws = workspace.id;
    let at = workspace.campaign_now(app.now());
    let answered = Answered { app, workspace, row: message, at, actor_kind: "customer", actor_id: 0 };
    if effects.delivered {
        ledger::mark_delivered(tx, ws, message.id, at).await?;
    }
    if let Some(bounce) = effects.bounced {
        return bounced(tx, &answered, row, data, bounce, effects.timeline.unwrap_or("letter_bounced")).await;
    }
    // What a person wrote stays with the row of `inbound`; the timeline says that they did.
    let seen = json!({ "via": row.kind });
    if let Some(stop) = effects.stop {
        let proof = json!({ "via": row.kind, "channel": row.channel, "received_at": row.received_at });
        return answered.refuse(tx, stop.reason(), proof, &seen).await;
    }
    if let (Some(kind), Some(timeline)) = (effects.reaction, effects.timeline) {
        answered.note(tx, kind, timeline, &seen).await?;
        campaign::note_click(tx, ws, message.campaign_id, message.customer_id).await?;
    }
    Ok(())
}

async fn bounced(
    tx: &mut Tx,
    answered: &Answered<'_>,
    row: &InboundRow,
    data: &Value,
    bounce: Bounce,
    timeline: &str,
) -> Result<(), Fault> {
    let (app, workspace, message, at) = (answered.app, answered.workspace, answered.row, answered.at);
    let ws = workspace.id;
    let word = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = [word("status"), word("state")].into_iter().find(|w| !w.is_empty()).unwrap_or(&row.kind);
    let detail = [word("diagnostic"), word("error")].into_iter().find(|w| !w.is_empty()).unwrap_or_default();
    let (state, reason) = match bounce {
        Bounce::Hard => ("hard_bounced", "hard_bounce"),
        Bounce::Soft => ("soft_bounced", "soft_bounce"),
    };
    if !ledger::mark_bounced(tx, ws, message.id, at, reason, &format!("{status} {detail}")).await? {
        return Ok(());
    }
    if let Some(address) = &message.address {
        permission::set_contact_state(tx, ws, kind_of(&message.channel), address, state, status, at).await?;
    }
    answered.remember(tx, app.next_id(), timeline, &json!({ "reason": reason, "status": status })).await?;
    channel::plan_next(tx, app, workspace, message.id).await?;
    dead::settle(tx, app, ws, message.campaign_id, message.customer_id, at).await?;
    Ok(())
}

/// An answer that belongs to no message of ours still stops its sender.
async fn about_address(
    tx: &mut Tx,
    app: &App,
    workspace: &Workspace,
    row: &InboundRow,
    effects: Effects,
) -> Result<(), Fault> {
    let Some(stop) = effects.stop.filter(|_| !row.address.is_empty()) else { return Ok(()) };
    let ws = workspace.id;
    let at = workspace.campaign_now(app.now());
    let kind = kind_of(&row.channel);
    let suppress =
        Suppress { kind, value: &row.address, channel: "all", reason: stop.reason(), campaign_id: None, at };
    permission::suppress(tx, app, ws, &suppress).await?;
    for owner in owners(tx, ws, kind, &row.address).await? {
        let proof = json!({ "via": row.kind, "channel": row.channel, "received_at": row.received_at });
        let through = (kind, row.address.as_str());
        permission::opt_out(tx, app, ws, owner, through, stop.reason(), None, proof, at).await?;
        let (_, all) = ids_of(tx, ws, owner).await?;
        for id in all {
            campaign::end_for_customer(tx, ws, id, at).await?;
        }
    }
    Ok(())
}
