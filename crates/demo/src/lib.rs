#![doc = include_str!("../README.md")]

mod agenda;
mod browser;
mod data;
mod form;
mod letter;
mod mentions;
mod operator;
mod people;
mod returned;
mod shop;
mod simulation;
pub mod sink;
pub mod smsc;
mod talk;

pub use basis::Fault as Error;
pub use data::{Category, addresses_csv, catalogue_csv, categories, orders_csv};
pub use mentions::reviews_csv;
pub use people::{CallAnswer, Fate, LetterAnswer, Refusal, SmsAnswer, Where};
pub use simulation::{Simulation, SimulationConfig};
