use basis::{Fault, Time, WorkspaceId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    page::{Page, PageQuery},
};

/// Who did or saw what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    #[schema(value_type = String)]
    pub id: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    pub actor_kind: String,
    /// The user's e-mail or the token's name.
    pub actor: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub detail: serde_json::Value,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: i64,
    actor_kind: String,
    actor: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: String,
    detail: String,
}

pub(crate) async fn list(app: &App, ws: WorkspaceId, query: &PageQuery) -> Result<Page<AuditEntry>, Fault> {
    let before: i64 = query.cursor.as_deref().and_then(|c| c.parse().ok()).unwrap_or(i64::MAX);
    let mut tx = app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        Row,
        "SELECT a.id, a.at, a.actor_kind, COALESCE(u.email, t.name) AS actor, a.action, a.subject_kind, a.subject_id, a.detail
         FROM audit_log a
         LEFT JOIN users u ON a.actor_kind = 'user' AND u.id = a.actor_id
         LEFT JOIN api_tokens t ON a.actor_kind = 'token' AND t.workspace_id = a.workspace_id AND t.id = a.actor_id
         WHERE a.workspace_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3",
        ws.get(),
        before,
        i64::from(query.limit()) + 1
    )?;
    let entries = rows
        .into_iter()
        .map(|row| AuditEntry {
            id: row.id.to_string(),
            at: Time::from_millis(row.at),
            actor_kind: row.actor_kind,
            actor: row.actor.unwrap_or_default(),
            action: row.action,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
        })
        .collect();
    Ok(Page::cut(entries, query.limit(), |entry| entry.id.clone()))
}
