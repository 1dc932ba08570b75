//! Routes of this slice, one file a subject.

mod candidates;
mod customer;
mod customers;
mod dedup;
mod enter;
mod graph;
mod models;
mod pair;
mod reviews;
mod rights;
mod shapes;
mod timeline;

use access::{App, Op};
use basis::{CustomerId, Fault};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use customer::CustomerCard as Card;
pub use customers::find;
pub use shapes::{CustomerLine, shown};

/// A customer's card as `GET /api/customers/{id}` gives it: for slices that show it beside their own work.
///
/// # Errors
/// No such customer, or the database's.
pub async fn card(op: &Op, customer: CustomerId) -> Result<Card, Fault> {
    let mut tx = op.app.db.read().await?;
    customer::card_of(&mut tx, op, customer).await
}

/// The routes of the slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(customers::list, enter::create))
        .routes(routes!(customer::show, rights::change))
        .routes(routes!(timeline::show))
        .routes(routes!(graph::show))
        .routes(routes!(rights::unmask))
        .routes(routes!(rights::prefer))
        .routes(routes!(pair::show, pair::decide))
        .routes(routes!(rights::export))
        .routes(routes!(rights::erase))
        .routes(routes!(candidates::find))
        .routes(routes!(dedup::summary))
        .routes(routes!(dedup::history))
        .routes(routes!(dedup::undo))
        .routes(routes!(models::list))
        .routes(routes!(models::relearn))
        .routes(routes!(models::undo))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::decide))
        .routes(routes!(reviews::undo))
}
