use basis::{Fault, Time, WorkspaceId};
use store::Tx;

pub async fn brief(tx: &mut Tx, ws: WorkspaceId) -> Result<Option<String>, Fault> {
    let row =
        store::fetch_optional!(*tx, (String,), "SELECT brief FROM briefs WHERE workspace_id = $1", ws.get())?;
    Ok(row.map(|(brief,)| brief))
}

pub async fn set(tx: &mut Tx, ws: WorkspaceId, brief: &str, at: Time, by: i64) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO briefs (workspace_id, brief, updated_at, updated_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id) DO UPDATE SET brief = excluded.brief, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        ws.get(),
        brief,
        at.millis(),
        by
    )?;
    Ok(())
}

/// Which of these categories are the workspace's.
pub async fn known_categories(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<i64>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT id FROM categories WHERE workspace_id = $1 ORDER BY position, id",
        ws.get()
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
