//! Profiles, lists and pages over a database, on both engines.

#![expect(clippy::cast_possible_truncation, reason = "counts of a small test base")]

mod alarms;
mod base;
mod changes;
mod costs;
mod drivers;
mod journey;
mod odd_orders;
mod shop;
mod threshold;
