use crate::proof::{self, CampaignProof};
use access::{Answer, need};
use axum::Json;
use axum::extract::Path;
use basis::{CampaignId, Fault};

/// Treated against hold-out, as assigned: split check, conversion, revenue with CUPED, payback, valid at any look.
#[utoipa::path(get, path = "/api/campaigns/{id}/proof", tag = "insight", params(("id" = String, Path)), responses((status = 200, body = CampaignProof)))]
pub(super) async fn proof(need::Viewer(op): need::Viewer, Path(id): Path<String>) -> Answer<CampaignProof> {
    let unknown = || Fault::not_found("campaign", "There is no such campaign.");
    let id: i64 = id.parse().map_err(|_| unknown())?;
    let found = proof::campaign(&op.app, &op.workspace, CampaignId(id)).await?;
    Ok(Json(found.ok_or_else(unknown)?))
}
