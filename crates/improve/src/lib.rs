#![doc = include_str!("../README.md")]

mod api;
mod calls;
pub mod rules;
mod store;

pub use api::routes;
