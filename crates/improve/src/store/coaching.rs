use basis::{CoachingId, Fault, WorkspaceId};
use store::Tx;

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CoachingRow {
    pub id: i64,
    pub operator_id: i64,
    pub topic: String,
    pub title: String,
    pub calls: String,
    pub due_day: Option<i64>,
    pub given_by: i64,
    pub given_kind: String,
    pub given_day: i64,
    pub done_day: Option<i64>,
    pub state: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Tasks of an operator, or of all of them for 0; the open ones first, those due first in front.
pub async fn tasks(tx: &mut Tx, ws: WorkspaceId, operator: i64) -> Result<Vec<CoachingRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        CoachingRow,
        "SELECT id, operator_id, topic, title, calls, due_day, given_by, given_kind, given_day, done_day, state, created_at, updated_at
         FROM coaching_tasks WHERE workspace_id = $1 AND ($2 = 0 OR operator_id = $2)
         ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, CASE WHEN due_day IS NULL THEN 1 ELSE 0 END, due_day, id LIMIT 500",
        ws.get(),
        operator
    )?)
}

pub async fn task(tx: &mut Tx, ws: WorkspaceId, id: CoachingId) -> Result<CoachingRow, Fault> {
    store::fetch_optional!(
        *tx,
        CoachingRow,
        "SELECT id, operator_id, topic, title, calls, due_day, given_by, given_kind, given_day, done_day, state, created_at, updated_at
         FROM coaching_tasks WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("coaching", "There is no such task."))
}

pub async fn add(tx: &mut Tx, ws: WorkspaceId, row: &CoachingRow) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO coaching_tasks (workspace_id, id, operator_id, topic, title, calls, due_day, given_by, given_kind, given_day, done_day, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        ws.get(),
        row.id,
        row.operator_id,
        row.topic.as_str(),
        row.title.as_str(),
        row.calls.as_str(),
        row.due_day,
        row.given_by,
        row.given_kind.as_str(),
        row.given_day,
        row.done_day,
        row.state.as_str(),
        row.created_at,
        row.updated_at
    )?;
    Ok(())
}

/// Writes a changed task down; false when somebody changed it in between.
pub async fn change(tx: &mut Tx, ws: WorkspaceId, row: &CoachingRow, seen: i64) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE coaching_tasks SET title = $3, due_day = $4, done_day = $5, state = $6, updated_at = $7
         WHERE workspace_id = $1 AND id = $2 AND updated_at = $8",
        ws.get(),
        row.id,
        row.title.as_str(),
        row.due_day,
        row.done_day,
        row.state.as_str(),
        row.updated_at,
        seen
    )?;
    Ok(touched == 1)
}
