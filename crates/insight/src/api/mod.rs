//! Routes of this slice, one file a page.

mod alerts;
mod benchmarks;
mod campaign_proof;
mod churn;
mod dictionary;
mod drivers;
mod export;
mod forecast;
mod health;
mod inputs;
mod journey;
mod list;
mod loyal;
mod maps;
mod metrics;
mod models;
mod stat;
mod talks;
mod value;
mod what_if;

pub(crate) use inputs::Costs;
pub use list::told;
pub use metrics::metric_figures;

use access::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, for the server to merge.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(list::list))
        .routes(routes!(export::list_csv))
        .routes(routes!(export::list_xlsx))
        .routes(routes!(export::table))
        .routes(routes!(export::workbook))
        .routes(routes!(churn::churn))
        .routes(routes!(churn::moves))
        .routes(routes!(maps::rfm))
        .routes(routes!(maps::cohorts))
        .routes(routes!(value::value))
        .routes(routes!(journey::journey))
        .routes(routes!(journey::of_customer))
        .routes(routes!(forecast::forecast))
        .routes(routes!(models::models))
        .routes(routes!(models::relearn))
        .routes(routes!(models::set_threshold))
        .routes(routes!(metrics::metrics))
        .routes(routes!(inputs::inputs, inputs::set_inputs))
        .routes(routes!(inputs::import))
        .routes(routes!(what_if::churn_cut))
        .routes(routes!(what_if::retention_spend))
        .routes(routes!(what_if::win_back, what_if::win_back_start))
        .routes(routes!(campaign_proof::proof))
        .routes(routes!(stat::calculate))
        .routes(routes!(dictionary::reasons, dictionary::add))
        .routes(routes!(dictionary::change))
        .routes(routes!(drivers::drivers))
        .routes(routes!(talks::list))
        .routes(routes!(benchmarks::list))
        .routes(routes!(benchmarks::set, benchmarks::reset))
        .routes(routes!(loyal::loyal))
}

/// A month's first and last day, the last not after `as_of`.
fn month_days(month: i32, as_of: i32) -> Option<(i32, i32)> {
    let start = |m| crate::rules::cohorts::month_start(m).map(crate::orders::day_of);
    Some((start(month)?, (start(month + 1)? - 1).min(as_of)))
}

/// The question of a period's list.
fn period_list(figure: &str, from: i32, to: i32) -> String {
    format!("figure={figure}&from={}&to={}", crate::orders::day_name(from), crate::orders::day_name(to))
}
