//! Routes of the reports.

mod people;
mod report;
mod variants;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(report::show))
        .routes(routes!(report::export))
        .routes(routes!(people::list))
        .routes(routes!(people::export))
        .routes(routes!(variants::show))
}
