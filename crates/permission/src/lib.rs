#![doc = include_str!("../README.md")]

mod api;
pub mod rules;
mod store;

pub use api::routes;

pub use rules::{
    decide::{Decision, Reason, decide},
    suppression::value_hash,
    terms::{Basis, Channel, ContactState, DeclaredBasis, Jurisdiction, Purpose},
};
pub use store::{
    Consent, ConsentEntry, GateQuery, Reach, Stop, Suppress, choose_interests, consents_of, defaults_ticked,
    gate, gate_many, give, interests, lift, list_stops, mark_dead, opt_out, own_rules, reach,
    set_contact_state, suppress, withdraw,
};
