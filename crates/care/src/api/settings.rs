use access::{Answer, need};
use axum::Json;
use basis::Fault;
use serde_json::json;

use crate::{rules::deadline::CareSettings, store::settings};

/// Deadlines and thresholds.
#[utoipa::path(get, path = "/api/care-settings", tag = "care", responses((status = 200, body = CareSettings)))]
pub(super) async fn show(need::Anyone(op): need::Anyone) -> Answer<CareSettings> {
    let mut tx = op.app.db.read().await?;
    Ok(Json(settings::settings(&mut tx, op.ws()).await?))
}

/// Sets deadlines and thresholds; what came before keeps its own.
#[utoipa::path(put, path = "/api/care-settings", tag = "care", request_body = CareSettings,
    responses((status = 200, body = CareSettings), (status = 422)))]
pub(super) async fn set(
    need::Supervisor(op): need::Supervisor,
    Json(new): Json<CareSettings>,
) -> Answer<CareSettings> {
    if let Some((field, what)) = new.odd() {
        return Err(Fault::invalid("care_settings", format!("{field}: {what}"))
            .with_field(field, what)
            .into());
    }
    let mut tx = op.app.db.write().await?;
    settings::set(&mut tx, op.ws(), &new, op.now()).await?;
    op.audit(&mut tx, "care.settings", "workspace", op.ws(), json!({})).await?;
    tx.commit().await?;
    Ok(Json(new))
}
