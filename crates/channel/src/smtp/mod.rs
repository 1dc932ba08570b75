//! A small pipelined SMTP client.

mod client;
mod relay;

pub use client::{Connection, Envelope, Offer, Security, SmtpConfig, SmtpError};
pub use relay::Relay;
