//! Campaigns and whom they addressed.

use basis::WorkspaceId;
use store::{Result, Tx};

/// Days after the launch that count when the goal names none.
const WINDOW_DAYS: i64 = 14;

/// The window of a campaign's goal.
#[must_use]
pub fn window_days(goal: &str) -> i64 {
    serde_json::from_str::<serde_json::Value>(goal)
        .ok()
        .and_then(|goal| goal["window_days"].as_i64())
        .filter(|days| *days > 0)
        .unwrap_or(WINDOW_DAYS)
}

/// A customer of a launched campaign, not held out.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AddressedRow {
    pub customer_id: i64,
    /// Of a journey: when the customer entered it.
    pub launched_at: i64,
    pub goal: String,
}

/// Whom the launched campaigns addressed, as the customers stand today.
pub async fn addressed(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<AddressedRow>> {
    store::fetch_all!(
        *tx,
        AddressedRow,
        "SELECT COALESCE(a.current_id, m.customer_id) AS customer_id, COALESCE(m.entered_at, c.launched_at) AS launched_at, c.goal
         FROM campaigns c
         JOIN campaign_members m ON m.workspace_id = c.workspace_id AND m.campaign_id = c.id
         LEFT JOIN customer_aliases a ON a.workspace_id = m.workspace_id AND a.customer_id = m.customer_id
         WHERE c.workspace_id = $1 AND c.launched_at IS NOT NULL AND NOT m.holdout",
        ws.get()
    )
}
