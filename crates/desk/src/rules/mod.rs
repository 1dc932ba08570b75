//! Pure rules of the desk.

pub mod number;
pub mod outcome;
