#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod bulk;
mod checkpoint;
mod copy;
mod db;
pub mod dialect;
mod error;
pub mod jobs;
mod macros;
mod migrations;
pub mod outbox;
mod pace;
mod planner;
#[cfg(feature = "testing")]
pub mod testing;

pub use copy::copy;
pub use db::{Db, Engine, Tx, Value};
pub use error::{Error, Result};
pub use macros::{STATEMENTS, Statement};
pub use migrations::{MigrationState, backup_sqlite};
pub use pace::Pace;

#[doc(hidden)]
pub use {db::error_of, linkme, sqlx};
