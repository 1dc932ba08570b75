#![doc = include_str!("../README.md")]

mod api;
mod calls;
pub mod rules;
mod store;
mod talks;

pub use api::routes;
