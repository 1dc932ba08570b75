//! The sender's moves: lease, intent, outcome, and what a crash leaves behind.

use std::time::Duration;

use basis::{CampaignId, CustomerId, MessageId, Time, WaveId, WorkspaceId};
use campaign::VariantNo;
use store::{Result, Tx, Value};

use super::id_json;

/// A row under lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub id: MessageId,
    pub campaign_id: CampaignId,
    pub wave_id: WaveId,
    pub customer_id: CustomerId,
    pub address: String,
    pub attempts: i64,
    pub expires_at: Time,
    pub language: Option<String>,
    pub variant: Option<VariantNo>,
}

type ClaimRow = (i64, i64, i64, i64, Option<String>, i64, i64, Option<String>, Option<i64>);

/// Says that the sender `epoch` lives.
pub async fn renew_lease(tx: &mut Tx, ws: WorkspaceId, epoch: i64, channel: &str, real: Time) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO sender_leases (workspace_id, epoch, channel, renewed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, epoch) DO UPDATE SET renewed_at = excluded.renewed_at",
        ws.get(),
        epoch,
        channel,
        real.millis()
    )?;
    Ok(())
}

/// A sender that stops in good order.
pub async fn forget_lease(tx: &mut Tx, ws: WorkspaceId, epoch: i64) -> Result<()> {
    store::execute!(
        *tx,
        "DELETE FROM sender_leases WHERE workspace_id = $1 AND epoch = $2",
        ws.get(),
        epoch
    )?;
    Ok(())
}

/// Takes back what senders held that have not renewed their lease for `patience`: leased rows are planned
/// again (nothing was offered for good), rows with an intent become uncertain. Answers both counts.
pub async fn recover(
    tx: &mut Tx,
    ws: WorkspaceId,
    channel: &str,
    real: Time,
    patience: Duration,
) -> Result<(u64, u64)> {
    let alive_since = real.minus(patience).millis();
    store::execute!(
        *tx,
        "DELETE FROM sender_leases WHERE workspace_id = $1 AND channel = $2 AND renewed_at < $3",
        ws.get(),
        channel,
        alive_since
    )?;
    let uncertain = store::execute!(
        *tx,
        "UPDATE messages SET state = 'uncertain', reason = 'crash', detail = 'the sender stopped between the intent and the answer'
         WHERE workspace_id = $1 AND channel = $2 AND state = 'intent'
           AND epoch NOT IN (SELECT epoch FROM sender_leases WHERE workspace_id = $1 AND channel = $2)",
        ws.get(),
        channel
    )?;
    let again = store::execute!(
        *tx,
        "UPDATE messages SET state = 'planned'
         WHERE workspace_id = $1 AND channel = $2 AND state = 'leased'
           AND epoch NOT IN (SELECT epoch FROM sender_leases WHERE workspace_id = $1 AND channel = $2)",
        ws.get(),
        channel
    )?;
    Ok((again, uncertain))
}

/// Ends what its schedule outlived.
pub async fn expire(tx: &mut Tx, ws: WorkspaceId, channel: &str, campaign_now: Time) -> Result<u64> {
    store::execute!(
        *tx,
        "UPDATE messages SET state = 'expired', reason = CASE WHEN reason = '' THEN 'expired' ELSE reason END
         WHERE workspace_id = $1 AND channel = $2 AND state IN ('planned', 'deferred', 'held') AND expires_at <= $3",
        ws.get(),
        channel,
        campaign_now.millis()
    )
}

/// Leases up to `limit` due rows of running campaigns. Senders on PostgreSQL pass over each other's rows.
pub async fn claim(
    tx: &mut Tx,
    ws: WorkspaceId,
    channel: &str,
    campaign_now: Time,
    epoch: i64,
    limit: u32,
) -> Result<Vec<Claimed>> {
    // Materialised: as a plain subquery PostgreSQL may run it again for each outer row and take more than
    // the limit.
    let sql = format!(
        "WITH due AS MATERIALIZED (
           SELECT id FROM messages WHERE workspace_id = $1 AND channel = $2 AND state IN ('planned', 'deferred', 'held')
             AND due_at <= $3 AND expires_at > $3 AND address IS NOT NULL
             AND campaign_id IN (SELECT id FROM campaigns WHERE workspace_id = $1 AND state = 'running')
           ORDER BY due_at, id LIMIT $5{})
         UPDATE messages SET state = 'leased', epoch = $4, attempts = attempts + 1
         WHERE workspace_id = $1 AND id IN (SELECT id FROM due)
         RETURNING id, campaign_id, wave_id, customer_id, address, attempts, expires_at, language, variant",
        store::dialect::skip_locked(tx)
    );
    let args = [
        Value::Int(ws.get()),
        Value::Text(channel.to_owned()),
        Value::Int(campaign_now.millis()),
        Value::Int(epoch),
        Value::Int(i64::from(limit)),
    ];
    let rows: Vec<ClaimRow> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows
        .into_iter()
        .map(|(id, campaign, wave, customer, address, attempts, expires_at, language, variant)| Claimed {
            id: MessageId(id),
            campaign_id: CampaignId(campaign),
            wave_id: WaveId(wave),
            customer_id: CustomerId(customer),
            address: address.unwrap_or_default(),
            attempts,
            expires_at: Time::from_millis(expires_at),
            language,
            variant: variant.map(VariantNo),
        })
        .collect())
}

/// Commits the intent of rows this sender still holds; the answer names those that may go on. A row whose
/// lease was lost, or whose campaign was paused or ended meanwhile, is not among them.
pub async fn record_intents(tx: &mut Tx, ws: WorkspaceId, epoch: i64, ids: &[i64]) -> Result<Vec<i64>> {
    let sql = format!(
        "UPDATE messages SET state = 'intent' WHERE workspace_id = $1 AND epoch = $2 AND state = 'leased' AND id IN {}
           AND campaign_id IN (SELECT id FROM campaigns WHERE workspace_id = $1 AND state = 'running')
         RETURNING id",
        store::dialect::id_list(tx.engine(), 3)
    );
    let args = [Value::Int(ws.get()), Value::Int(epoch), Value::Text(id_json(ids.iter().copied()))];
    let rows: Vec<(i64,)> = tx.fetch_dyn(&sql, &args).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How a row left the sender's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Accepted {
        at: Time,
        provider_id: Option<String>,
        detail: String,
    },
    Rejected {
        at: Time,
        reason: String,
        detail: String,
    },
    Deferred {
        due_at: Time,
        detail: String,
    },
    Uncertain {
        detail: String,
    },
    /// Nothing was offered; it is planned as before and the try does not count.
    Withdrawn,
}

/// Writes outcomes. The answer holds those ids whose row took the outcome: an `uncertain` row that recovery
/// made of a live intent still takes the truth, a row that somebody else leased does not.
pub async fn settle(
    tx: &mut Tx,
    ws: WorkspaceId,
    epoch: i64,
    settled: &[(MessageId, Settled)],
) -> Result<Vec<MessageId>> {
    let mut taken = Vec::with_capacity(settled.len());
    for (id, outcome) in settled {
        let touched = match outcome {
            Settled::Accepted { at, provider_id, detail } => store::execute!(
                *tx,
                "UPDATE messages SET state = 'accepted', reason = '', detail = $5, sent_at = $4, provider_id = $6
                 WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state IN ('leased', 'intent', 'uncertain')",
                ws.get(),
                id.get(),
                epoch,
                at.millis(),
                detail.as_str(),
                provider_id.as_deref()
            )?,
            Settled::Rejected { at, reason, detail } => store::execute!(
                *tx,
                "UPDATE messages SET state = 'rejected', reason = $5, detail = $6, bounced_at = $4
                 WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state IN ('leased', 'intent', 'uncertain')",
                ws.get(),
                id.get(),
                epoch,
                at.millis(),
                reason.as_str(),
                detail.as_str()
            )?,
            Settled::Deferred { due_at, detail } => store::execute!(
                *tx,
                "UPDATE messages SET state = 'deferred', reason = 'deferred', due_at = $4, detail = $5
                 WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state IN ('leased', 'intent', 'uncertain')",
                ws.get(),
                id.get(),
                epoch,
                due_at.millis(),
                detail.as_str()
            )?,
            Settled::Uncertain { detail } => store::execute!(
                *tx,
                "UPDATE messages SET state = 'uncertain', reason = 'no_answer', detail = $4
                 WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state IN ('leased', 'intent')",
                ws.get(),
                id.get(),
                epoch,
                detail.as_str()
            )?,
            Settled::Withdrawn => store::execute!(
                *tx,
                "UPDATE messages SET state = 'planned', attempts = attempts - 1
                 WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state = 'leased'",
                ws.get(),
                id.get(),
                epoch
            )?,
        };
        if touched == 1 {
            taken.push(*id);
        }
    }
    Ok(taken)
}

/// A row that a rule keeps for later (quiet hours, cap, warm-up); it was not tried.
pub async fn postpone(
    tx: &mut Tx,
    ws: WorkspaceId,
    epoch: i64,
    id: MessageId,
    due_at: Time,
    reason: &str,
) -> Result<u64> {
    store::execute!(
        *tx,
        "UPDATE messages SET state = 'held', reason = $5, due_at = $4, attempts = attempts - 1
         WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state = 'leased'",
        ws.get(),
        id.get(),
        epoch,
        due_at.millis(),
        reason
    )
}

/// A row that a rule forbids at the instant of sending.
pub async fn refuse(
    tx: &mut Tx,
    ws: WorkspaceId,
    epoch: i64,
    id: MessageId,
    reason: &str,
    detail: &str,
) -> Result<u64> {
    store::execute!(
        *tx,
        "UPDATE messages SET state = 'excluded', reason = $4, detail = $5
         WHERE workspace_id = $1 AND id = $2 AND epoch = $3 AND state = 'leased'",
        ws.get(),
        id.get(),
        epoch,
        reason,
        detail
    )
}

/// Gives leased rows back untouched (a sender that stops, or whose campaign was paused).
pub async fn release(tx: &mut Tx, ws: WorkspaceId, epoch: i64) -> Result<u64> {
    store::execute!(
        *tx,
        "UPDATE messages SET state = 'planned', attempts = attempts - 1 WHERE workspace_id = $1 AND epoch = $2 AND state = 'leased'",
        ws.get(),
        epoch
    )
}
