#![doc = include_str!("../README.md")]
pub mod cli;
pub mod orders;
pub mod rules;
