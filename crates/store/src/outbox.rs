//! Events that upstream slices publish and downstream ones hear: written in the transaction that changes the state,
//! delivered at least once and in order of their ids.

use basis::{Time, WorkspaceId};
use serde::Serialize;

use crate::{Db, Result, Tx};

/// An event that waits for its hearers.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Event {
    pub workspace_id: i64,
    pub id: i64,
    pub kind: String,
    pub payload: String,
    pub created_at: i64,
}

pub async fn publish<P: Serialize + Sync>(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: i64,
    kind: &str,
    payload: &P,
    now: Time,
) -> Result<()> {
    let payload = serde_json::to_string(payload).map_err(|e| crate::Error::Migration(e.to_string()))?;
    crate::execute!(
        *tx,
        "INSERT INTO outbox_events (workspace_id, id, kind, payload, created_at, delivered) VALUES ($1, $2, $3, $4, $5, FALSE)",
        workspace.get(),
        id,
        kind,
        payload,
        now.millis()
    )?;
    Ok(())
}

/// The oldest events that wait, at most `limit`.
pub async fn waiting(db: &Db, limit: i64) -> Result<Vec<Event>> {
    let mut tx = db.read().await?;
    crate::fetch_all!(
        tx,
        Event,
        "SELECT workspace_id, id, kind, payload, created_at FROM outbox_events WHERE NOT delivered ORDER BY id LIMIT $1",
        limit
    )
}

/// Marks an event as heard; call it in the transaction that did what the event asks for.
pub async fn delivered(tx: &mut Tx, event: &Event) -> Result<()> {
    crate::execute!(
        *tx,
        "UPDATE outbox_events SET delivered = TRUE WHERE workspace_id = $1 AND id = $2",
        event.workspace_id,
        event.id
    )?;
    Ok(())
}
