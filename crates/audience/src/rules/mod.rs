//! Pure: the segment language, its fields, its SQL, and the split that sets the hold-out aside.

pub mod ads;
pub mod fields;
pub mod holdout;
pub mod language;
pub mod sql;
