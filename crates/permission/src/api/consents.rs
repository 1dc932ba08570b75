use access::{Answer, need, page::Page};
use axum::{Json, extract::Query};
use basis::{CustomerId, Time, mask_email, mask_phone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::consents_of;

#[derive(Deserialize, IntoParams)]
pub struct OfCustomer {
    #[param(value_type = String)]
    customer: CustomerId,
}

/// A line of the consent log.
#[derive(Serialize, ToSchema)]
pub struct ConsentLine {
    id: String,
    /// `email`, `phone` …
    kind: String,
    /// The contact through which it was said, masked.
    value: String,
    purpose: String,
    channel: String,
    /// `given` or `withdrawn`.
    state: String,
    basis: String,
    #[schema(value_type = Object)]
    proof: serde_json::Value,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// What a customer said about being contacted, newest first, with its proof.
#[utoipa::path(get, path = "/api/consents", tag = "permission", params(OfCustomer), responses((status = 200, body = Page<ConsentLine>)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(query): Query<OfCustomer>,
) -> Answer<Page<ConsentLine>> {
    let mut tx = op.app.db.read().await?;
    let lines = consents_of(&mut tx, op.ws(), query.customer).await?.into_iter().map(|entry| ConsentLine {
        id: entry.id.to_string(),
        value: if entry.kind == "email" { mask_email(&entry.value) } else { mask_phone(&entry.value) },
        kind: entry.kind,
        purpose: entry.purpose,
        channel: entry.channel,
        state: entry.state,
        basis: entry.basis,
        proof: serde_json::from_str(&entry.proof).unwrap_or(serde_json::Value::String(entry.proof)),
        at: Time::from_millis(entry.at),
    });
    Ok(Json(Page::whole(lines.collect())))
}
