//! What happens to records once they are stored. The slices below this one do it; the server wires them.

use access::Op;
use basis::{Fault, ImportId, RecordId, SourceId};
use futures::future::BoxFuture;
use store::Tx;

use super::draft::Draft;

/// A record whose new version has been stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub record: RecordId,
    pub version: i64,
    /// `false` when an earlier version was in force.
    pub is_new: bool,
    pub draft: Draft,
}

/// Orders out of records. Runs inside the transaction that stores the records.
pub trait OrdersStep: Send + Sync {
    /// Makes or replaces the orders of these records.
    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        op: &'a Op,
        source: SourceId,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<(), Fault>>;

    /// Takes away the orders of records that no version is in force of any more.
    fn withdraw<'a>(
        &'a self,
        tx: &'a mut Tx,
        op: &'a Op,
        records: &'a [RecordId],
    ) -> BoxFuture<'a, Result<(), Fault>>;
}

/// People out of records. Runs after the transaction is committed, in transactions of its own, and may run twice.
pub trait PeopleStep: Send + Sync {
    fn apply<'a>(
        &'a self,
        op: &'a Op,
        source: SourceId,
        changes: Vec<Change>,
    ) -> BoxFuture<'a, Result<(), Fault>>;

    fn withdraw<'a>(&'a self, op: &'a Op, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), Fault>>;

    /// The import or its undo has stored all it will; figures that follow from orders are brought up to date after this.
    fn finish<'a>(&'a self, op: &'a Op, import: ImportId) -> BoxFuture<'a, Result<(), Fault>>;
}

/// Both steps.
#[derive(Clone, Copy)]
pub struct Steps<'a> {
    pub orders: &'a dyn OrdersStep,
    pub people: &'a dyn PeopleStep,
}

impl std::fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steps").finish_non_exhaustive()
    }
}
