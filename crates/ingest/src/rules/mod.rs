//! Pure rules: no files, no database, no clock.

pub mod checklist;
pub mod dates;
pub mod dialect;
pub mod encoding;
pub mod guess;
mod header_words;
pub mod items;
pub mod mapping;
pub mod money;
pub mod record;
pub mod role;
pub mod status;
