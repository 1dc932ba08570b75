//! Why people leave, as they told an operator.

use basis::WorkspaceId;
use store::{Result, Tx};

/// The last reason that a customer gave, and when, on the campaign clock.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LeavingReason {
    pub customer_id: i64,
    pub reason: String,
    pub at: i64,
}

/// Every customer's reasons, oldest first; merged customers answer under the id that lives on.
///
/// # Errors
/// When the database fails.
pub async fn leaving_reasons(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<LeavingReason>> {
    store::fetch_all!(
        *tx,
        LeavingReason,
        "SELECT COALESCE(a.current_id, t.customer_id) AS customer_id, t.reason, COALESCE(t.finished_at, 0) AS at
         FROM call_tasks t LEFT JOIN customer_aliases a ON a.workspace_id = t.workspace_id AND a.customer_id = t.customer_id
         WHERE t.workspace_id = $1 AND t.outcome = 'refused' AND t.reason IS NOT NULL ORDER BY t.finished_at, t.id",
        ws.get()
    )
}

/// (customer, moment) of each consent to marketing that was withdrawn, as the customers stand today.
pub async fn withdrawals(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, i64)>> {
    store::fetch_all!(
        *tx,
        (i64, i64),
        "SELECT COALESCE(a.current_id, c.customer_id), c.at FROM consents c
         LEFT JOIN customer_aliases a ON a.workspace_id = c.workspace_id AND a.customer_id = c.customer_id
         WHERE c.workspace_id = $1 AND c.purpose = 'marketing' AND c.state = 'withdrawn'",
        ws.get()
    )
}
