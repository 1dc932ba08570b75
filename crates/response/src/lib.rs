#![doc = include_str!("../README.md")]

mod answers;
mod api;
mod click;
mod dead;
mod inbound;
mod orders;
pub mod rules;
mod store;

pub use answers::Answered;
pub use api::routes;
pub use dead::{find_dead, settle as settle_dead};
pub use inbound::{Inbox, handle_waiting};
pub use orders::{JOB_ATTRIBUTE, attribute_orders};
