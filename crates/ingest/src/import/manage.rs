//! Beginning, undoing and reading imports.

use std::path::Path;

use access::Op;
use basis::{Fault, ImportId, RecordId, SourceId};
use serde_json::{Value, json};
use store::Tx;

use super::{
    draft::Draft,
    run::{publish, setting_of},
    state::{FileProgress, Import, ImportState, Source},
    steps::{Change, Steps},
    stored::order_of_payload,
};
use crate::{
    export::{COLUMN_HEADER, CsvWriter, FILE_HEADER, LINE_HEADER, REASON_HEADER, is_added},
    preview::TableKind,
    rules::mapping::{ConsentSection, Mapping},
    store as sql,
};

/// The job that runs an import: payload `{"import_id": "…"}`.
pub const RUN_JOB: &str = "ingest.run";
/// The job that undoes one: the same payload.
pub const UNDO_JOB: &str = "ingest.undo";

/// A file that is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub name: String,
    pub path: String,
}

/// Writes a new import down. It does not run yet.
///
/// # Errors
/// A mapping that cannot be used; the database.
pub async fn begin_import(
    tx: &mut Tx,
    op: &Op,
    source: &str,
    files: &[NewFile],
    mapping: &Mapping,
) -> Result<Import, Fault> {
    mapping.check().map_err(|error| Fault::invalid("mapping_wrong", error.to_string()))?;
    let name = basis::visible(source);
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Fault::invalid("source_name", "a source needs a name of at most 200 characters"));
    }
    let ws = op.ws();
    sql::insert_source(tx, ws, SourceId(op.next_id()), &name, op.now()).await?;
    let source = sql::source_named(tx, ws, &name).await?;
    let source = source.ok_or_else(|| Fault::internal("source", "the source was not stored"))?;
    let import = Import {
        id: ImportId(op.next_id()),
        source_id: source.id,
        source: source.name,
        state: ImportState::Uploaded,
        files: files
            .iter()
            .map(|file| FileProgress {
                file: file.name.clone(),
                path: file.path.clone(),
                ..FileProgress::default()
            })
            .collect(),
        mapping: mapping.to_toml(),
        error: None,
        created_by: op.user(),
        created_at: op.now(),
        finished_at: None,
        undone_at: None,
    };
    sql::insert_import(tx, ws, &import, op.campaign_now()).await?;
    let detail = json!({ "source": import.source, "files": import.files.len() });
    op.audit(tx, "import.begin", "import", import.id, detail).await?;
    Ok(import)
}

/// Enqueues the job that runs or undoes an import, in the transaction that wrote it down.
pub async fn enqueue(tx: &mut Tx, op: &Op, kind: &str, import: ImportId) -> Result<(), Fault> {
    let key = import.to_string();
    let job = store::jobs::NewJob {
        id: op.next_id(),
        kind,
        payload: json!({ "import_id": import }).to_string(),
        dedup_key: Some(&key),
        run_after: op.now(),
    };
    store::jobs::enqueue(tx, op.ws(), job, op.now()).await?;
    Ok(())
}

/// Takes an import back: its new records go, its changed ones return to the version before. Safe to call again after a
/// crash.
///
/// # Errors
/// A conflict while it runs, or when a later import changed the same records.
pub async fn undo_import(op: &Op, id: ImportId, steps: Steps<'_>) -> Result<Import, Fault> {
    let ws = op.ws();
    let mut tx = op.app.db.read().await?;
    let mut import = may_undo(&mut tx, op, id).await?;
    drop(tx);
    if import.state == ImportState::Undone {
        return Ok(import);
    }
    let mut after = 0;
    loop {
        let mut tx = op.app.db.write().await?;
        let stored = sql::stored_by(&mut tx, ws, id, after, 500).await?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        let mut ids: Vec<i64> = stored.iter().map(|record| record.id).collect();
        ids.dedup();
        sql::supersede(&mut tx, ws, &ids).await?;
        let standing = sql::standing_versions(&mut tx, ws, id, &ids).await?;
        let versions: Vec<(i64, i64)> = standing.iter().map(|record| (record.id, record.version)).collect();
        sql::reinstate(&mut tx, ws, &versions).await?;
        let gone: Vec<RecordId> = ids
            .iter()
            .filter(|id| standing.iter().all(|record| record.id != **id))
            .map(|id| RecordId(*id))
            .collect();
        let mut restored = Vec::with_capacity(standing.len());
        for record in standing {
            restored.push(change_of(&mut tx, op, record).await?);
        }
        steps.orders.withdraw(&mut tx, op, &gone).await?;
        steps.orders.store(&mut tx, op, import.source_id, &restored).await?;
        tx.commit().await?;
        steps.people.withdraw(op, &gone).await?;
        steps.people.apply(op, import.source_id, restored).await?;
    }
    steps.people.finish(op, id).await?;
    let mut tx = op.app.db.write().await?;
    sql::set_state(&mut tx, ws, id, ImportState::Undone, None, op.now()).await?;
    op.audit(&mut tx, "import.undo", "import", id, json!({})).await?;
    tx.commit().await?;
    import.state = ImportState::Undone;
    import.undone_at = Some(op.now());
    publish(op, &import);
    Ok(import)
}

/// The import, if it can be undone now.
///
/// # Errors
/// As [`undo_import`].
pub async fn may_undo(tx: &mut Tx, op: &Op, id: ImportId) -> Result<Import, Fault> {
    let import = import_of(tx, op, id).await?;
    match import.state {
        ImportState::Done | ImportState::Failed => {}
        ImportState::Undone => return Ok(import),
        ImportState::Uploaded | ImportState::Running => {
            return Err(Fault::conflict("import_running", "the import still runs; wait for its end"));
        }
    }
    if sql::is_built_upon(tx, op.ws(), id).await? {
        return Err(Fault::conflict(
            "import_built_upon",
            "a later import changed the same records; undo that one first",
        ));
    }
    Ok(import)
}

/// A stored version as a change, with the order that it makes under the mapping of its own file.
async fn change_of(tx: &mut Tx, op: &Op, record: sql::Stored) -> Result<Change, Fault> {
    let kind = TableKind::parse(&record.kind).unwrap_or(TableKind::Person);
    let import = import_of(tx, op, ImportId(record.import_id)).await?;
    let toml = import.files.iter().find(|file| file.file == record.file).map(|file| file.mapping.as_str());
    let mapping = Mapping::remembered(toml.unwrap_or_default());
    let order = order_of_payload(&record.payload, kind, &mapping, &setting_of(op, &mapping));
    Ok(Change {
        record: RecordId(record.id),
        version: record.version,
        is_new: false,
        draft: Draft {
            kind,
            key: record.key,
            line: u64::try_from(record.line).unwrap_or(0),
            rows: 1,
            payload: record.payload,
            fingerprint: String::new(),
            order,
            channel: None,
            touched_at: None,
            seen_before: false,
        },
    })
}

/// # Errors
/// When there is no such import in this workspace.
pub async fn import_of(tx: &mut Tx, op: &Op, id: ImportId) -> Result<Import, Fault> {
    let found = sql::import(tx, op.ws(), id).await?;
    found.ok_or_else(|| Fault::not_found("import", format!("there is no import {id}")))
}

/// All sources of the workspace.
pub async fn sources_of(tx: &mut Tx, op: &Op) -> Result<Vec<Source>, Fault> {
    sql::sources(tx, op.ws()).await
}

/// The mapping remembered for a source, when there is such a source.
pub async fn remembered_of(tx: &mut Tx, op: &Op, source: &str) -> Result<Option<Mapping>, Fault> {
    let source = sql::source_named(tx, op.ws(), &basis::visible(source)).await?;
    Ok(source.map(|source| Mapping::remembered(&source.mapping)))
}

/// The rows of `sources.legal_basis` that a `[consent]` section declares: each purpose on each channel.
pub fn legal_basis(consent: &ConsentSection) -> Value {
    let rows = consent.purposes.iter().flat_map(|purpose| {
        // The law says advertising, the rule sets say marketing: one purpose.
        let purpose = if purpose == "advertising" { "marketing" } else { purpose.as_str() };
        consent.channels.iter().map(move |channel| {
            json!({ "purpose": purpose, "channel": channel, "basis": consent.basis, "proof": consent.proof })
        })
    });
    Value::Array(rows.collect())
}

/// Writes the rejected rows of one file as they came, each with file, line, column and reason behind it. The result can
/// be corrected and imported again.
///
/// # Errors
/// The database, the sink.
pub async fn write_rejects(op: &Op, import: &Import, file: &str, out: &mut Vec<u8>) -> Result<u64, Fault> {
    let broken = |error: std::io::Error| Fault::internal("rejects", error.to_string());
    let progress = import.files.iter().find(|progress| progress.file == file);
    let progress =
        progress.ok_or_else(|| Fault::not_found("file", format!("the import has no file \"{file}\"")))?;
    let mut writer = CsvWriter::with_mark(&mut *out).map_err(broken)?;
    // A rejects file that had rejects of its own has these columns already.
    let own: Vec<usize> =
        (0..progress.headers.len()).filter(|at| !is_added(&progress.headers[*at])).collect();
    let added = [FILE_HEADER, LINE_HEADER, COLUMN_HEADER, REASON_HEADER];
    writer.row(own.iter().map(|at| progress.headers[*at].as_str()).chain(added)).map_err(broken)?;
    let (mut written, mut after) = (0, 0);
    loop {
        let mut tx = op.app.db.read().await?;
        let rows = sql::rejects_of_file(&mut tx, op.ws(), import.id, file, after, 1_000).await?;
        let Some(last) = rows.last() else { break };
        after = last.line;
        for row in &rows {
            let raw: Vec<String> = serde_json::from_str(&row.raw).unwrap_or_default();
            // A row with too few or too many cells keeps the added columns in their place.
            let mut cells: Vec<String> =
                own.iter().map(|at| raw.get(*at).cloned().unwrap_or_default()).collect();
            cells.extend([
                row.file.clone(),
                row.line.to_string(),
                row.column_name.clone(),
                row.reason.clone(),
            ]);
            writer.row(&cells).map_err(broken)?;
            written += 1;
        }
    }
    writer.finish().map_err(broken)?;
    Ok(written)
}

/// Writes one rejects file for each file that has any and answers their names by the file's.
///
/// # Errors
/// The database, the folder.
pub async fn write_reject_files(
    op: &Op,
    import: &Import,
    folder: &Path,
) -> Result<Vec<(String, String)>, Fault> {
    let mut made = Vec::new();
    for progress in import.files.iter().filter(|file| file.rejected > 0) {
        let mut bytes = Vec::new();
        write_rejects(op, import, &progress.file, &mut bytes).await?;
        let stem =
            Path::new(&progress.file).file_stem().map_or_else(|| "rows".into(), |s| s.to_string_lossy());
        let path = folder.join(format!("{stem}.rejects-{}.csv", import.id));
        let failed =
            |error: std::io::Error| Fault::internal("rejects", format!("{}: {error}", path.display()));
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        tokio::fs::write(&path, bytes).await.map_err(failed)?;
        made.push((progress.file.clone(), path.display().to_string()));
    }
    Ok(made)
}
