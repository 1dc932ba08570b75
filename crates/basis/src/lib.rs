#![doc = include_str!("../README.md")]

mod clock;
mod contact;
mod fault;
pub mod ids;
mod lang;
mod money;
mod rng;
mod text;
mod words;

pub use clock::{Clock, ManualClock, SharedClock, SystemClock, Time};
pub use contact::{Email, Phone, mask_email, mask_phone};
pub use fault::{Fault, FaultKind};
pub use ids::{IdGenerator, *};
pub use lang::Lang;
pub use money::{Currency, Money, MoneyError};
pub use rng::Rng;
pub use text::{collation_key, fold, is_invisible, visible};
