#![doc = include_str!("../README.md")]

mod api;
pub mod cli;
mod contacts;
mod derived;
mod figures;
pub mod orders;
mod projection;
pub mod proof;
mod refresh;
pub mod rules;
pub mod snapshot;
pub mod store;

pub use api::routes;
pub use refresh::{refresh, refresh_customers};

/// The kind of the job that refreshes the profiles of a workspace.
pub const JOB_REFRESH: &str = "insight.refresh";
