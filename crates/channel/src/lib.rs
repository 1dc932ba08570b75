#![doc = include_str!("../README.md")]

pub mod api;
mod compose;
pub mod dkim;
pub mod dns;
pub mod guard;
pub mod inbound;
pub mod inbox;
pub mod ledger;
mod plan;
pub mod rules;
mod runner;
pub mod sender;
pub mod settings;
pub mod smpp;
pub mod smtp;
pub mod transport;

pub use api::{Check, check_sender, routes, send_test};
pub use compose::ProductComposer;
pub use inbox::InboundHandler;
pub use plan::{anything_due, plan_next, plan_wave};
pub use runner::{InboundConfig, InboundPorts, run_inbound, run_senders, watch};
pub use settings::{From, SenderKind, default_from};
