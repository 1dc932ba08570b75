use basis::{Fault, ImportId, SourceId, Time, UserId, WorkspaceId};
use store::Tx;

use crate::import::{FileProgress, Import, ImportState};

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: i64,
    source_id: i64,
    source: String,
    state: String,
    files: String,
    mapping: String,
    error: Option<String>,
    created_by: i64,
    created_at: i64,
    finished_at: Option<i64>,
    undone_at: Option<i64>,
}

impl TryFrom<ImportRow> for Import {
    type Error = Fault;
    fn try_from(row: ImportRow) -> Result<Self, Fault> {
        let odd = |column: &'static str, value: &str| {
            Fault::from(store::Error::Impossible {
                table: "imports",
                column,
                row: row.id,
                value: value.to_owned(),
            })
        };
        Ok(Self {
            id: ImportId(row.id),
            source_id: SourceId(row.source_id),
            source: row.source,
            state: ImportState::parse(&row.state).ok_or_else(|| odd("state", &row.state))?,
            files: serde_json::from_str(&row.files).map_err(|_| odd("files", &row.files))?,
            mapping: row.mapping,
            error: row.error,
            created_by: (row.created_by != 0).then_some(UserId(row.created_by)),
            created_at: Time::from_millis(row.created_at),
            finished_at: row.finished_at.map(Time::from_millis),
            undone_at: row.undone_at.map(Time::from_millis),
        })
    }
}

/// Writes an import down; `campaign_now` is its moment by the workspace's own clock.
pub(crate) async fn insert_import(
    tx: &mut Tx,
    ws: WorkspaceId,
    import: &Import,
    campaign_now: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO imports (workspace_id, id, source_id, state, files, mapping, created_by, created_at, campaign_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        ws.get(),
        import.id.get(),
        import.source_id.get(),
        import.state.as_str(),
        files_json(&import.files),
        import.mapping.as_str(),
        import.created_by.map_or(0, UserId::get),
        import.created_at.millis(),
        campaign_now.millis()
    )?;
    Ok(())
}

pub(crate) async fn import(tx: &mut Tx, ws: WorkspaceId, id: ImportId) -> Result<Option<Import>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        ImportRow,
        "SELECT i.id, i.source_id, s.name AS source, i.state, i.files, i.mapping, i.error, i.created_by, i.created_at,
                i.finished_at, i.undone_at
         FROM imports i JOIN sources s ON s.workspace_id = i.workspace_id AND s.id = i.source_id
         WHERE i.workspace_id = $1 AND i.id = $2",
        ws.get(),
        id.get()
    )?;
    row.map(Import::try_from).transpose()
}

/// Newest first, from below `before` on.
pub(crate) async fn imports(
    tx: &mut Tx,
    ws: WorkspaceId,
    before: ImportId,
    limit: i64,
) -> Result<Vec<Import>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        ImportRow,
        "SELECT i.id, i.source_id, s.name AS source, i.state, i.files, i.mapping, i.error, i.created_by, i.created_at,
                i.finished_at, i.undone_at
         FROM imports i JOIN sources s ON s.workspace_id = i.workspace_id AND s.id = i.source_id
         WHERE i.workspace_id = $1 AND i.id < $2 ORDER BY i.id DESC LIMIT $3",
        ws.get(),
        before.get(),
        limit
    )?;
    rows.into_iter().map(Import::try_from).collect()
}

/// The checkpoint: goes into the transaction that stores the rows.
pub(crate) async fn set_progress(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: ImportId,
    files: &[FileProgress],
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE imports SET files = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        files_json(files)
    )?;
    Ok(())
}

/// Moves an import on; answers whether it was in the state that it leaves.
pub(crate) async fn set_state(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: ImportId,
    to: ImportState,
    error: Option<&str>,
    now: Time,
) -> Result<(), Fault> {
    let finished = matches!(to, ImportState::Done | ImportState::Failed).then_some(now.millis());
    let undone = (to == ImportState::Undone).then_some(now.millis());
    store::execute!(
        *tx,
        "UPDATE imports SET state = $3, error = $4, finished_at = COALESCE($5, finished_at), undone_at = $6
         WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        to.as_str(),
        error,
        finished,
        undone
    )?;
    Ok(())
}

/// Imports of a source that were undone: their records may come back under the same ids.
pub(crate) async fn undone_imports(
    tx: &mut Tx,
    ws: WorkspaceId,
    source: SourceId,
) -> Result<Vec<i64>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        (i64,),
        "SELECT id FROM imports WHERE workspace_id = $1 AND source_id = $2 AND state = 'undone'",
        ws.get(),
        source.get()
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Later imports of the same source that touched records of this one: they have to be undone first.
pub(crate) async fn is_built_upon(tx: &mut Tx, ws: WorkspaceId, id: ImportId) -> Result<bool, Fault> {
    let row = store::fetch_optional!(
        *tx,
        (i64,),
        "SELECT later.id FROM records mine
         JOIN records later ON later.workspace_id = mine.workspace_id AND later.id = mine.id AND later.version > mine.version
         JOIN imports i ON i.workspace_id = later.workspace_id AND i.id = later.import_id
         WHERE mine.workspace_id = $1 AND mine.import_id = $2 AND later.import_id <> $2 AND i.state <> 'undone' LIMIT 1",
        ws.get(),
        id.get()
    )?;
    Ok(row.is_some())
}

fn files_json(files: &[FileProgress]) -> String {
    serde_json::to_string(files).unwrap_or_else(|_| "[]".to_owned())
}

/// A rejected row as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RejectRow {
    pub file: String,
    pub line: i64,
    pub column_name: String,
    pub reason: String,
    pub raw: String,
}

pub(crate) async fn insert_rejects(
    tx: &mut Tx,
    ws: WorkspaceId,
    import: ImportId,
    rows: &[RejectRow],
) -> Result<(), Fault> {
    store::insert_many!(
        *tx,
        "INSERT INTO rejects (workspace_id, import_id, file, line, column_name, reason, raw)",
        rows,
        |r| [
            ws.get(),
            import.get(),
            r.file.as_str(),
            r.line,
            r.column_name.as_str(),
            r.reason.as_str(),
            r.raw.as_str()
        ],
        "ON CONFLICT DO NOTHING"
    )?;
    Ok(())
}

/// Rejects in the order of their files and lines, behind the given place.
pub(crate) async fn rejects(
    tx: &mut Tx,
    ws: WorkspaceId,
    import: ImportId,
    after: (&str, i64),
    limit: i64,
) -> Result<Vec<RejectRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        RejectRow,
        "SELECT file, line, column_name, reason, raw FROM rejects
         WHERE workspace_id = $1 AND import_id = $2 AND (file > $3 OR (file = $3 AND line > $4))
         ORDER BY file, line LIMIT $5",
        ws.get(),
        import.get(),
        after.0,
        after.1,
        limit
    )?)
}

pub(crate) async fn rejects_of_file(
    tx: &mut Tx,
    ws: WorkspaceId,
    import: ImportId,
    file: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<RejectRow>, Fault> {
    Ok(store::fetch_all!(
        *tx,
        RejectRow,
        "SELECT file, line, column_name, reason, raw FROM rejects
         WHERE workspace_id = $1 AND import_id = $2 AND file = $3 AND line > $4 ORDER BY line LIMIT $5",
        ws.get(),
        import.get(),
        file,
        after,
        limit
    )?)
}
