//! Pure: text in, text out.

pub mod checks;
pub mod defaults;
pub mod grammar;
pub mod language;
pub mod letter;
pub mod links;
pub mod merge;
pub mod mjml;
pub mod names;
pub mod phrases;
pub mod plain;
pub mod sandbox;
pub mod sms;
