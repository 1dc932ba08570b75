//! SQL of this slice. Calls, orders and categories are read, never written.

pub mod backlog;
pub mod brief;
pub mod calls;
pub mod coaching;
pub mod plan;
pub mod talks;
