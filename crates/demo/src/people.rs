//! Who lives in the simulated town, and what each of them is going to do: decided once, by a hash of the seed and the
//! person, so that the same base and seed give the same story whatever order messages arrive in.

mod fate;
mod town;

pub use fate::{CallAnswer, Fate, LetterAnswer, Refusal, SmsAnswer, Where};
pub(crate) use fate::{Dice, fate};
pub(crate) use town::Town;
