//! Reading the ledger.

use std::collections::BTreeMap;

use basis::{CampaignId, CustomerId, MessageId, Time, WaveId, WorkspaceId};
use campaign::VariantNo;
use store::{Result, Tx};

use super::Row;

#[derive(sqlx::FromRow)]
pub(super) struct DbRow {
    id: i64,
    campaign_id: i64,
    wave_id: i64,
    customer_id: i64,
    channel: String,
    address: Option<String>,
    state: String,
    reason: String,
    detail: String,
    attempts: i64,
    language: Option<String>,
    variant: Option<i64>,
    provider_id: Option<String>,
    due_at: i64,
    expires_at: i64,
    sent_at: Option<i64>,
    delivered_at: Option<i64>,
    bounced_at: Option<i64>,
}

impl From<DbRow> for Row {
    fn from(r: DbRow) -> Self {
        Self {
            id: MessageId(r.id),
            campaign_id: CampaignId(r.campaign_id),
            wave_id: WaveId(r.wave_id),
            customer_id: CustomerId(r.customer_id),
            channel: r.channel,
            address: r.address,
            state: r.state,
            reason: r.reason,
            detail: r.detail,
            attempts: r.attempts,
            language: r.language,
            variant: r.variant.map(VariantNo),
            provider_id: r.provider_id,
            due_at: Time::from_millis(r.due_at),
            expires_at: Time::from_millis(r.expires_at),
            sent_at: r.sent_at.map(Time::from_millis),
            delivered_at: r.delivered_at.map(Time::from_millis),
            bounced_at: r.bounced_at.map(Time::from_millis),
        }
    }
}

pub async fn row(tx: &mut Tx, ws: WorkspaceId, message: MessageId) -> Result<Option<Row>> {
    let row = store::fetch_optional!(
        *tx,
        DbRow,
        "SELECT id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, attempts, language, variant, provider_id, due_at, expires_at, sent_at, delivered_at, bounced_at
         FROM messages WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        message.get()
    )?;
    Ok(row.map(Row::from))
}

/// Rows per state of one wave.
pub async fn counts(tx: &mut Tx, ws: WorkspaceId, wave: WaveId) -> Result<BTreeMap<String, i64>> {
    let rows = store::fetch_all!(
        *tx,
        (String, i64),
        "SELECT state, COUNT(*) FROM messages WHERE workspace_id = $1 AND wave_id = $2 GROUP BY state",
        ws.get(),
        wave.get()
    )?;
    Ok(rows.into_iter().collect())
}

/// Rows of a campaign, newest id last; empty filters take all.
pub async fn list(
    tx: &mut Tx,
    ws: WorkspaceId,
    campaign: CampaignId,
    wave: Option<WaveId>,
    state: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<Row>> {
    let rows = store::fetch_all!(
        *tx,
        DbRow,
        "SELECT id, campaign_id, wave_id, customer_id, channel, address, state, reason, detail, attempts, language, variant, provider_id, due_at, expires_at, sent_at, delivered_at, bounced_at
         FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND ($3 = 0 OR wave_id = $3) AND ($4 = '' OR state = $4) AND id > $5
         ORDER BY id LIMIT $6",
        ws.get(),
        campaign.get(),
        wave.map_or(0, WaveId::get),
        state,
        after,
        i64::from(limit)
    )?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// What the limits of a campaign are judged by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Sums {
    /// Offered to a relay: taken by it or refused.
    pub tried: i64,
    pub bounced: i64,
    pub complained: i64,
}

/// Letters of a campaign: tried, bounced, complained about.
pub async fn sums(tx: &mut Tx, ws: WorkspaceId, campaign: CampaignId) -> Result<Sums> {
    store::fetch_one!(
        *tx,
        Sums,
        "SELECT (SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND channel = 'email' AND (sent_at IS NOT NULL OR state = 'rejected')) AS tried,
                (SELECT COUNT(*) FROM messages WHERE workspace_id = $1 AND campaign_id = $2 AND channel = 'email' AND bounced_at IS NOT NULL) AS bounced,
                (SELECT COUNT(*) FROM inbound JOIN messages ON messages.workspace_id = inbound.workspace_id AND messages.id = inbound.message_id
                  WHERE inbound.workspace_id = $1 AND inbound.kind = 'complaint' AND messages.campaign_id = $2) AS complained",
        ws.get(),
        campaign.get()
    )
}
