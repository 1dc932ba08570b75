//! Campaigns of a backup that was put back: they wait for a person.

use basis::{Fault, Time};
use store::Tx;

/// Pauses whatever runs, in every workspace; answers how many campaigns that are.
///
/// # Errors
/// Of the database.
pub async fn pause_restored(tx: &mut Tx) -> Result<u64, Fault> {
    let paused = store::execute!(
        *tx,
        "UPDATE campaigns SET state = 'paused', pause_reason = 'restored' WHERE state IN ('running', 'launching')"
    )?;
    Ok(paused)
}

/// Stops the waves that have fallen due since the backup: whether they went is not known.
///
/// # Errors
/// Of the database.
pub async fn stop_due_of_restored(tx: &mut Tx, now: Time) -> Result<u64, Fault> {
    let stopped = store::execute!(
        *tx,
        "UPDATE waves SET state = 'stopped', finished_at = $1 WHERE state = 'waiting' AND due_at IS NOT NULL AND due_at <= $1
           AND (workspace_id, campaign_id) IN (SELECT workspace_id, id FROM campaigns WHERE pause_reason = 'restored')",
        now.millis()
    )?;
    // Of a journey the step of one person is what may have gone.
    let ended = store::execute!(
        *tx,
        "UPDATE campaign_members SET next_at = NULL WHERE next_at <= $1
           AND (workspace_id, campaign_id) IN (SELECT workspace_id, id FROM campaigns WHERE pause_reason = 'restored')",
        now.millis()
    )?;
    Ok(stopped + ended)
}
