use access::Op;
use basis::{Fault, ImprovementId, Time, WorkspaceId};
use store::Tx;

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct ItemRow {
    pub id: i64,
    pub title: String,
    pub lane: String,
    pub reason: String,
    pub touchpoint: String,
    pub owner_id: Option<i64>,
    pub status: String,
    pub due_day: Option<i64>,
    pub in_place_day: Option<i64>,
    pub metric: String,
    pub note: String,
    pub created_at: i64,
    pub updated_at: i64,
}

pub async fn items(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<ItemRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        ItemRow,
        "SELECT id, title, lane, reason, touchpoint, owner_id, status, due_day, in_place_day, metric, note, created_at, updated_at
         FROM improvements WHERE workspace_id = $1 ORDER BY CASE WHEN due_day IS NULL THEN 1 ELSE 0 END, due_day, id LIMIT 1000",
        ws.get()
    )?)
}

pub async fn item(tx: &mut Tx, ws: WorkspaceId, id: ImprovementId) -> Result<ItemRow, Fault> {
    store::fetch_optional!(
        *tx,
        ItemRow,
        "SELECT id, title, lane, reason, touchpoint, owner_id, status, due_day, in_place_day, metric, note, created_at, updated_at
         FROM improvements WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?
    .ok_or_else(|| Fault::not_found("improvement", "There is no such improvement."))
}

pub async fn add(tx: &mut Tx, ws: WorkspaceId, row: &ItemRow) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO improvements (workspace_id, id, title, lane, reason, touchpoint, owner_id, status, due_day, in_place_day, metric, note, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        ws.get(),
        row.id,
        row.title.as_str(),
        row.lane.as_str(),
        row.reason.as_str(),
        row.touchpoint.as_str(),
        row.owner_id,
        row.status.as_str(),
        row.due_day,
        row.in_place_day,
        row.metric.as_str(),
        row.note.as_str(),
        row.created_at,
        row.updated_at
    )?;
    Ok(())
}

/// Writes a changed row down; false when somebody changed it in between.
pub async fn change(tx: &mut Tx, ws: WorkspaceId, row: &ItemRow, seen: i64) -> Result<bool, Fault> {
    let touched = store::execute!(
        *tx,
        "UPDATE improvements SET title = $3, lane = $4, reason = $5, touchpoint = $6, owner_id = $7, status = $8, due_day = $9,
           in_place_day = $10, metric = $11, note = $12, updated_at = $13
         WHERE workspace_id = $1 AND id = $2 AND updated_at = $14",
        ws.get(),
        row.id,
        row.title.as_str(),
        row.lane.as_str(),
        row.reason.as_str(),
        row.touchpoint.as_str(),
        row.owner_id,
        row.status.as_str(),
        row.due_day,
        row.in_place_day,
        row.metric.as_str(),
        row.note.as_str(),
        row.updated_at,
        seen
    )?;
    Ok(touched == 1)
}

/// A line of the history.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ChangeRow {
    pub id: i64,
    pub at: i64,
    pub actor: Option<String>,
    pub field: String,
    pub before: String,
    pub after: String,
}

pub async fn log(
    tx: &mut Tx,
    op: &Op,
    item: i64,
    field: &str,
    before: &str,
    after: &str,
    at: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO improvement_changes (workspace_id, id, improvement_id, at, actor_kind, actor_id, field, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        op.ws().get(),
        op.next_id(),
        item,
        at.millis(),
        op.actor.kind_str(),
        op.actor.id,
        field,
        before,
        after
    )?;
    Ok(())
}

pub async fn history(tx: &mut Tx, ws: WorkspaceId, id: ImprovementId) -> Result<Vec<ChangeRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        ChangeRow,
        "SELECT h.id, h.at, COALESCE(u.name, t.name) AS actor, h.field, h.before, h.after
         FROM improvement_changes h
         LEFT JOIN users u ON h.actor_kind = 'user' AND u.id = h.actor_id
         LEFT JOIN api_tokens t ON h.actor_kind = 'token' AND t.workspace_id = h.workspace_id AND t.id = h.actor_id
         WHERE h.workspace_id = $1 AND h.improvement_id = $2 ORDER BY h.id DESC LIMIT 500",
        ws.get(),
        id.get()
    )?)
}
