//! The ledger after a backup was put back: a contact that may have been made since is uncertain, never made again by itself.

use std::collections::{HashMap, hash_map::Entry};

use basis::{CustomerId, Fault, FaultKind, WaveId, WorkspaceId};
use campaign::{VariantNo, WaveContent};
use store::Tx;

/// A contact that left, or began to leave, as the database that is being replaced shows it.
#[derive(Debug, sqlx::FromRow)]
pub struct Sent {
    workspace_id: i64,
    id: i64,
    campaign_id: i64,
    wave_id: i64,
    customer_id: i64,
    channel: String,
    address: Option<String>,
    attempts: i64,
    due_at: i64,
    expires_at: i64,
    sent_at: Option<i64>,
}

/// Every contact of a database that left or began to leave.
///
/// # Errors
/// Of the database.
pub async fn sent(tx: &mut Tx) -> Result<Vec<Sent>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        Sent,
        "SELECT workspace_id, id, campaign_id, wave_id, customer_id, channel, address, attempts, due_at, expires_at, sent_at FROM messages
         WHERE sent_at IS NOT NULL OR state IN ('leased', 'intent', 'accepted', 'rejected', 'uncertain')"
    )?;
    Ok(rows)
}

/// It is known what was sent: those contacts become uncertain, planned anew or not. Answers how many there are.
///
/// # Errors
/// Of the database.
pub async fn mark_sent(tx: &mut Tx, sent: &[Sent]) -> Result<u64, Fault> {
    let mut uncertain = 0;
    for one in sent {
        uncertain += store::execute!(
            *tx,
            "UPDATE messages SET state = 'uncertain', reason = 'restored'
             WHERE workspace_id = $1 AND wave_id = $2 AND customer_id = $3 AND channel = $4 AND state IN ('planned', 'leased', 'intent', 'deferred', 'held')",
            one.workspace_id,
            one.wave_id,
            one.customer_id,
            one.channel.as_str()
        )?;
    }
    // Planned after the backup: the wave will be planned again and meets these rows. The draw of a variant is repeatable, so it is
    // made again rather than read: the database that is being replaced may be of an older schema.
    let mut waves: HashMap<(i64, i64), Option<WaveContent>> = HashMap::new();
    for one in sent {
        let wave = match waves.entry((one.workspace_id, one.wave_id)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let (ws, wave) = (WorkspaceId(one.workspace_id), WaveId(one.wave_id));
                new.insert(match campaign::wave_content(tx, ws, wave).await {
                    Ok(content) => Some(content),
                    // A campaign that the backup does not know yet.
                    Err(fault) if fault.kind == FaultKind::NotFound => None,
                    Err(fault) => return Err(fault),
                })
            }
        };
        let variant = wave.as_ref().and_then(|wave| wave.variant_of(CustomerId(one.customer_id)));
        uncertain += store::execute!(
            *tx,
            "INSERT INTO messages (workspace_id, id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, epoch, attempts, due_at, expires_at, sent_at, variant)
             SELECT $1, $2, $3, $4, $5, $6, $7, 'uncertain', 'restored', '', 0, $8, $9, $10, $11, $12 FROM campaigns c WHERE c.workspace_id = $1 AND c.id = $3
             ON CONFLICT DO NOTHING",
            one.workspace_id,
            one.id,
            one.campaign_id,
            one.wave_id,
            one.customer_id,
            one.channel.as_str(),
            one.address.as_deref(),
            one.attempts,
            one.due_at,
            one.expires_at,
            one.sent_at,
            variant.map(VariantNo::get)
        )?;
    }
    Ok(uncertain)
}

/// Nothing is known of what was sent: every open contact of the campaigns that the restore paused becomes uncertain.
///
/// # Errors
/// Of the database.
pub async fn mark_open(tx: &mut Tx) -> Result<u64, Fault> {
    let uncertain = store::execute!(
        *tx,
        "UPDATE messages SET state = 'uncertain', reason = 'restored' WHERE state IN ('planned', 'leased', 'intent', 'deferred', 'held')
           AND (workspace_id, campaign_id) IN (SELECT workspace_id, id FROM campaigns WHERE pause_reason = 'restored')"
    )?;
    Ok(uncertain)
}
