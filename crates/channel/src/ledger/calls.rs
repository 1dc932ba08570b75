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

/// A rule forbids the call at the instant of dialling.
pub async fn exclude_call(tx: &mut Tx, ws: WorkspaceId, message: MessageId, reason: &str) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET state = 'excluded', reason = $3
         WHERE workspace_id = $1 AND id = $2 AND channel = 'call' AND state IN ('planned', 'deferred', 'held')",
        ws.get(),
        message.get(),
        reason
    )?;
    Ok(touched == 1)
}

/// The person asked for the letter again: the only way a sent message goes out a second time, by an
/// operator's hand and to be audited by the caller. `false` when the row is on its way, or when another
/// person of the wave has the address.
pub async fn resend(
    tx: &mut Tx,
    ws: WorkspaceId,
    message: MessageId,
    address: Option<&str>,
    due_at: Time,
    expires_at: Time,
) -> Result<bool> {
    let touched = store::execute!(
        *tx,
        "UPDATE messages SET state = 'planned', reason = 'resend', detail = '', due_at = $3, expires_at = $4, attempts = 0,
           address = COALESCE($5, address), bounced_at = NULL, delivered_at = NULL, provider_id = NULL
         WHERE workspace_id = $1 AND id = $2 AND channel = 'email'
           AND state IN ('accepted', 'rejected', 'uncertain', 'excluded', 'expired')
           AND COALESCE($5, address) IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.workspace_id = messages.workspace_id AND o.campaign_id = messages.campaign_id
             AND o.wave_id = messages.wave_id AND o.channel = messages.channel AND o.address = COALESCE($5, messages.address)
             AND o.state <> 'excluded' AND o.id <> messages.id)",
        ws.get(),
        message.get(),
        due_at.millis(),
        expires_at.millis(),
        address
    )?;
    Ok(touched == 1)
}
