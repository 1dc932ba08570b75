//! Routes of this slice, one file a page.

mod contacts;
mod inbox;
mod item;
mod mentions;
mod replies;
mod reviews;
mod settings;
mod shapes;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// All routes, for the server to merge.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(inbox::list, inbox::add))
        .routes(routes!(inbox::counts))
        .routes(routes!(inbox::people))
        .routes(routes!(item::show, item::change))
        .routes(routes!(item::answer))
        .routes(routes!(item::close))
        .routes(routes!(item::back))
        .routes(routes!(reviews::log, mentions::add))
        .routes(routes!(mentions::file))
        .routes(routes!(reviews::summary))
        .routes(routes!(replies::report))
        .routes(routes!(replies::people))
        .routes(routes!(contacts::report))
        .routes(routes!(contacts::list))
        .routes(routes!(contacts::people))
        .routes(routes!(settings::show, settings::set))
}
