//! The ledger: one row per planned contact, and the only code that changes its state.
//!
//! ```text
//! planned → leased(epoch) → intent → accepted | rejected | deferred | uncertain
//!    ↑__________|   (crash)    |______________(crash)________________↑
//! planned | deferred → held (cap, quiet hours) | expired;  at planning: excluded
//! ```
//! A row in `intent`, `accepted` or `uncertain` is never claimed again.

mod calls;
mod claim;
mod marks;
mod plan;
mod read;
pub mod restored;

use basis::{CampaignId, CustomerId, MessageId, Time, WaveId};
use campaign::VariantNo;

pub use calls::{exclude_call, finish_call, resend, return_call, take_call};
pub use claim::{
    Claimed, Settled, claim, expire, forget_lease, postpone, record_intents, recover, refuse, release,
    renew_lease, settle,
};
pub use marks::{find_by_provider, mark_bounced, mark_delivered};
pub use plan::{NewRow, plan_rows};
pub use read::{Sums, counts, list, row, sums};

/// One row as other slices see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: MessageId,
    pub campaign_id: CampaignId,
    pub wave_id: WaveId,
    pub customer_id: CustomerId,
    pub channel: String,
    pub address: Option<String>,
    pub state: String,
    pub reason: String,
    pub detail: String,
    pub attempts: i64,
    pub language: Option<String>,
    /// Of the wave's text, drawn when the contact was planned.
    pub variant: Option<VariantNo>,
    pub provider_id: Option<String>,
    pub due_at: Time,
    pub expires_at: Time,
    pub sent_at: Option<Time>,
    pub delivered_at: Option<Time>,
    pub bounced_at: Option<Time>,
}

/// A list of ids as the argument of `store::dialect::id_list`.
fn id_json(ids: impl IntoIterator<Item = i64>) -> String {
    let mut out = String::from("[");
    for (i, id) in ids.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&id.to_string());
    }
    out.push(']');
    out
}
