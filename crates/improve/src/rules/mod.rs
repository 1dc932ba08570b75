//! Pure rules: what answers a gap, what a change came to, what is on track.

pub mod effect;
pub mod gap;
pub mod plan;
pub mod playbook;
