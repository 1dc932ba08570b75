//! SQL of the desk.

pub mod make;
pub mod objections;
pub mod offers;
pub mod task;
