use access::{Answer, Problem, need};
use axum::{
    Json,
    extract::{Path, Query},
    http::header,
    response::IntoResponse,
};
use basis::CampaignId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{CampaignReport, funnel_on};

#[derive(Debug, Deserialize, IntoParams)]
pub struct Asked {
    /// Look at the funnel as it stood so many days after the launch.
    day: Option<u32>,
}

/// The funnel of each wave, the final partition and the effect against the hold-out.
#[utoipa::path(get, path = "/api/campaigns/{id}/report", tag = "report", params(("id" = String, Path), Asked),
    responses((status = 200, body = CampaignReport), (status = 404)))]
pub async fn show(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CampaignId>,
    Query(asked): Query<Asked>,
) -> Answer<CampaignReport> {
    Ok(Json(funnel_on(&op.app, &op.workspace, id, asked.day).await?))
}

/// The same as CSV: one row a figure.
#[utoipa::path(get, path = "/api/campaigns/{id}/report.csv", tag = "report", params(("id" = String, Path), Asked),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404)))]
pub async fn export(
    need::Viewer(op): need::Viewer,
    Path(id): Path<CampaignId>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Problem> {
    let report = funnel_on(&op.app, &op.workspace, id, asked.day).await?;
    let csv = ingest::export::csv_text(&["wave", "channel", "figure", "count"], report.rows());
    Ok(as_file(&format!("campaign-{id}.csv"), csv))
}

/// A CSV answer that the browser saves.
pub fn as_file(name: &str, csv: Vec<u8>) -> impl IntoResponse + use<> {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        csv,
    )
}
