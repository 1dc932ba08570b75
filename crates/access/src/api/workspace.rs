use axum::Json;
use basis::{Currency, Lang};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Answer, Op, load_workspace, need,
    workspace::{check_jurisdiction, check_timezone},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceSettings {
    pub id: String,
    pub name: String,
    pub simulated: bool,
    pub language: String,
    pub timezone: String,
    pub jurisdiction: String,
    pub currency: String,
    pub settings: serde_json::Value,
}

fn shown(op: &Op) -> WorkspaceSettings {
    let w = &op.workspace;
    WorkspaceSettings {
        id: w.id.to_string(),
        name: w.name.clone(),
        simulated: w.simulated,
        language: w.language.to_string(),
        timezone: w.timezone.clone(),
        jurisdiction: w.jurisdiction.clone(),
        currency: w.currency.to_string(),
        settings: w.settings.clone(),
    }
}

/// The workspace's own settings.
#[utoipa::path(get, path = "/api/workspace", tag = "access", responses((status = 200, body = WorkspaceSettings)))]
pub(super) async fn show(need::Viewer(op): need::Viewer) -> Answer<WorkspaceSettings> {
    Ok(Json(shown(&op)))
}

#[derive(Deserialize, ToSchema)]
pub struct WorkspaceChange {
    pub name: Option<String>,
    #[schema(value_type = Option<String>)]
    pub language: Option<Lang>,
    pub timezone: Option<String>,
    pub jurisdiction: Option<String>,
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Replaces the settings as a whole.
    pub settings: Option<serde_json::Value>,
}

/// Changes the workspace's settings.
#[utoipa::path(patch, path = "/api/workspace", tag = "access", request_body = WorkspaceChange, responses((status = 200, body = WorkspaceSettings)))]
pub(super) async fn change(
    need::Administrator(op): need::Administrator,
    Json(body): Json<WorkspaceChange>,
) -> Answer<WorkspaceSettings> {
    body.timezone.as_deref().map_or(Ok(()), check_timezone)?;
    body.jurisdiction.as_deref().map_or(Ok(()), check_jurisdiction)?;
    let mut tx = op.app.db.write().await?;
    store::execute!(
        tx,
        "UPDATE workspaces SET name = COALESCE($2, name), language = COALESCE($3, language), timezone = COALESCE($4, timezone),
           jurisdiction = COALESCE($5, jurisdiction), currency = COALESCE($6, currency), settings = COALESCE($7, settings) WHERE id = $1",
        op.ws().get(),
        body.name,
        body.language.map(Lang::as_str),
        body.timezone,
        body.jurisdiction,
        body.currency.map(|c| c.to_string()),
        body.settings.map(|s| s.to_string())
    )?;
    op.audit(&mut tx, "workspace_changed", "workspace", op.ws(), json!({})).await?;
    tx.commit().await?;
    let workspace = load_workspace(&op.app, op.ws()).await?;
    Ok(Json(shown(&Op { workspace, ..op })))
}
