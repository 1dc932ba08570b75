//! Pure rules: no SQL, no sockets, no clock.

pub mod dot;
pub mod governor;
pub mod incoming;
pub mod letter;
pub mod pdu;
pub mod receipt;
pub mod sender_dns;
pub mod sms_text;
pub mod smtp_command;
pub mod smtp_reply;
pub mod stop_words;
pub mod verp;
