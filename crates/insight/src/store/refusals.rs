//! Who asked not to be written to any more.

use basis::WorkspaceId;
use store::{Result, Tx};

/// Each person who unsubscribed or complained, with the first time, on the campaign clock; merged customers under the id that
/// lives on.
///
/// # Errors
/// When the database fails.
pub async fn refusals(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, i64)>> {
    store::fetch_all!(
        *tx,
        (i64, i64),
        "SELECT COALESCE(a.current_id, x.customer_id) AS customer_id, MIN(x.at) AS at FROM reactions x
         LEFT JOIN customer_aliases a ON a.workspace_id = x.workspace_id AND a.customer_id = x.customer_id
         WHERE x.workspace_id = $1 AND x.kind IN ('opt_out', 'complaint') AND x.verdict = 'human'
         GROUP BY COALESCE(a.current_id, x.customer_id)",
        ws.get()
    )
}
