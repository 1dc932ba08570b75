use access::{Answer, Op, Problem, need, page::Page};
use axum::{
    Json,
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use basis::{Fault, SegmentId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::segments::CustomerLine;
use crate::{
    rules::ads::{Network, csv},
    store::{self as audience, AdAudience},
};

/// Who of a segment may be shown to an advertising network; the steps and `people` sum to `base`.
#[derive(Serialize, ToSchema)]
pub struct AdAudienceBody {
    base: usize,
    /// Why the others are not handed over; steps of nobody are left out.
    steps: Vec<super::waterfall::StepLine>,
    /// Rows of the file: each person is one.
    people: usize,
    emails: usize,
    phones: usize,
    /// The networks take no fewer rows than this.
    least: usize,
}

#[derive(Deserialize, IntoParams)]
pub struct PeopleAsk {
    /// A reason, or `remaining` for those of the file.
    code: String,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
pub struct FileAsk {
    network: String,
}

/// Counts of a segment's audience for advertising networks: only who consented to that is in it.
#[utoipa::path(get, path = "/api/segments/{id}/advertising", tag = "audience", params(("id" = String, Path)), responses((status = 200, body = AdAudienceBody)))]
pub(super) async fn show(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SegmentId>,
) -> Answer<AdAudienceBody> {
    let found = audience::ad_audience(&op, id).await?;
    let steps = found.steps.iter().filter(|step| !step.customers.is_empty());
    Ok(Json(AdAudienceBody {
        base: found.base,
        steps: steps.map(super::waterfall::StepLine::of).collect(),
        people: found.targets.len(),
        emails: found.targets.iter().filter(|target| target.email.is_some()).count(),
        phones: found.targets.iter().filter(|target| target.phone.is_some()).count(),
        least: Network::Google.least(),
    }))
}

/// The people behind one of its figures.
#[utoipa::path(get, path = "/api/segments/{id}/advertising/people", tag = "audience", params(("id" = String, Path), PeopleAsk), responses((status = 200, body = Page<CustomerLine>)))]
pub(super) async fn people(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SegmentId>,
    Query(ask): Query<PeopleAsk>,
) -> Answer<Page<CustomerLine>> {
    let found = audience::ad_audience(&op, id).await?;
    super::waterfall::page(&op, &found.of(&ask.code), ask.cursor.as_deref(), ask.limit).await
}

/// The file of hashes for a network (`google`, `meta`, `yandex`), a row a person; who took it is in the audit log.
#[utoipa::path(get, path = "/api/segments/{id}/advertising.csv", tag = "audience", params(("id" = String, Path), FileAsk), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn file(
    need::Marketer(op): need::Marketer,
    Path(id): Path<SegmentId>,
    Query(ask): Query<FileAsk>,
) -> Result<Response, Problem> {
    let network: Network = ask.network.parse()?;
    let found = audience::ad_audience(&op, id).await?;
    if found.targets.is_empty() {
        return Err(Fault::refused(
            "nobody_consented",
            "Nobody of this segment consented to advertising audiences; the file would be empty.",
        )
        .into());
    }
    log(&op, id, network, &found).await?;
    let name = format!("attachment; filename=\"audience-{id}-{network}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, csv(network, &found.targets)).into_response())
}

async fn log(op: &Op, id: SegmentId, network: Network, found: &AdAudience) -> Result<(), Fault> {
    let mut tx = op.app.db.write().await?;
    let data = serde_json::json!({ "network": network, "people": found.targets.len(), "of": found.base });
    op.audit(&mut tx, "ad_audience_exported", "segment", id, data).await?;
    tx.commit().await?;
    Ok(())
}
