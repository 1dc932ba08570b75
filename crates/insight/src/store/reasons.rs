//! Why people leave, as they told an operator.

use basis::WorkspaceId;
use store::{Result, Tx};

/// The last reason that a customer gave, and when, on the campaign clock.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LeavingReason {
    pub customer_id: i64,
    pub reason: String,
    pub at: i64,
    /// To whom they went.
    pub competitor: Option<String>,
    /// Who of the shop displeased them.
    pub employee: Option<String>,
    /// The order that displeased them.
    pub order_id: Option<i64>,
}

/// Every customer's reasons, oldest first; merged customers answer under the id that lives on.
///
/// # Errors
/// When the database fails.
pub async fn leaving_reasons(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<LeavingReason>> {
    store::fetch_all!(
        *tx,
        LeavingReason,
        "SELECT COALESCE(a.current_id, t.customer_id) AS customer_id, t.reason, COALESCE(t.finished_at, 0) AS at,
           t.competitor, t.employee, t.order_id
         FROM call_tasks t LEFT JOIN customer_aliases a ON a.workspace_id = t.workspace_id AND a.customer_id = t.customer_id
         WHERE t.workspace_id = $1 AND t.outcome = 'refused' AND t.reason IS NOT NULL ORDER BY t.finished_at, t.id",
        ws.get()
    )
}
