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
