#![doc = include_str!("../README.md")]

mod api;
pub mod changes;
pub mod cli;
pub mod complaints;
mod contacts;
mod derived;
mod figures;
mod journeys;
pub mod leaving;
pub mod orders;
pub mod outcomes;
mod projection;
pub mod proof;
mod refresh;
pub mod rules;
mod segment;
mod sheet;
pub mod snapshot;
pub mod store;

pub use api::routes;
pub use api::{metric_figures, told};
pub use figures::{Figure, FigureValue};
pub use leaving::signal_counts;
pub use refresh::{refresh, refresh_changed, refresh_customers};
pub use segment::{GroupMonth, group_months};

/// The kind of the job that refreshes the profiles of a workspace.
pub const JOB_REFRESH: &str = "insight.refresh";

/// The kind of the job that refreshes the profiles of customers that were marked as due.
pub const JOB_REFRESH_CHANGED: &str = "insight.refresh_changed";
