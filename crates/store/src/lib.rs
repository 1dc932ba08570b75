#![doc = include_str!("../README.md")]

mod copy;
mod db;
pub mod dialect;
mod error;
pub mod jobs;
mod macros;
mod migrations;
pub mod outbox;
mod planner;
#[cfg(feature = "testing")]
pub mod testing;

pub use copy::copy;
pub use db::{Db, Engine, Tx, Value};
pub use error::{Error, Result};
pub use macros::{STATEMENTS, Statement};
pub use migrations::{MigrationState, backup_sqlite};

#[doc(hidden)]
pub use {db::error_of, linkme, sqlx};
