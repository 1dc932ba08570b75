//! Routes of this slice.

use std::sync::Arc;

use access::{Answer, App, Op, Problem, need, page::Page};
use axum::{Extension, Json, extract::Path, http::StatusCode};
use basis::{CampaignId, CustomerId, Fault, SegmentId};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    journey::{self, Entering, Whom},
    launch,
    rules::{Channel, Draft, Finding, Severity},
    store::{self as rows, Campaign, Wave, WaveState},
};

/// What only the senders know: whether the channels of a launch can send. The server hands it in.
#[derive(Clone)]
pub struct PreLaunch(pub Arc<Ask>);

type Ask = dyn Fn(Op, Vec<Channel>) -> Found + Send + Sync;
type Found = BoxFuture<'static, Result<Vec<Finding>, Fault>>;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, remove))
        .routes(routes!(check))
        .routes(routes!(launch_it))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(stop))
        .routes(routes!(enter))
        .routes(routes!(enter_preview))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignSummary {
    #[serde(flatten)]
    pub campaign: Campaign,
    /// The frozen audience, hold-out included; 0 before the launch.
    pub people: i64,
    pub waves: Vec<WaveSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WaveSummary {
    pub channel: Channel,
    pub state: WaveState,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignDetail {
    #[serde(flatten)]
    pub campaign: Campaign,
    pub people: i64,
    pub waves: Vec<Wave>,
}

async fn people(op: &Op, id: CampaignId) -> Result<i64, Fault> {
    let mut tx = op.app.db.read().await?;
    let (count,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM campaign_members WHERE workspace_id = $1 AND campaign_id = $2",
        op.ws().get(),
        id.get()
    )?;
    Ok(count)
}

async fn detail(op: &Op, id: CampaignId) -> Result<CampaignDetail, Fault> {
    let mut tx = op.app.db.read().await?;
    let campaign = rows::campaign(&mut tx, op.ws(), id).await?;
    let waves = rows::waves(&mut tx, op.ws(), id).await?;
    drop(tx);
    Ok(CampaignDetail { campaign, people: people(op, id).await?, waves })
}

/// Every campaign, newest first.
#[utoipa::path(get, path = "/api/campaigns", tag = "campaign", responses((status = 200, body = Page<CampaignSummary>)))]
async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<CampaignSummary>> {
    let mut tx = op.app.db.read().await?;
    let campaigns = rows::list(&mut tx, op.ws()).await?;
    drop(tx);
    let mut items = Vec::with_capacity(campaigns.len());
    for campaign in campaigns {
        let mut tx = op.app.db.read().await?;
        let waves = rows::waves(&mut tx, op.ws(), campaign.id).await?;
        drop(tx);
        items.push(CampaignSummary {
            people: people(&op, campaign.id).await?,
            waves: waves
                .into_iter()
                .map(|w| WaveSummary { channel: w.draft.channel, state: w.state })
                .collect(),
            campaign,
        });
    }
    Ok(Json(Page::whole(items)))
}

/// Keeps a draft.
#[utoipa::path(post, path = "/api/campaigns", tag = "campaign", request_body = Draft, responses((status = 201, body = CampaignDetail)))]
async fn create(
    need::Marketer(op): need::Marketer,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, Json<CampaignDetail>), Problem> {
    let id = rows::create(&op, &draft).await?;
    Ok((StatusCode::CREATED, Json(detail(&op, id).await?)))
}

/// A campaign with its waves and texts.
#[utoipa::path(get, path = "/api/campaigns/{id}", tag = "campaign", params(("id" = String, Path)), responses((status = 200, body = CampaignDetail)))]
async fn show(need::Viewer(op): need::Viewer, Path(id): Path<CampaignId>) -> Answer<CampaignDetail> {
    Ok(Json(detail(&op, id).await?))
}

/// Replaces a draft.
#[utoipa::path(put, path = "/api/campaigns/{id}", tag = "campaign", params(("id" = String, Path)), request_body = Draft, responses((status = 200, body = CampaignDetail)))]
async fn update(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CampaignId>,
    Json(draft): Json<Draft>,
) -> Answer<CampaignDetail> {
    rows::update(&op, id, &draft).await?;
    Ok(Json(detail(&op, id).await?))
}

/// Deletes a draft.
#[utoipa::path(delete, path = "/api/campaigns/{id}", tag = "campaign", params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CampaignId>,
) -> Result<StatusCode, Problem> {
    rows::delete(&op, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CheckResult {
    /// Whether it can be launched.
    pub ok: bool,
    pub findings: Vec<Finding>,
}

async fn sender_findings(op: &Op, senders: &PreLaunch, draft: &Draft) -> Result<Vec<Finding>, Fault> {
    let mut channels: Vec<Channel> = draft.waves.iter().map(|wave| wave.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    (senders.0)(op.clone(), channels).await
}

/// What stands against the launch of a draft and what should be looked at.
#[utoipa::path(post, path = "/api/campaigns/{id}/check", tag = "campaign", params(("id" = String, Path)), responses((status = 200, body = CheckResult)))]
async fn check(
    need::Marketer(op): need::Marketer,
    Extension(senders): Extension<PreLaunch>,
    Path(id): Path<CampaignId>,
) -> Answer<CheckResult> {
    let (_, draft) = launch::draft_of(&op, id).await?;
    let mut findings = launch::check(&op, &draft).await?;
    findings.extend(sender_findings(&op, &senders, &draft).await?);
    findings.sort_by_key(|finding| finding.severity);
    Ok(Json(CheckResult { ok: findings.iter().all(|f| f.severity != Severity::Refuse), findings }))
}

/// Launches a draft: the audience is frozen, then the first wave starts. Cannot be undone.
#[utoipa::path(post, path = "/api/campaigns/{id}/launch", tag = "campaign", params(("id" = String, Path)), responses((status = 202, body = CampaignDetail)))]
async fn launch_it(
    need::Marketer(op): need::Marketer,
    Extension(senders): Extension<PreLaunch>,
    Path(id): Path<CampaignId>,
) -> Result<(StatusCode, Json<CampaignDetail>), Problem> {
    let (_, draft) = launch::draft_of(&op, id).await?;
    let found = sender_findings(&op, &senders, &draft).await?;
    launch::launch(&op, id, &found).await?;
    Ok((StatusCode::ACCEPTED, Json(detail(&op, id).await?)))
}

async fn changed(op: &Op, id: CampaignId, done: bool, what: &str) -> Answer<CampaignDetail> {
    let shown = detail(op, id).await?;
    if !done {
        let state = shown.campaign.state;
        return Err(Fault::conflict("state", format!("A campaign that is {state} cannot be {what}.")).into());
    }
    op.app.hub.publish(op.ws(), format!("campaign:{id}"), json!({ "state": shown.campaign.state }));
    Ok(Json(shown))
}

/// Nothing more is sent until it is resumed.
#[utoipa::path(post, path = "/api/campaigns/{id}/pause", tag = "campaign", params(("id" = String, Path)), responses((status = 200, body = CampaignDetail)))]
async fn pause(need::Marketer(op): need::Marketer, Path(id): Path<CampaignId>) -> Answer<CampaignDetail> {
    let mut tx = op.app.db.write().await?;
    let done = rows::pause(&mut tx, op.ws(), id, "by_hand").await?;
    op.audit(&mut tx, "campaign_paused", "campaign", id, json!({})).await?;
    tx.commit().await?;
    changed(&op, id, done, "paused").await
}

/// Goes on where it was paused.
#[utoipa::path(post, path = "/api/campaigns/{id}/resume", tag = "campaign", params(("id" = String, Path)), responses((status = 200, body = CampaignDetail)))]
async fn resume(need::Marketer(op): need::Marketer, Path(id): Path<CampaignId>) -> Answer<CampaignDetail> {
    let mut tx = op.app.db.write().await?;
    let done = rows::resume(&mut tx, op.ws(), id).await?;
    op.audit(&mut tx, "campaign_resumed", "campaign", id, json!({})).await?;
    tx.commit().await?;
    changed(&op, id, done, "resumed").await
}

/// Ends it for good; what was planned is not sent.
#[utoipa::path(post, path = "/api/campaigns/{id}/stop", tag = "campaign", params(("id" = String, Path)), responses((status = 200, body = CampaignDetail)))]
async fn stop(need::Marketer(op): need::Marketer, Path(id): Path<CampaignId>) -> Answer<CampaignDetail> {
    let mut tx = op.app.db.write().await?;
    let done = rows::stop(&mut tx, op.ws(), id, op.campaign_now()).await?;
    op.audit(&mut tx, "campaign_stopped", "campaign", id, json!({})).await?;
    tx.commit().await?;
    changed(&op, id, done, "stopped").await
}

/// Whom to send into a journey: a segment, or people by their ids.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EnterBody {
    #[schema(value_type = Option<String>)]
    segment_id: Option<SegmentId>,
    /// At most 1,000.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customer_ids: Vec<CustomerId>,
}

const MOST_PEOPLE: usize = 1_000;

impl EnterBody {
    fn whom(self) -> Result<Whom, Fault> {
        match (self.segment_id, self.customer_ids) {
            (Some(segment), people) if people.is_empty() => Ok(Whom::Segment(segment)),
            (None, people) if (1..=MOST_PEOPLE).contains(&people.len()) => Ok(Whom::People(people)),
            _ => Err(Fault::invalid(
                "enter",
                format!("name a segment (segment_id) or 1 to {MOST_PEOPLE} people (customer_ids)"),
            )),
        }
    }
}

/// How many people a sending into a journey would mean; nobody is sent.
#[utoipa::path(post, path = "/api/campaigns/{id}/enter/preview", tag = "campaign", params(("id" = String, Path)), request_body = EnterBody, responses((status = 200, body = Entering)))]
async fn enter_preview(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CampaignId>,
    Json(body): Json<EnterBody>,
) -> Answer<Entering> {
    Ok(Json(journey::preview(&op, id, &body.whom()?).await?))
}

/// Sends people into a running journey. Whoever was in it before does not go in again.
#[utoipa::path(post, path = "/api/campaigns/{id}/enter", tag = "campaign", params(("id" = String, Path)), request_body = EnterBody, responses((status = 202, body = Entering)))]
async fn enter(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CampaignId>,
    Json(body): Json<EnterBody>,
) -> Result<(StatusCode, Json<Entering>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(journey::send(&op, id, body.whom()?).await?)))
}
