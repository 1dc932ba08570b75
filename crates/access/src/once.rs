//! `Idempotency-Key`: the same request asked again is answered from memory, as the IETF draft of the header has it.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use basis::Fault;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{App, Op, Problem, session};

const HEADER: &str = "idempotency-key";
/// Requests and answers with a key are held in memory and kept, so they are small; files are uploaded without one.
const BODY_LIMIT: usize = 1 << 20;
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// After this a request without an answer is taken for one that died with its process.
const ABANDONED: Duration = Duration::from_secs(600);

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    content_type: Option<String>,
    body: String,
}

/// A request under its key.
struct Asked {
    op: Op,
    /// Hash of who asks and the key: two people's keys never meet.
    place: String,
    /// Hash of what is asked.
    request: String,
}

/// The middleware. A POST with a key runs once in a day: its repeats get the first answer (`Idempotency-Replayed: true`), a repeat
/// while it still runs gets 409, the same key with another request 422. Requests that fail may be tried again under their key.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let keyed = request.method() == Method::POST && request.headers().contains_key(HEADER);
    if !keyed || is_upload(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // Who is not signed in is told so by the handler itself.
    let Ok(op) = session::authenticate(&parts, &app).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    match keep(op, parts, body, next).await {
        Ok(response) => response,
        Err(fault) => Problem(fault).into_response(),
    }
}

fn is_upload(request: &Request) -> bool {
    request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"))
}

async fn keep(op: Op, parts: Parts, body: Body, next: Next) -> Result<Response, Fault> {
    let key = parts
        .headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=255).contains(&key.len()))
        .ok_or_else(|| {
            Fault::invalid("idempotency_key", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
        })?;
    let bytes = to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| Fault::too_large("body", "A request with an Idempotency-Key may have 1 MiB at most."))?;
    let place = hash(&[op.actor.kind_str().as_bytes(), &op.actor.id.to_be_bytes(), key.as_bytes()]);
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let asked = Asked { request: hash(&[path.as_bytes(), &bytes]), place, op };
    if let Some(answer) = asked.begin().await? {
        return Ok(answer);
    }
    // A caller who hangs up does not stop what he began, so its answer is there when he asks again.
    tokio::spawn(async move {
        let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
        asked.end(response).await
    })
    .await
    .map_err(|error| Fault::internal("idempotency_key", format!("the request broke off: {error}")))?
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

impl Asked {
    /// Takes the key, or answers what is known of the request that has it.
    async fn begin(&self) -> Result<Option<Response>, Fault> {
        let (ws, now) = (self.op.ws(), self.op.now());
        let mut tx = self.op.app.db.write().await?;
        store::execute!(
            tx,
            "DELETE FROM idempotency_keys WHERE workspace_id = $1 AND (created_at < $2 OR (status IS NULL AND created_at < $3))",
            ws.get(),
            now.minus(KEPT).millis(),
            now.minus(ABANDONED).millis()
        )?;
        let taken = store::execute!(
            tx,
            "INSERT INTO idempotency_keys (workspace_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            ws.get(),
            self.place.as_str(),
            self.request.as_str(),
            now.millis()
        )?;
        let found = if taken == 1 {
            None
        } else {
            store::fetch_optional!(
                tx,
                (String, Option<i64>, Option<String>),
                "SELECT request_hash, status, body FROM idempotency_keys WHERE workspace_id = $1 AND key = $2",
                ws.get(),
                self.place.as_str()
            )?
        };
        tx.commit().await?;
        let Some((request, status, body)) = found else { return Ok(None) };
        if request != self.request {
            return Err(Fault::invalid(
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request; take a new one.",
            ));
        }
        let (Some(status), Some(body)) = (status, body) else {
            return Err(Fault::conflict(
                "idempotency_in_progress",
                "The request with this Idempotency-Key still runs; ask again in a moment.",
            ));
        };
        self.replay(status, &body).map(Some)
    }

    fn replay(&self, status: i64, sealed: &str) -> Result<Response, Fault> {
        let odd =
            |what: String| Fault::internal("idempotency_key", format!("the kept answer is odd: {what}"));
        let plain = self.op.app.master_key().open(self.op.ws(), &self.place, sealed)?;
        let kept: Kept = serde_json::from_slice(&plain).map_err(|error| odd(error.to_string()))?;
        let status = u16::try_from(status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or_else(|| odd(format!("status {status}")))?;
        let mut response = (status, kept.body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if let Some(kind) = kept.content_type.and_then(|kind| HeaderValue::from_str(&kind).ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        Ok(response)
    }

    /// Keeps a good answer, sealed, for it may hold personal data; gives the key back after a bad one.
    async fn end(self, response: Response) -> Result<Response, Fault> {
        let small = response
            .body()
            .size_hint()
            .upper()
            .is_some_and(|size| usize::try_from(size).is_ok_and(|size| size <= BODY_LIMIT));
        if !response.status().is_success() || !small {
            self.give_back().await?;
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes: Bytes = to_bytes(body, BODY_LIMIT)
            .await
            .map_err(|error| Fault::internal("idempotency_key", format!("the answer broke off: {error}")))?;
        let Ok(body) = String::from_utf8(bytes.to_vec()) else {
            self.give_back().await?;
            return Ok(Response::from_parts(parts, Body::from(bytes)));
        };
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let plain = serde_json::to_vec(&Kept { content_type, body })
            .map_err(|error| Fault::internal("idempotency_key", error.to_string()))?;
        let app = &self.op.app;
        let sealed = app.master_key().seal(self.op.ws(), &self.place, &plain, app.random())?;
        let mut tx = app.db.write().await?;
        store::execute!(
            tx,
            "UPDATE idempotency_keys SET status = $1, body = $2 WHERE workspace_id = $3 AND key = $4",
            i64::from(parts.status.as_u16()),
            sealed,
            self.op.ws().get(),
            self.place.as_str()
        )?;
        tx.commit().await?;
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    async fn give_back(&self) -> Result<(), Fault> {
        let mut tx = self.op.app.db.write().await?;
        store::execute!(
            tx,
            "DELETE FROM idempotency_keys WHERE workspace_id = $1 AND key = $2",
            self.op.ws().get(),
            self.place.as_str()
        )?;
        tx.commit().await?;
        Ok(())
    }
}
