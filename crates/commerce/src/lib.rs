#![doc = include_str!("../README.md")]

mod api;
mod catalogue;
mod orders;
pub mod rules;
mod store;

pub use api::routes;
pub use catalogue::{CatalogueOutcome, ensure_category, load_catalogue};
pub use orders::Orders;
pub use store::{Category, Order, OrderItem, orders_of_customer};
