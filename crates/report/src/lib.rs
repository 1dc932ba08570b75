#![doc = include_str!("../README.md")]

mod api;
mod funnel;
mod rules;
mod store;

pub use api::routes;
pub use funnel::{Arm, CampaignReport, Effect, Final, WaveReport, funnel, funnel_on};
pub use rules::cell::{Cell, CellOf};
pub use store::people::{Person, people};
