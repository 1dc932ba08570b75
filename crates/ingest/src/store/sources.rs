use basis::{Fault, SourceId, Time, WorkspaceId};
use store::Tx;

use crate::import::Source;

#[derive(sqlx::FromRow)]
struct SourceRow {
    id: i64,
    name: String,
    mapping: String,
    legal_basis: String,
    records: i64,
}

impl From<SourceRow> for Source {
    fn from(row: SourceRow) -> Self {
        Self {
            id: SourceId(row.id),
            name: row.name,
            mapping: row.mapping,
            legal_basis: row.legal_basis,
            records: row.records,
        }
    }
}

/// All sources with the number of their current records.
pub(crate) async fn sources(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<Source>, Fault> {
    let rows = store::fetch_all!(
        *tx,
        SourceRow,
        "SELECT s.id, s.name, s.mapping, s.legal_basis,
                (SELECT COUNT(*) FROM records r WHERE r.workspace_id = s.workspace_id AND r.source_id = s.id AND r.current) AS records
         FROM sources s WHERE s.workspace_id = $1 ORDER BY s.created_at, s.id",
        ws.get()
    )?;
    Ok(rows.into_iter().map(Source::from).collect())
}

pub(crate) async fn source_named(tx: &mut Tx, ws: WorkspaceId, name: &str) -> Result<Option<Source>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        SourceRow,
        "SELECT id, name, mapping, legal_basis, CAST(0 AS BIGINT) AS records FROM sources WHERE workspace_id = $1 AND name = $2",
        ws.get(),
        name
    )?;
    Ok(row.map(Source::from))
}

pub(crate) async fn source(tx: &mut Tx, ws: WorkspaceId, id: SourceId) -> Result<Option<Source>, Fault> {
    let row = store::fetch_optional!(
        *tx,
        SourceRow,
        "SELECT id, name, mapping, legal_basis, CAST(0 AS BIGINT) AS records FROM sources WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get()
    )?;
    Ok(row.map(Source::from))
}

pub(crate) async fn insert_source(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: SourceId,
    name: &str,
    now: Time,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "INSERT INTO sources (workspace_id, id, name, mapping, legal_basis, created_at) VALUES ($1, $2, $3, '', '[]', $4)
         ON CONFLICT (workspace_id, name) DO NOTHING",
        ws.get(),
        id.get(),
        name,
        now.millis()
    )?;
    Ok(())
}

pub(crate) async fn remember_mapping(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: SourceId,
    mapping: &str,
) -> Result<(), Fault> {
    store::execute!(
        *tx,
        "UPDATE sources SET mapping = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        mapping
    )?;
    Ok(())
}

pub(crate) async fn set_legal_basis(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: SourceId,
    json: &str,
) -> Result<u64, Fault> {
    Ok(store::execute!(
        *tx,
        "UPDATE sources SET legal_basis = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        json
    )?)
}

pub(crate) async fn rename_source(
    tx: &mut Tx,
    ws: WorkspaceId,
    id: SourceId,
    name: &str,
) -> Result<u64, Fault> {
    Ok(store::execute!(
        *tx,
        "UPDATE sources SET name = $3 WHERE workspace_id = $1 AND id = $2",
        ws.get(),
        id.get(),
        name
    )?)
}

/// A source as the list of places to look at sees it.
pub(crate) struct SourceContent {
    pub(crate) name: String,
    /// The name of the source and those of its files.
    pub(crate) names: Vec<String>,
    pub(crate) kinds: Vec<String>,
}

/// Sources that were imported, with the kinds of their records. A look at the first records of each import tells: a file holds
/// one kind, and counting a million rows would take a second.
pub(crate) async fn source_contents(tx: &mut Tx, ws: WorkspaceId) -> Result<Vec<SourceContent>, Fault> {
    let imports = store::fetch_all!(
        *tx,
        (i64, i64, String, String),
        "SELECT s.id, i.id, s.name, i.files FROM sources s JOIN imports i ON i.workspace_id = s.workspace_id AND i.source_id = s.id
         WHERE s.workspace_id = $1 AND i.state = 'done' ORDER BY i.id DESC LIMIT 100",
        ws.get()
    )?;
    let mut out: Vec<(i64, SourceContent)> = Vec::new();
    for (id, import, name, files) in imports {
        let files: Vec<serde_json::Value> = serde_json::from_str(&files).unwrap_or_default();
        let named = files.iter().filter_map(|f| f["file"].as_str().map(str::to_owned));
        let kinds = store::fetch_all!(
            *tx,
            (String,),
            "SELECT DISTINCT looked_at.kind FROM
               (SELECT r.kind FROM records r WHERE r.workspace_id = $1 AND r.import_id = $2 LIMIT 200) looked_at",
            ws.get(),
            import
        )?;
        let kinds = kinds.into_iter().map(|(kind,)| kind);
        match out.iter_mut().find(|(known, _)| *known == id) {
            Some((_, source)) => {
                source.names.extend(named);
                source.kinds.extend(kinds);
            }
            None => {
                let names = std::iter::once(name.clone()).chain(named).collect();
                out.push((id, SourceContent { name, names, kinds: kinds.collect() }));
            }
        }
    }
    Ok(out.into_iter().map(|(_, source)| source).collect())
}
