//! Benchmarks that a workspace set itself.

use basis::WorkspaceId;
use store::{Result, Tx};

/// Code, value and source of each.
///
/// # Errors
/// When the database fails.
pub async fn own_benchmarks(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(String, f64, String)>> {
    store::fetch_all!(
        *tx,
        (String, f64, String),
        "SELECT code, value, source FROM benchmarks WHERE workspace_id = $1 ORDER BY code",
        ws.get()
    )
}

/// # Errors
/// When the database fails.
pub async fn set_benchmark(tx: &mut Tx, ws: WorkspaceId, code: &str, value: f64, source: &str) -> Result<()> {
    store::execute!(
        *tx,
        "INSERT INTO benchmarks (workspace_id, code, value, source) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, code) DO UPDATE SET value = excluded.value, source = excluded.source",
        ws.get(),
        code,
        value,
        source
    )?;
    Ok(())
}

/// Back to what was shipped.
///
/// # Errors
/// When the database fails.
pub async fn remove_benchmark(tx: &mut Tx, ws: WorkspaceId, code: &str) -> Result<()> {
    store::execute!(*tx, "DELETE FROM benchmarks WHERE workspace_id = $1 AND code = $2", ws.get(), code)?;
    Ok(())
}
