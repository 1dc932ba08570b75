//! The pure engine: no SQL, no HTTP, no clock. The same input gives the same output, whatever the number of cores.

pub mod address;
pub mod assign;
pub mod batch;
pub mod block;
pub mod card;
pub mod cluster;
pub mod compare;
pub mod date;
pub mod dictionary;
pub mod email;
pub mod fold;
pub mod frozen;
pub mod golden;
pub mod intern;
pub mod levels;
pub mod live;
pub mod live_blocks;
pub mod model;
pub mod name;
mod name_roles;
mod name_words;
mod parted;
pub mod phone;
pub mod profile_links;
mod read;
pub mod resolution;
pub mod resolve;
