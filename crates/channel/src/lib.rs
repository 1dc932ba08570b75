#![doc = include_str!("../README.md")]

pub mod dkim;
pub mod rules;
