//! People in the database.

mod arrivals;
pub mod candidates;
pub mod chosen;
pub mod decide;
mod first;
pub mod hand;
pub mod history;
pub mod jobs;
pub mod load;
pub mod models;
pub mod people;
pub mod plan;
pub mod questions;
mod rows;
pub mod run;
pub mod said;
pub mod write;
