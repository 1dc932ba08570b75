//! HTTP of sources and imports.

mod checklist;
mod imports;
mod preview;
mod rejects;
mod sources;

use access::App;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use imports::ImportView;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    // The upload is streamed to a file under a limit of its own.
    let uploads = OpenApiRouter::new().routes(routes!(preview::preview)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(sources::list))
        .routes(routes!(sources::change))
        .routes(routes!(checklist::show))
        .routes(routes!(checklist::answer))
        .routes(routes!(imports::start, imports::list))
        .routes(routes!(imports::show))
        .routes(routes!(imports::undo))
        .routes(routes!(rejects::list))
        .routes(routes!(rejects::csv))
        .merge(uploads)
}
