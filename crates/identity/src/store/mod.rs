//! People in the database.

pub mod candidates;
pub mod decide;
pub mod jobs;
pub mod load;
pub mod models;
pub mod people;
pub mod plan;
pub mod run;
pub mod write;
