use access::{App, links::LinkKind};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    api::{html, open},
    click::{self, Asked},
    rules::page::{self, Note},
    store,
};

/// A tracked link: notes the visit and leads on. Only addresses that stand in the campaign's own letters are led to.
#[utoipa::path(get, path = "/r/{token}", tag = "response", params(("token" = String, Path)),
    responses((status = 302), (status = 404, content_type = "text/html"), (status = 410, content_type = "text/html")))]
pub async fn follow(
    State(app): State<App>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let opened = match open(&app, &token, &headers).await {
        Ok(opened) => opened,
        Err(page) => return page,
    };
    let lang = opened.language(None, &headers);
    let frame = opened.frame(lang, String::new());
    let LinkKind::Click(number) = opened.kind else {
        return html(StatusCode::NOT_FOUND, page::note(&frame, Note::Tampered));
    };
    let target = async {
        let mut tx = app.db.read().await?;
        store::link(&mut tx, opened.workspace.id, opened.row.wave_id, number).await
    };
    let (url, links) = match target.await {
        Ok(Some(found)) => found,
        Ok(None) => return html(StatusCode::GONE, page::note(&frame, Note::Expired)),
        Err(fault) => return super::trouble(lang, &fault),
    };
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let purpose = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map(header);
    let asked = Asked {
        head: method == Method::HEAD,
        user_agent: header("user-agent"),
        purpose: purpose.into_iter().find(|p| !p.is_empty()).unwrap_or_default(),
        fetch_dest: header("sec-fetch-dest"),
        has_language: !header("accept-language").is_empty(),
    };
    // The reader goes on even when the visit could not be written down.
    if let Err(fault) = click::observe(&app, &opened.workspace, &opened.row, number, links, asked).await {
        tracing::error!(message = opened.row.id.get(), error = %fault, "a click was not noted");
    }
    match HeaderValue::from_str(&url) {
        Ok(location) => {
            let headers = [
                (header::LOCATION, location),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (StatusCode::FOUND, headers).into_response()
        }
        Err(_) => html(StatusCode::GONE, page::note(&frame, Note::Expired)),
    }
}
