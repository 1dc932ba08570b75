//! Pure rules of the desk.

pub mod number;
pub mod objections;
pub mod offers;
pub mod outcome;
mod shipped_objections;
