//! Profiles, lists and pages over a database, on both engines.

#![expect(clippy::cast_possible_truncation, reason = "counts of a small test base")]

mod base;
mod changes;
mod drivers;
mod odd_orders;
mod shop;
