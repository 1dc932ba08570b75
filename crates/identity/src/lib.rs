#![doc = include_str!("../README.md")]

mod api;
mod by_hand;
mod desk;
mod enter;
mod erase;
mod export;
mod files;
pub mod rules;
mod store;

pub use api::{Card, CustomerLine, card, find, routes, shown};
pub use desk::{Correction, correct};
pub use enter::{Entered, enter};
pub use erase::erase;
pub use export::export_person;
pub use files::{ResolveFiles, Resolved, resolve_files};
pub use store::{
    candidates::{Candidate, Draft as CandidateDraft, candidates},
    chosen::choose,
    decide::{decide, undo_merge, undo_review},
    hand::{Joined, join, keep_apart, undecide},
    jobs::{apply_changes, finish_import, withdraw_records},
    people::{current_id, current_ids},
    run::{Refreshed, Touched, refresh, relearn, undo_relearn},
};
