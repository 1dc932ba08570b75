//! SQL of the figures.

pub mod counts;
pub mod people;
