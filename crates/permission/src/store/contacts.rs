use basis::{CampaignId, CustomerId, Fault, Time, WorkspaceId};
use store::Tx;

use crate::rules::terms::ContactState;

/// Soft failures in a row after which a contact counts as hard bounced.
const SOFT_LIMIT: i64 = 3;

/// What a channel told of a contact value. `ok` forgets earlier failures; the third soft failure in a row is a hard one.
pub async fn set_contact_state(
    tx: &mut Tx,
    ws: WorkspaceId,
    kind: &str,
    value: &str,
    state: &str,
    reason: &str,
    at: Time,
) -> Result<(), Fault> {
    let state: ContactState = state.parse()?;
    let before = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT failures FROM contact_states WHERE workspace_id = $1 AND kind = $2 AND value = $3",
        ws.get(),
        kind,
        value
    )?;
    let failures = if state == ContactState::Ok { 0 } else { before.map_or(0, |(n,)| n) + 1 };
    let state = if state == ContactState::SoftBounced && failures >= SOFT_LIMIT {
        ContactState::HardBounced
    } else {
        state
    };
    store::execute!(
        *tx,
        "INSERT INTO contact_states (workspace_id, kind, value, state, failures, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, kind, value) DO UPDATE SET state = excluded.state, failures = excluded.failures, reason = excluded.reason, at = excluded.at",
        ws.get(),
        kind,
        value,
        state.as_str(),
        failures,
        reason,
        at.millis()
    )?;
    Ok(())
}

/// Every channel failed for this person.
pub async fn mark_dead(
    tx: &mut Tx,
    ws: WorkspaceId,
    customer: CustomerId,
    campaign: Option<CampaignId>,
    at: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO dead_customers (workspace_id, customer_id, campaign_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        ws.get(),
        customer.get(),
        campaign.map(CampaignId::get),
        at.millis()
    )?;
    Ok(())
}
