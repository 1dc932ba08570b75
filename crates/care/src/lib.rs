#![doc = include_str!("../README.md")]

mod act;
mod api;
mod file;
mod gather;
mod measured;
pub mod rules;
mod store;
mod take_in;

pub use api::routes;
pub use file::{Reading, Refused, read};
pub use gather::gather;
pub use take_in::{Intake, Mention, join_unknown, take_in};
