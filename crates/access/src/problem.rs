use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use basis::{Fault, FaultKind};
use serde::Serialize;

/// The answer of every handler that gives JSON.
pub type Answer<T> = Result<Json<T>, Problem>;

/// An error as RFC 9457 problem details.
#[derive(Debug)]
pub struct Problem(pub Fault);

/// The body of a problem, `application/problem+json`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `about:blank`: the status says it all, `code` says the rest.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// A stable word for programs.
    code: &'static str,
    fields: Vec<ProblemField>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    path: String,
    what: String,
}

impl<E: Into<Fault>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Fault { kind, code, detail, fields } = self.0;
        let status = match kind {
            FaultKind::Invalid | FaultKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            FaultKind::NotFound => StatusCode::NOT_FOUND,
            FaultKind::Conflict => StatusCode::CONFLICT,
            FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            FaultKind::Forbidden => StatusCode::FORBIDDEN,
            FaultKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // What broke inside is for the log; a person gets a sentence without table names.
        let detail = if kind == FaultKind::Internal {
            tracing::error!(code, error = %detail, "request failed: {code}");
            "Something went wrong on our side. The details are in the server's log.".to_owned()
        } else {
            detail
        };
        let body = ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            code,
            fields: fields.into_iter().map(|(path, what)| ProblemField { path, what }).collect(),
        };
        let mut response = (status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
