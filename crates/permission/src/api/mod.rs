//! Routes of this slice, one file a subject.

mod consents;
mod rules;
mod stops;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(consents::list))
        .routes(routes!(rules::show))
        .routes(routes!(stops::list, stops::add))
        .routes(routes!(stops::lift))
}
