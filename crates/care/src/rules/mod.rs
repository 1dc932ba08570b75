//! Pure rules of this slice.

pub mod deadline;
pub mod first_contact;
pub mod groups;
pub mod hint;
pub mod step;
