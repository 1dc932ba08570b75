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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::{Json, Path};
    use axum::routing::{get, post};
    use axum::{Router, middleware};
    use tower::ServiceExt;

    async fn ask(request: Request) -> (StatusCode, String, serde_json::Value) {
        let router: Router = Router::new()
            .route("/api/numbers/{id}", get(|Path(_): Path<i64>| async { "one" }))
            .route("/api/numbers", post(|Json(_): Json<Vec<u8>>| async { "kept" }))
            .route("/page", get(|| async { (StatusCode::NOT_FOUND, "plain") }))
            .layer(middleware::from_fn(shape));
        let response = router.oneshot(request).await.unwrap();
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.map(|k| k.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn refusals_of_the_framework_are_problems() {
        let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let post = |body: &str| {
            Request::post("/api/numbers")
                .header("content-type", "application/json")
                .body(Body::from(body.to_owned()))
                .unwrap()
        };
        let bare = Request::post("/api/numbers").body(Body::from("[]")).unwrap();
        for (request, status, code) in [
            (get("/api/numbers/seven"), StatusCode::BAD_REQUEST, "malformed"),
            (post("["), StatusCode::BAD_REQUEST, "malformed"),
            (post("{}"), StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
            (bare, StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            (get("/api/numbers"), StatusCode::METHOD_NOT_ALLOWED, "method"),
            (get("/api/nothing"), StatusCode::NOT_FOUND, "no_such_path"),
        ] {
            let (answered, kind, body) = ask(request).await;
            assert_eq!((answered, kind.as_str()), (status, "application/problem+json"), "{body}");
            assert_eq!(
                (body["code"].as_str(), body["status"].as_u64()),
                (Some(code), Some(status.as_u16().into()))
            );
            assert!(!body["detail"].as_str().unwrap().is_empty());
        }
        // Answers, and pages that are not the API's, stay what they are.
        assert_eq!(ask(get("/api/numbers/7")).await.0, StatusCode::OK);
        assert!(ask(get("/page")).await.1.starts_with("text/plain"));
    }
}
