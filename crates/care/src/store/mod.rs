//! SQL of this slice.

pub mod history;
pub mod item;
pub mod mention;
pub mod person;
pub mod settings;
