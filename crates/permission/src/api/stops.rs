use access::{
    Answer, Problem, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
};
use basis::{Email, Fault, Phone, SuppressionId, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::{self as permission, Suppress};

/// A stop. Only a keyed hash of the value is kept, so the value itself cannot be shown.
#[derive(Serialize, ToSchema)]
pub struct StopLine {
    id: String,
    kind: String,
    channel: String,
    reason: String,
    campaign_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    lifted_at: Option<Time>,
}

/// The stop-list, newest first.
#[utoipa::path(get, path = "/api/suppressions", tag = "permission", params(PageQuery), responses((status = 200, body = Page<StopLine>)))]
pub(super) async fn list(
    need::Supervisor(op): need::Supervisor,
    Query(query): Query<PageQuery>,
) -> Answer<Page<StopLine>> {
    let before = query.cursor.as_deref().map_or(Ok(i64::MAX), str::parse);
    let before = before.map_err(|_| Fault::invalid("cursor", "this cursor is not one of ours"))?;
    let mut tx = op.app.db.read().await?;
    let stops = permission::list_stops(&mut tx, &op.app, op.ws(), None, before, query.limit() + 1).await?;
    let lines = stops.into_iter().map(|stop| StopLine {
        id: stop.id.to_string(),
        kind: stop.kind,
        channel: stop.channel,
        reason: stop.reason,
        campaign_id: stop.campaign_id.map(|id| id.to_string()),
        at: Time::from_millis(stop.at),
        lifted_at: stop.lifted_at.map(Time::from_millis),
    });
    Ok(Json(Page::cut(lines.collect(), query.limit(), |line| line.id.clone())))
}

#[derive(Deserialize, ToSchema)]
pub struct NewStop {
    /// `email` or `phone`.
    kind: String,
    value: String,
    /// `all` when absent.
    channel: Option<String>,
}

/// Puts a contact on the stop-list by hand.
#[utoipa::path(post, path = "/api/suppressions", tag = "permission", request_body = NewStop, responses((status = 201)))]
pub(super) async fn add(
    need::Supervisor(op): need::Supervisor,
    Json(body): Json<NewStop>,
) -> Result<StatusCode, Problem> {
    let value = match body.kind.as_str() {
        "email" => Email::parse(body.value.trim())?.into_string(),
        "phone" => Phone::parse(body.value.trim())?.into_string(),
        other => return Err(Fault::invalid("kind", format!("\"{other}\" is not email or phone")).into()),
    };
    let channel = body.channel.as_deref().unwrap_or("all");
    if channel != "all" {
        channel.parse::<crate::Channel>()?;
    }
    // Known before the write begins: making a key is a write of its own.
    op.app.key(op.ws(), "suppression").await?;
    let mut tx = op.app.db.write().await?;
    let at = op.campaign_now();
    let stop = Suppress { kind: &body.kind, value: &value, channel, reason: "manual", campaign_id: None, at };
    permission::suppress(&mut tx, &op.app, op.ws(), &stop).await?;
    op.audit(&mut tx, "stop_added", "contact", &body.kind, serde_json::json!({ "channel": channel })).await?;
    tx.commit().await?;
    Ok(StatusCode::CREATED)
}

/// Takes a stop back.
#[utoipa::path(post, path = "/api/suppressions/{id}/lift", tag = "permission", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn lift(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<SuppressionId>,
) -> Result<StatusCode, Problem> {
    let mut tx = op.app.db.write().await?;
    permission::lift(&mut tx, op.ws(), id, op.campaign_now()).await?;
    op.audit(&mut tx, "stop_lifted", "suppression", id, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
