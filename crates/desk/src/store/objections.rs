use std::collections::HashMap;

use access::Op;
use basis::{CallTaskId, Fault, WorkspaceId};
use store::Tx;

use crate::rules::objections::{Objection, Texts, library};

#[derive(sqlx::FromRow)]
struct Row {
    code: String,
    reason: String,
    retired: bool,
    version: i64,
    texts: Option<String>,
}

fn read(code: &str, texts: &str) -> Result<Texts, Fault> {
    serde_json::from_str(texts)
        .map_err(|_| Fault::internal("objections", format!("objection_versions.texts of {code} is no JSON")))
}

/// The library of a workspace, the shipped objections first.
///
/// # Errors
/// When the database fails or holds what is no library.
pub async fn objections(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Objection>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        Row,
        "SELECT o.code, o.reason, o.retired, o.version, v.texts FROM objections o
         LEFT JOIN objection_versions v ON v.workspace_id = o.workspace_id AND v.code = o.code AND v.version = o.version
         WHERE o.workspace_id = $1 ORDER BY o.position, o.code",
        ws.get()
    )?;
    let shipped: HashMap<String, Texts> =
        library(Vec::new()).into_iter().map(|o| (o.code, o.texts)).collect();
    let own = rows
        .into_iter()
        .map(|row| {
            // The first version of a shipped one is in the program.
            let texts = match &row.texts {
                Some(texts) => read(&row.code, texts)?,
                None => shipped.get(&row.code).cloned().unwrap_or_default(),
            };
            Ok(Objection {
                code: row.code,
                reason: row.reason,
                retired: row.retired,
                version: row.version,
                shipped: false,
                texts,
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(library(own))
}

/// Writes an objection down as it is now; the words are another table's.
pub async fn set(tx: &mut Tx, ws: WorkspaceId, o: &Objection, position: i64) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO objections (workspace_id, code, reason, retired, version, position) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, code) DO UPDATE SET reason = excluded.reason, retired = excluded.retired, version = excluded.version",
        ws.get(),
        o.code.as_str(),
        o.reason.as_str(),
        o.retired,
        o.version,
        position
    )?;
    Ok(())
}

/// Adds the words of a version.
pub async fn add_version(tx: &mut Tx, op: &Op, o: &Objection) -> Result<(), Fault> {
    let texts = serde_json::to_string(&o.texts).map_err(|e| Fault::internal("objections", e.to_string()))?;
    store::execute!(
        *tx,
        "INSERT INTO objection_versions (workspace_id, code, version, texts, at, actor_kind, actor_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        op.ws().get(),
        o.code.as_str(),
        o.version,
        texts,
        op.now().millis(),
        op.actor.kind_str(),
        op.actor.id
    )?;
    Ok(())
}

/// A version of an objection's words.
#[derive(Debug, Clone)]
pub struct Version {
    pub version: i64,
    pub texts: Texts,
    pub at: i64,
    pub actor: Option<String>,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    version: i64,
    texts: String,
    at: i64,
    actor: Option<String>,
}

/// Versions that were written, the newest first.
pub async fn versions(tx: &mut Tx, ws: WorkspaceId, code: &str) -> Result<Vec<Version>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        VersionRow,
        "SELECT v.version, v.texts, v.at, COALESCE(u.name, t.name) AS actor FROM objection_versions v
         LEFT JOIN users u ON v.actor_kind = 'user' AND u.id = v.actor_id
         LEFT JOIN api_tokens t ON v.actor_kind = 'token' AND t.workspace_id = v.workspace_id AND t.id = v.actor_id
         WHERE v.workspace_id = $1 AND v.code = $2 ORDER BY v.version DESC LIMIT 200",
        ws.get(),
        code
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Version { version: row.version, texts: read(code, &row.texts)?, at: row.at, actor: row.actor })
        })
        .collect()
}

/// The call that is under way for a task.
pub async fn open_attempt(tx: &mut Tx, ws: WorkspaceId, task: CallTaskId) -> Result<Option<i64>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT id FROM call_attempts WHERE workspace_id = $1 AND task_id = $2 AND outcome = 'open' ORDER BY id DESC LIMIT 1",
        ws.get(),
        task.get()
    )?;
    Ok(row.map(|(id,)| id))
}

/// What was objected in a call: (code, version).
pub async fn keep(tx: &mut Tx, ws: WorkspaceId, attempt: i64, raised: &[(String, i64)]) -> Result<(), Fault> {
    for (position, (code, version)) in (0_i64..).zip(raised) {
        store::execute!(
            *tx,
            "INSERT INTO call_objections (workspace_id, attempt_id, code, version, position) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            ws.get(),
            attempt,
            code.as_str(),
            *version,
            position
        )?;
    }
    Ok(())
}
