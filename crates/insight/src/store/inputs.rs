//! Entered costs and margins.

use basis::WorkspaceId;
use store::{Result, Tx};

/// An entered cost or share.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct InputRow {
    pub month: i64,
    pub kind: String,
    pub amount: f64,
}

pub async fn inputs(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<InputRow>> {
    store::fetch_all!(
        *tx,
        InputRow,
        "SELECT month, kind, amount FROM insight_inputs WHERE workspace_id = $1 ORDER BY month, kind",
        ws.get()
    )
}

pub async fn set_input(tx: &mut Tx, ws: WorkspaceId, row: &InputRow) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO insight_inputs (workspace_id, month, kind, amount) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, month, kind) DO UPDATE SET amount = excluded.amount",
        ws.get(),
        row.month,
        row.kind.as_str(),
        row.amount
    )?;
    Ok(())
}

pub async fn remove_input(tx: &mut Tx, ws: WorkspaceId, month: i64, kind: &str) -> Result<()> {
    store::execute!(
        *tx,
        "DELETE FROM insight_inputs WHERE workspace_id = $1 AND month = $2 AND kind = $3",
        ws.get(),
        month,
        kind
    )?;
    Ok(())
}
