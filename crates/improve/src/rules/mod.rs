//! Pure rules: what answers a gap, what a change came to, what is on track, what came of talks.

pub mod effect;
pub mod gap;
pub mod plan;
pub mod playbook;
pub mod rate;
pub mod talk;
