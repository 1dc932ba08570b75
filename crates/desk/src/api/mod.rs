//! Routes of the desk.

mod incoming;
mod objections;
mod offers;
mod tasks;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::next))
        .routes(routes!(tasks::outcome))
        .routes(routes!(tasks::release))
        .routes(routes!(tasks::keep))
        .routes(routes!(objections::list, objections::add))
        .routes(routes!(objections::change))
        .routes(routes!(objections::versions))
        .routes(routes!(offers::list, offers::add))
        .routes(routes!(offers::change))
        .routes(routes!(offers::codes))
        .routes(routes!(offers::menu, offers::issue, offers::undo))
        .routes(routes!(incoming::callers))
        .routes(routes!(incoming::resend))
}
