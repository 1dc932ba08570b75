//! Pure rules over orders.

mod occasions;

pub use occasions::{Occasion, Purchase, occasions};
