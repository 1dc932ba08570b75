//! When and where from customers came first.

use basis::WorkspaceId;
use store::{Result, Tx};

/// The earliest record of a customer of one kind, channel and source.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TouchRow {
    pub customer_id: i64,
    pub kind: String,
    pub channel: Option<String>,
    pub source: String,
    pub at: i64,
}

/// The records in force, gathered by customer; what a file does not date has the time of its import.
pub async fn touches(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<TouchRow>> {
    store::fetch_all!(
        *tx,
        TouchRow,
        "SELECT c.customer_id, r.kind, r.channel, s.name AS source, MIN(COALESCE(r.touched_at, o.ordered_at, i.created_at)) AS at
         FROM records r
         JOIN record_customers c ON c.workspace_id = r.workspace_id AND c.record_id = r.id
         JOIN sources s ON s.workspace_id = r.workspace_id AND s.id = r.source_id
         JOIN imports i ON i.workspace_id = r.workspace_id AND i.id = r.import_id
         LEFT JOIN orders o ON o.workspace_id = r.workspace_id AND o.record_id = r.id
         WHERE r.workspace_id = $1 AND r.current
         GROUP BY c.customer_id, r.kind, r.channel, s.name",
        ws.get()
    )
}
