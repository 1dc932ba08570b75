//! A small pipelined SMTP client.

mod client;
mod relay;

pub use client::{Connection, Envelope, Offer, Security, SmtpConfig, SmtpError, Timeouts};
pub use relay::Relay;
