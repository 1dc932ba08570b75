use basis::{Fault, ImportId, SourceId, WorkspaceId};
use store::{Tx, Value};

/// The version of a record that is in force.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Current {
    pub key: String,
    pub id: i64,
    pub version: i64,
    pub fingerprint: String,
}

/// A version of a record to be stored.
#[derive(Debug)]
pub(crate) struct NewRecord<'a> {
    pub id: i64,
    pub version: i64,
    pub current: bool,
    pub kind: &'static str,
    pub key: &'a str,
    pub file: &'a str,
    pub line: i64,
    pub fingerprint: &'a str,
    pub payload: &'a str,
    pub channel: Option<&'a str>,
    pub touched_at: Option<i64>,
}

/// A stored record as an undo needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Stored {
    pub id: i64,
    pub version: i64,
    pub import_id: i64,
    pub kind: String,
    pub key: String,
    pub file: String,
    pub line: i64,
    pub payload: String,
}

fn json<T: serde::Serialize>(list: &[T]) -> Value {
    Value::Text(serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned()))
}

pub(crate) async fn source_has_records(
    tx: &mut Tx,
    ws: WorkspaceId,
    source: SourceId,
) -> Result<bool, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT id FROM records WHERE workspace_id = $1 AND source_id = $2 AND current LIMIT 1",
        ws.get(),
        source.get()
    )?;
    Ok(row.is_some())
}

pub(crate) async fn current_of(
    tx: &mut Tx,
    ws: WorkspaceId,
    source: SourceId,
    keys: &[&str],
) -> Result<Vec<Current>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let list = store::dialect::text_list(tx.engine(), 3);
    let sql = format!(
        "SELECT key, id, version, fingerprint FROM records
         WHERE workspace_id = $1 AND source_id = $2 AND current AND key IN {list}"
    );
    Ok(tx.fetch_dyn(&sql, &[Value::Int(ws.get()), Value::Int(source.get()), json(keys)]).await?)
}

/// The highest version of each record of these imports, by key.
pub(crate) async fn records_of_imports(
    tx: &mut Tx,
    ws: WorkspaceId,
    imports: &[i64],
) -> Result<Vec<(String, i64, i64)>, Fault> {
    let list = store::dialect::id_list(tx.engine(), 2);
    let sql = format!(
        "SELECT key, id, MAX(version) FROM records WHERE workspace_id = $1 AND import_id IN {list} GROUP BY key, id"
    );
    Ok(tx.fetch_dyn(&sql, &[Value::Int(ws.get()), json(imports)]).await?)
}

/// The versions of these records that are in force stop being so.
pub(crate) async fn supersede(tx: &mut Tx, ws: WorkspaceId, ids: &[i64]) -> Result<u64, Fault> {
    if ids.is_empty() {
        return Ok(0);
    }
    let list = store::dialect::id_list(tx.engine(), 2);
    let sql =
        format!("UPDATE records SET current = FALSE WHERE workspace_id = $1 AND current AND id IN {list}");
    Ok(tx.execute_dyn(&sql, &[Value::Int(ws.get()), json(ids)]).await?)
}

pub(crate) async fn insert_records(
    tx: &mut Tx,
    ws: WorkspaceId,
    source: SourceId,
    import: ImportId,
    rows: &[NewRecord<'_>],
) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO records (workspace_id, id, version, current, source_id, import_id, kind, key, file, line, fingerprint, payload, channel, touched_at)",
        rows,
        |r| [
            ws.get(),
            r.id,
            r.version,
            r.current,
            source.get(),
            import.get(),
            r.kind,
            r.key,
            r.file,
            r.line,
            r.fingerprint,
            r.payload,
            r.channel,
            r.touched_at
        ]
    )?;
    Ok(())
}

/// Versions that an import stored, in the order of ids, behind `after`.
pub(crate) async fn stored_by(
    tx: &mut Tx,
    ws: WorkspaceId,
    import: ImportId,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        Stored,
        "SELECT id, version, import_id, kind, key, file, line, payload FROM records
         WHERE workspace_id = $1 AND import_id = $2 AND id > $3 ORDER BY id, version LIMIT $4",
        ws.get(),
        import.get(),
        after,
        limit
    )?)
}

/// For each of these records the newest version whose import still counts.
pub(crate) async fn standing_versions(
    tx: &mut Tx,
    ws: WorkspaceId,
    undone: ImportId,
    ids: &[i64],
) -> Result<Vec<Stored>, Fault> {
    let list = store::dialect::id_list(tx.engine(), 3);
    let sql = format!(
        "SELECT r.id, r.version, r.import_id, r.kind, r.key, r.file, r.line, r.payload FROM records r
         WHERE r.workspace_id = $1 AND r.id IN {list} AND r.version = (
           SELECT MAX(v.version) FROM records v JOIN imports i ON i.workspace_id = v.workspace_id AND i.id = v.import_id
           WHERE v.workspace_id = $1 AND v.id = r.id AND v.import_id <> $2 AND i.state <> 'undone')"
    );
    Ok(tx.fetch_dyn(&sql, &[Value::Int(ws.get()), Value::Int(undone.get()), json(ids)]).await?)
}

/// Puts one version of each record into force.
pub(crate) async fn reinstate(tx: &mut Tx, ws: WorkspaceId, versions: &[(i64, i64)]) -> Result<(), Fault> {
    for (id, version) in versions {
        store::execute!(
            *tx,
            "UPDATE records SET current = TRUE WHERE workspace_id = $1 AND id = $2 AND version = $3",
            ws.get(),
            *id,
            *version
        )?;
    }
    Ok(())
}

/// Hashes of erased records among these.
pub(crate) async fn erased_among(
    tx: &mut Tx,
    ws: WorkspaceId,
    hashes: &[String],
) -> Result<Vec<String>, Fault> {
    let list = store::dialect::text_list(tx.engine(), 2);
    let sql = format!("SELECT hash FROM tombstones WHERE workspace_id = $1 AND hash IN {list}");
    let rows: Vec<(String,)> = tx.fetch_dyn(&sql, &[Value::Int(ws.get()), json(hashes)]).await?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

pub(crate) async fn has_tombstones(tx: &mut Tx, ws: WorkspaceId) -> Result<bool, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT erased_at FROM tombstones WHERE workspace_id = $1 LIMIT 1",
        ws.get()
    )?;
    Ok(row.is_some())
}
