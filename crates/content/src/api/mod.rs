//! Routes of this slice, one file a subject.

mod preview;
mod templates;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(templates::list, templates::add))
        .routes(routes!(templates::defaults))
        .routes(routes!(templates::series))
        .routes(routes!(templates::samples))
        .routes(routes!(templates::change, templates::remove))
        .routes(routes!(preview::preview))
}
