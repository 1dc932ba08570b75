#![doc = include_str!("../README.md")]

mod api;
mod finish;
mod incoming;
mod offers;
pub mod rules;
mod store;
mod take;

pub use api::routes;
pub use store::make::make_tasks;
pub use store::objections::objections;
