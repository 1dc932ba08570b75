#![doc = include_str!("../README.md")]

pub mod dkim;
pub mod dns;
pub mod guard;
pub mod inbound;
pub mod ledger;
pub mod rules;
pub mod sender;
pub mod smpp;
pub mod smtp;
pub mod transport;
