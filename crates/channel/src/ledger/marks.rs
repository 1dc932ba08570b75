//! What comes back about a sent message.

use basis::{MessageId, Time, WorkspaceId};
use store::{Result, Tx};

/// The message arrived (a delivery receipt, a click, a choice). An uncertain row becomes accepted: it did
/// leave. A repeated receipt changes nothing.
pub async fn mark_delivered(tx: &mut Tx, ws: WorkspaceId, message: MessageId, at: Time) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET delivered_at = COALESCE(delivered_at, $3), sent_at = COALESCE(sent_at, $3),
           state = CASE WHEN state IN ('uncertain', 'intent') THEN 'accepted' ELSE state END
         WHERE workspace_id = $1 AND id = $2 AND state IN ('intent', 'accepted', 'uncertain') AND bounced_at IS NULL",
        ws.get(),
        message.get(),
        at.millis()
    )?;
    Ok(touched == 1)
}

/// The message came back. Like a delivery it proves that an uncertain message had left.
pub async fn mark_bounced(
    tx: &mut Tx,
    ws: WorkspaceId,
    message: MessageId,
    at: Time,
    reason: &str,
    detail: &str,
) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET bounced_at = $3, reason = $4, detail = $5, sent_at = COALESCE(sent_at, $3),
           state = CASE WHEN state IN ('uncertain', 'intent') THEN 'accepted' ELSE state END
         WHERE workspace_id = $1 AND id = $2 AND state IN ('intent', 'accepted', 'uncertain') AND bounced_at IS NULL",
        ws.get(),
        message.get(),
        at.millis(),
        reason,
        detail
    )?;
    Ok(touched == 1)
}

/// The message that a provider knows by this id.
pub async fn find_by_provider(
    tx: &mut Tx,
    ws: WorkspaceId,
    channel: &str,
    provider_id: &str,
) -> Result<Option<MessageId>> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT id FROM messages WHERE workspace_id = $1 AND channel = $2 AND provider_id = $3 ORDER BY id DESC LIMIT 1",
        ws.get(),
        channel,
        provider_id
    )?;
    Ok(row.map(|(id,)| MessageId(id)))
}
