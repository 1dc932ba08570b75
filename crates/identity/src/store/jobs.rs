//! What an import calls.

use access::Op;
use basis::{Fault, ImportId, RecordId, SourceId};
use ingest::import::Change;

use super::{arrivals, run};

/// Records of a batch are stored. People are made of them when the whole import is there: rows of one person come together, and
/// each person is written once.
///
/// # Errors
/// The database's.
pub async fn apply_changes(op: &Op, source: SourceId, changes: Vec<Change>) -> Result<(), Fault> {
    run::tell(op, changes.iter().map(|c| c.record.get()));
    arrivals::keep(op, source, changes).await
}

/// Records are no longer in force: their people are found again by [`finish_import`].
///
/// # Errors
/// None today.
pub async fn withdraw_records(op: &Op, records: &[RecordId]) -> Result<(), Fault> {
    run::tell(op, records.iter().map(|r| r.get()));
    Ok(())
}

/// Makes people of the base as it is after an import.
///
/// # Errors
/// The database's.
pub async fn finish_import(op: &Op, import: ImportId) -> Result<(), Fault> {
    run::refresh(op, run::Touched::Import(import)).await.map(|_| ())
}
