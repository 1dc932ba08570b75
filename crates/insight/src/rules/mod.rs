//! Pure, deterministic rules: no SQL, no HTTP, no clock.

pub mod alarms;
pub mod baskets;
pub mod btyd;
pub mod check;
pub mod cohorts;
pub mod compare;
pub mod coverage;
pub mod forecast_tables;
pub mod lifecycle;
pub mod model;
pub mod moves;
pub mod numeric;
pub mod occasions;
pub mod periods;
pub mod profile;
pub mod proof;
pub mod purchases;
pub mod rfm;
pub mod rhythm;
pub mod scatter;
pub mod stat;
pub mod value;
pub mod variants;
pub mod what_if;
