//! The cabinet's files: embedded in a release build, read from `ui/dist` in a debug build.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Files;

/// A file of the cabinet; any other path is the cabinet's own to route, so it gets the page.
pub async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        let fault = basis::Fault::not_found("route", format!("There is no {}.", uri.path()));
        return access::Problem(fault).into_response();
    }
    let (name, found) = match Files::get(path) {
        Some(file) if !path.is_empty() => (path, Some(file)),
        // A missing script must be an error and not a page, or the browser runs HTML as JavaScript.
        _ if path.contains('.') => return StatusCode::NOT_FOUND.into_response(),
        _ => ("index.html", Files::get("index.html")),
    };
    let Some(file) = found else {
        let text = "The cabinet was not built into this binary. Run ./dev run, which builds it.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = HeaderValue::from_str(file.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = Response::new(Body::from(file.data.into_owned()));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
