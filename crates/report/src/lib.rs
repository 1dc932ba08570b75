#![doc = include_str!("../README.md")]

mod api;
mod funnel;
mod rules;
mod store;
mod variants;

pub use api::routes;
pub use funnel::{Arm, CampaignReport, Effect, Final, WaveReport, funnel, funnel_on};
pub use rules::cell::{Cell, CellOf};
pub use store::people::{Person, people};
pub use variants::{CampaignVariants, VariantCounts, WaveVariants, of_campaign as variants_of};
