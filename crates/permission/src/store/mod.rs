//! The consent log, the stop-list, what the channels told of contacts, interests; and the gate over their live state.

mod contacts;
mod gate;
mod interests;
mod log;
mod people;
mod reach;
mod stops;

pub use contacts::{mark_dead, set_contact_state};
pub use gate::{GateQuery, gate, gate_many, own_rules};
pub use interests::{choose_interests, defaults_ticked, interests};
pub use log::{Consent, ConsentEntry, consents_of, give, opt_out, withdraw};
pub use reach::{Reach, reach};
pub use stops::{Stop, Suppress, lift, list_stops, suppress};
