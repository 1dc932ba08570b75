//! Pure rules of the figures.

pub mod cell;
pub mod effect;
