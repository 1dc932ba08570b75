use basis::{Fault, WorkspaceId};
use store::Tx;

pub async fn targets(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(String, f64)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (String, f64),
        "SELECT kpi, target FROM plan_targets WHERE workspace_id = $1 ORDER BY kpi",
        ws.get()
    )?)
}

pub async fn set(tx: &mut Tx, ws: WorkspaceId, kpi: &str, target: f64) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO plan_targets (workspace_id, kpi, target) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id, kpi) DO UPDATE SET target = excluded.target",
        ws.get(),
        kpi,
        target
    )?;
    Ok(())
}

pub async fn remove(tx: &mut Tx, ws: WorkspaceId, kpi: &str) -> Result<(), Fault> {
    store::execute!(*tx, "DELETE FROM plan_targets WHERE workspace_id = $1 AND kpi = $2", ws.get(), kpi)?;
    Ok(())
}

/// Campaigns that were launched, the newest first: (id, name).
pub async fn launched(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<(i64, String)>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        (i64, String),
        "SELECT id, name FROM campaigns WHERE workspace_id = $1 AND launched_at IS NOT NULL ORDER BY launched_at DESC, id DESC LIMIT 100",
        ws.get()
    )?)
}
