//! HTTP of orders, categories and products.

mod categories;
mod orders;
mod products;

use access::App;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(products::catalogue))
        .layer(DefaultBodyLimit::max(products::MAX_CATALOGUE));
    OpenApiRouter::new()
        .routes(routes!(orders::list))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::change, categories::remove))
        .routes(routes!(products::list, products::change))
        .merge(uploads)
}
