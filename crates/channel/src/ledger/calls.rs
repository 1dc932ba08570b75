//! Calls are rows of the ledger too; the operator's desk moves them.

use basis::{MessageId, Time, WorkspaceId};
use store::{Result, Tx};

/// An operator starts the call: `false` when the row is no longer to be called.
pub async fn take_call(tx: &mut Tx, ws: WorkspaceId, message: MessageId) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET state = 'intent', attempts = attempts + 1
         WHERE workspace_id = $1 AND id = $2 AND channel = 'call' AND state IN ('planned', 'deferred', 'held')",
        ws.get(),
        message.get()
    )?;
    Ok(touched == 1)
}

/// The task goes back to the queue: nobody answered, "call later", or the operator was lost.
pub async fn return_call(tx: &mut Tx, ws: WorkspaceId, message: MessageId, due_at: Time) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET state = 'planned', due_at = $3
         WHERE workspace_id = $1 AND id = $2 AND channel = 'call' AND state = 'intent'",
        ws.get(),
        message.get(),
        due_at.millis()
    )?;
    Ok(touched == 1)
}

/// The call is over: the right person was reached, or the contact failed for good.
pub async fn finish_call(
    tx: &mut Tx,
    ws: WorkspaceId,
    message: MessageId,
    reached: bool,
    reason: &str,
    at: Time,
) -> Result<bool> {
    let touched = if reached {
        store::execute!(
            *tx,
            "UPDATE messages SET state = 'accepted', reason = $4, sent_at = $3, delivered_at = $3
             WHERE workspace_id = $1 AND id = $2 AND channel = 'call' AND state = 'intent'",
            ws.get(),
            message.get(),
            at.millis(),
            reason
        )?
    } else {
        store::execute!(
            *tx,
            "UPDATE messages SET state = 'rejected', reason = $4, bounced_at = $3
             WHERE workspace_id = $1 AND id = $2 AND channel = 'call' AND state = 'intent'",
            ws.get(),
            message.get(),
            at.millis(),
            reason
        )?
    };
    Ok(touched == 1)
}
