//! The ledger as a list.

use access::page::Page;
use access::{Answer, need};
use axum::Json;
use axum::extract::Query;
use basis::{CampaignId, Fault, Time, WaveId, mask_email, mask_phone};
use serde::{Deserialize, Serialize};

use crate::ledger;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(super) struct LedgerQuery {
    campaign: String,
    wave: Option<String>,
    /// planned, leased, intent, accepted, rejected, deferred, uncertain, held, expired, excluded
    state: Option<String>,
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// One planned contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct LedgerRow {
    id: String,
    wave_id: String,
    customer_id: String,
    channel: String,
    /// Masked.
    address: Option<String>,
    state: String,
    reason: String,
    detail: String,
    attempts: i64,
    #[schema(value_type = String)]
    due_at: Time,
    #[schema(value_type = Option<String>)]
    sent_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    delivered_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    bounced_at: Option<Time>,
}

fn id(text: &str, field: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault::invalid("id", "That is no id.").with_field(field, "a number"))
}

#[utoipa::path(get, path = "/api/ledger", tag = "channel", params(LedgerQuery), responses((status = 200, body = Page<LedgerRow>)))]
pub(super) async fn list_ledger(
    need::Supervisor(op): need::Supervisor,
    Query(query): Query<LedgerQuery>,
) -> Answer<Page<LedgerRow>> {
    let campaign = CampaignId(id(&query.campaign, "campaign")?);
    let wave = query.wave.as_deref().map(|w| id(w, "wave")).transpose()?.map(WaveId);
    let after = query.cursor.as_deref().map_or(Ok(0), |c| id(c, "cursor"))?;
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let state = query.state.unwrap_or_default();
    let mut tx = op.app.db.read().await?;
    let rows = ledger::list(&mut tx, op.ws(), campaign, wave, &state, after, limit + 1).await?;
    let rows: Vec<LedgerRow> = rows
        .into_iter()
        .map(|r| LedgerRow {
            id: r.id.to_string(),
            wave_id: r.wave_id.to_string(),
            customer_id: r.customer_id.to_string(),
            address: r.address.map(|a| if r.channel == "email" { mask_email(&a) } else { mask_phone(&a) }),
            channel: r.channel,
            state: r.state,
            reason: r.reason,
            // The other side's words may repeat the address.
            detail: if r.detail.contains('@') { String::new() } else { r.detail },
            attempts: r.attempts,
            due_at: r.due_at,
            sent_at: r.sent_at,
            delivered_at: r.delivered_at,
            bounced_at: r.bounced_at,
        })
        .collect();
    Ok(Json(Page::cut(rows, limit, |r| r.id.clone())))
}
