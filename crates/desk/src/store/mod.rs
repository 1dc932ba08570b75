//! SQL of the desk.

pub mod make;
pub mod task;
