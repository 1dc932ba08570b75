//! HTTP: sender settings, the DKIM record, the check before a launch, the test letter, the ledger.

mod ledger;
mod senders;
mod test_letter;

use access::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use senders::{Check, check_sender};
pub use test_letter::send_test;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(senders::get_sender, senders::put_sender))
        .routes(routes!(senders::dkim_record))
        .routes(routes!(senders::check_email))
        .routes(routes!(ledger::list_ledger))
        .routes(routes!(test_letter::test_letter))
}
