//! Pure: the law and the workspace's own rules as data, and the decision made from them.

pub mod decide;
pub mod holidays;
pub mod hours;
pub mod sets;
pub mod suppression;
pub mod terms;
pub mod zones;
