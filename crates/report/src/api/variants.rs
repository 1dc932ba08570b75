use access::{Answer, need};
use axum::{Json, extract::Path};
use basis::CampaignId;

use crate::variants::{CampaignVariants, of_campaign};

/// The variants of each wave against the first of them, as assigned: split check, conversion, revenue, verdicts that hold together.
#[utoipa::path(get, path = "/api/campaigns/{id}/variants", tag = "report", params(("id" = String, Path)),
    responses((status = 200, body = CampaignVariants), (status = 404)))]
pub async fn show(need::Viewer(op): need::Viewer, Path(id): Path<CampaignId>) -> Answer<CampaignVariants> {
    Ok(Json(of_campaign(&op.app, &op.workspace, id).await?))
}
