//! The import of files into immutable, versioned records.

mod draft;
mod manage;
mod reader;
mod run;
mod state;
mod steps;
mod stored;

pub use draft::{Draft, LineDraft, OrderDraft};
pub use manage::{
    NewFile, RUN_JOB, UNDO_JOB, begin_import, enqueue, import_of, legal_basis, may_undo, remembered_of,
    sources_of, undo_import, write_reject_files, write_rejects,
};
pub use reader::{Keys, Portion, Rejected, read_portions};
pub use run::{ERASURE_KEY, erased_hash, run_import};
pub use state::{FileProgress, Import, ImportState, Source};
pub use steps::{Change, OrdersStep, PeopleStep, Steps};
pub use stored::order_of_payload;
