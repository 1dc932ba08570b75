use access::{Answer, Problem, need, page::Page};
use axum::{Json, http::StatusCode};
use basis::{CampaignId, CustomerId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::incoming::{self, Caller};

#[derive(Debug, Deserialize, ToSchema)]
pub struct Ringing {
    /// As it is on the display of the telephone.
    phone: String,
}

/// Who calls, and which wave reached them.
#[utoipa::path(post, path = "/api/desk/inbound", tag = "desk", request_body = Ringing,
    responses((status = 200, body = Page<Caller>), (status = 422)))]
pub async fn callers(
    need::Operator(op): need::Operator,
    Json(ringing): Json<Ringing>,
) -> Answer<Page<Caller>> {
    Ok(Json(Page::whole(incoming::callers(&op, &ringing.phone).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Again {
    #[schema(value_type = String)]
    customer_id: CustomerId,
    #[schema(value_type = String)]
    campaign_id: CampaignId,
}

/// Sends the letter once more, to who phoned and asked for it.
#[utoipa::path(post, path = "/api/desk/resend", tag = "desk", request_body = Again,
    responses((status = 202), (status = 404), (status = 409), (status = 422)))]
pub async fn resend(
    need::Operator(op): need::Operator,
    Json(again): Json<Again>,
) -> Result<StatusCode, Problem> {
    incoming::resend(&op, again.customer_id, again.campaign_id).await?;
    Ok(StatusCode::ACCEPTED)
}
