use access::{App, links::LinkKind};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use basis::Fault;
use serde_json::json;

use crate::{
    answers::Answered,
    api::{Asked, Opened, field, fields, html, open_page, trouble},
    rules::{
        answer::is_one_click,
        page::{self, Note},
    },
};

/// Asks whether to unsubscribe; changes nothing, since gateways follow every link of a letter.
#[utoipa::path(get, path = "/u/{token}", tag = "response", params(("token" = String, Path), Asked),
    responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let asked_lang = asked.lang.as_deref();
    let (opened, frame) = match open_page(&app, &token, &headers, LinkKind::Unsubscribe, asked_lang).await {
        Ok(opened) => opened,
        Err(page) => return page,
    };
    let preferences = opened.path(LinkKind::Preferences);
    html(StatusCode::OK, page::unsubscribe(&frame, &opened.address(), &preferences))
}

/// Unsubscribes: by the button of the page, or by one click of the mail program (RFC 8058: no cookie, no redirect, no question).
#[utoipa::path(post, path = "/u/{token}", tag = "response", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn act(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = fields(&body);
    let (opened, frame) =
        match open_page(&app, &token, &headers, LinkKind::Unsubscribe, field(&form, "lang")).await {
            Ok(opened) => opened,
            Err(page) => return page,
        };
    match opt_out(&app, &opened, is_one_click(&form)).await {
        Ok(()) => html(StatusCode::OK, page::note(&frame, Note::Gone)),
        Err(fault) => trouble(frame.lang, &fault),
    }
}

async fn opt_out(app: &App, opened: &Opened, one_click: bool) -> Result<(), Fault> {
    let ws = opened.workspace.id;
    app.key(ws, "suppression").await?;
    let via = if one_click { "one_click" } else { "page" };
    let answered = Answered {
        app,
        workspace: &opened.workspace,
        row: &opened.row,
        at: opened.workspace.campaign_now(app.now()),
        actor_kind: "customer",
        actor_id: 0,
    };
    let proof = json!({ "via": via, "message": opened.row.id, "pressed_at": app.now() });
    let mut tx = app.db.write().await?;
    answered.refuse(&mut tx, "opt_out", proof, &json!({ "via": via })).await?;
    tx.commit().await?;
    app.hub.publish(ws, format!("campaign:{}", opened.row.campaign_id), json!({ "opt_out": true }));
    Ok(())
}
