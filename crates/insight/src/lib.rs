//! Insight.
pub mod rules;
