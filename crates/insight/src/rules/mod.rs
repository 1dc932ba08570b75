//! Pure, deterministic rules: no SQL, no HTTP, no clock.

pub mod benchmarks;
pub mod btyd;
pub mod check;
pub mod cohorts;
pub mod dictionary;
pub mod forecast_tables;
pub mod lifecycle;
pub mod loyal;
pub mod model;
pub mod numeric;
pub mod occasions;
pub mod periods;
pub mod profile;
pub mod proof;
pub mod purchases;
pub mod rfm;
pub mod scatter;
pub mod stat;
pub mod value;
pub mod what_if;
