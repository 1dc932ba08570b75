//! What an import calls.

use access::Op;
use basis::{Fault, ImportId, RecordId};
use ingest::import::Change;

use super::run;

/// Records of a batch are stored; people are made of them when the whole import is there, because a batch alone knows neither how
/// rare its values are nor who else has them.
///
/// # Errors
/// None today.
pub async fn apply_changes(_op: &Op, _changes: &[Change]) -> Result<(), Fault> {
    Ok(())
}

/// Records are no longer in force: their people are found again at the end of the withdrawal, by [`finish_import`].
///
/// # Errors
/// None today.
pub async fn withdraw_records(_op: &Op, _records: &[RecordId]) -> Result<(), Fault> {
    Ok(())
}

/// Makes people of the base as it is after an import.
///
/// # Errors
/// The database's.
pub async fn finish_import(op: &Op, import: ImportId) -> Result<(), Fault> {
    run::refresh(op, run::Touched::Import(import)).await.map(|_| ())
}
