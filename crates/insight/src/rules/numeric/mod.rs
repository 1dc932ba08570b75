//! Special functions, small linear algebra and the optimiser behind every model.

pub mod optimum;
pub mod special;
pub mod wide;
