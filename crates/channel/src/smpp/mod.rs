//! An SMPP 3.4 client: one transceiver session with a window, kept alive and rebuilt when it breaks.

mod session;
mod smsc;

pub use session::{Incoming, SmppConfig, SmppError};
pub use smsc::{Inbox, Smsc};
