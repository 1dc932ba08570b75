//! What the framework refuses before a handler runs (malformed JSON, an id that is none, a wrong method) is a problem
//! like every other: `application/problem+json` with a code.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Characters of the framework's own words that are told on.
const LONGEST: usize = 500;

/// Gives refusals in plain text the shape of problems.
pub async fn shape(request: Request, next: Next) -> Response {
    let of_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let shaped = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if !of_api || !refused || shaped {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let words = read(body).await;
    let (code, sentence) = words_for(status);
    let body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": if words.is_empty() { sentence } else { &words },
        "code": code,
        "fields": [],
    });
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, Body::from(body.to_string()))
}

async fn read(body: Body) -> String {
    let bytes = to_bytes(body, 16 * 1024).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).chars().take(LONGEST).collect()
}

const fn words_for(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ("malformed", "The request cannot be read.")
        }
        StatusCode::NOT_FOUND => ("no_such_path", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method", "This address does not take this method."),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("content_type", "The body has another content type than expected.")
        }
        _ => ("refused", "The request was refused."),
    }
}
