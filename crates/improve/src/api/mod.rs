//! Routes of this slice, one file a page.

mod arpu;
mod backlog;
mod brief;
mod coaching;
mod effects;
mod objections;
mod plan;
mod recommend;

use access::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// All routes, for the server to merge.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plan::plan))
        .routes(routes!(plan::calls))
        .routes(routes!(plan::set_target))
        .routes(routes!(backlog::board, backlog::add))
        .routes(routes!(backlog::show, backlog::change))
        .routes(routes!(recommend::recommendations))
        .routes(routes!(arpu::show))
        .routes(routes!(brief::show, brief::set))
        .routes(routes!(objections::report))
        .routes(routes!(objections::calls))
        .routes(routes!(coaching::list, coaching::give))
        .routes(routes!(coaching::change))
        .routes(routes!(coaching::mine))
        .routes(routes!(coaching::done))
}
