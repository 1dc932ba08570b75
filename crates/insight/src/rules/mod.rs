//! Pure, deterministic rules: no SQL, no HTTP, no clock.

pub mod btyd;
pub mod cohorts;
pub mod numeric;
pub mod occasions;
pub mod rfm;
pub mod stat;
