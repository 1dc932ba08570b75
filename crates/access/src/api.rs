//! Routes of this slice, one file a subject.

mod clock;
mod events;
mod login;
mod me;
mod setup;
mod tokens;
mod users;
mod workspace;

use axum::{Json, extract::Query};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Answer, App, AuditEntry, audit, need,
    page::{Page, PageQuery},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(me::me, me::change))
        .routes(routes!(setup::look))
        .routes(routes!(setup::make))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(tokens::list, tokens::add))
        .routes(routes!(tokens::revoke))
        .routes(routes!(workspace::show, workspace::change))
        .routes(routes!(clock::set))
        .routes(routes!(events::stream))
        .routes(routes!(audit_log))
}

/// Who saw and changed personal data, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "access", params(PageQuery), responses((status = 200, body = Page<AuditEntry>)))]
async fn audit_log(
    need::Administrator(op): need::Administrator,
    Query(query): Query<PageQuery>,
) -> Answer<Page<AuditEntry>> {
    Ok(Json(audit::list(&op.app, op.ws(), &query).await?))
}
