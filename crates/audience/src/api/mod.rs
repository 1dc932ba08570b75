//! Routes of this slice, one file a subject.

mod ads;
mod segments;
mod suggestions;
mod waterfall;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(segments::list, segments::add))
        .routes(routes!(segments::fields))
        .routes(routes!(segments::count))
        .routes(routes!(segments::people))
        .routes(routes!(suggestions::list))
        .routes(routes!(segments::change, segments::remove))
        .routes(routes!(ads::show))
        .routes(routes!(ads::people))
        .routes(routes!(ads::file))
        .routes(routes!(waterfall::show))
        .routes(routes!(waterfall::people))
}
