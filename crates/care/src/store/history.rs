use access::Op;
use basis::{Fault, WorkspaceId};
use store::Tx;

/// One changed field: name, before, after.
pub type Change = (&'static str, String, String);

pub async fn log(tx: &mut Tx, op: &Op, item: i64, changes: &[Change]) -> Result<(), Fault> {
    let ids = op.app.next_ids(changes.len());
    let at = op.campaign_now().millis();
    for (id, (field, before, after)) in ids.into_iter().zip(changes) {
        store::execute!(
            *tx,
            "INSERT INTO care_changes (workspace_id, id, item_id, at, actor_kind, actor_id, field, before, after)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            op.ws().get(),
            id,
            item,
            at,
            op.actor.kind_str(),
            op.actor.id,
            *field,
            before.as_str(),
            after.as_str()
        )?;
    }
    Ok(())
}

#[derive(Debug, sqlx::FromRow)]
pub struct ChangeRow {
    pub id: i64,
    pub at: i64,
    pub actor: Option<String>,
    pub field: String,
    pub before: String,
    pub after: String,
}

/// The newest first.
pub async fn of(tx: &mut Tx, ws: WorkspaceId, item: i64) -> Result<Vec<ChangeRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        ChangeRow,
        "SELECT h.id, h.at, COALESCE(CASE WHEN u.name = '' THEN u.email ELSE u.name END, t.name) AS actor, h.field, h.before, h.after
         FROM care_changes h
         LEFT JOIN users u ON h.actor_kind = 'user' AND u.id = h.actor_id
         LEFT JOIN api_tokens t ON h.actor_kind = 'token' AND t.workspace_id = h.workspace_id AND t.id = h.actor_id
         WHERE h.workspace_id = $1 AND h.item_id = $2 ORDER BY h.id DESC LIMIT 200",
        ws.get(),
        item
    )?)
}
