use access::{Answer, need};
use axum::{Json, extract::Path};
use basis::SegmentId;
use insight::GroupMonth;
use serde::Serialize;
use utoipa::ToSchema;

/// The months of a segment beside the whole base.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentMonths {
    /// Who is in the segment now; their past is what is shown.
    customers: usize,
    months: Vec<GroupMonth>,
}

/// Average revenue per active customer of a segment, month by month.
#[utoipa::path(get, path = "/api/segments/{id}/arpu", tag = "improve", params(("id" = String, Path)), responses((status = 200, body = SegmentMonths)))]
pub(super) async fn show(need::Viewer(op): need::Viewer, Path(id): Path<SegmentId>) -> Answer<SegmentMonths> {
    let people = audience::members(&op, Some(id)).await?;
    let ids = people.iter().map(|customer| customer.get()).collect();
    let months = insight::group_months(&op.app, &op.workspace, ids).await?;
    Ok(Json(SegmentMonths { customers: people.len(), months }))
}
