//! People in the database.

mod arrivals;
pub mod candidates;
pub mod decide;
mod first;
pub mod jobs;
pub mod load;
pub mod models;
pub mod people;
pub mod plan;
mod rows;
pub mod run;
pub mod write;
