use access::{Answer, need};
use axum::Json;
use basis::{CategoryId, Fault, visible};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::store::brief;

/// What the project is about, agreed before it starts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Brief {
    goal: String,
    /// Whom it is about, in words.
    base: String,
    /// Local days like 2024-09-01.
    starts: Option<String>,
    ends: Option<String>,
    contacts: String,
    approver: String,
    /// Where operators read about the products and the support tasks.
    knowledge_url: String,
    /// Categories whose use has to be explained to first-time buyers.
    #[schema(value_type = Vec<String>)]
    pub complex_categories: Vec<CategoryId>,
}

/// The workspace's brief, empty until it is written.
pub(super) async fn read(tx: &mut Tx, ws: basis::WorkspaceId) -> Result<Brief, Fault> {
    let Some(text) = brief::brief(tx, ws).await? else { return Ok(Brief::default()) };
    serde_json::from_str(&text).map_err(|e| Fault::internal("brief", format!("briefs.brief of {ws}: {e}")))
}

/// The brief of the project.
#[utoipa::path(get, path = "/api/brief", tag = "improve", responses((status = 200, body = Brief)))]
pub(super) async fn show(need::Viewer(op): need::Viewer) -> Answer<Brief> {
    let mut tx = op.app.db.read().await?;
    Ok(Json(read(&mut tx, op.ws()).await?))
}

/// Writes the brief down.
#[utoipa::path(put, path = "/api/brief", tag = "improve", request_body = Brief, responses((status = 200, body = Brief), (status = 422)))]
pub(super) async fn set(need::Marketer(op): need::Marketer, Json(new): Json<Brief>) -> Answer<Brief> {
    let text = |text: &str| visible(text).chars().take(1_000).collect::<String>();
    let mut made = Brief {
        goal: text(&new.goal),
        base: text(&new.base),
        starts: new.starts.filter(|day| !day.is_empty()),
        ends: new.ends.filter(|day| !day.is_empty()),
        contacts: text(&new.contacts),
        approver: text(&new.approver),
        knowledge_url: text(&new.knowledge_url),
        complex_categories: new.complex_categories,
    };
    let day = |text: &Option<String>, field: &'static str| match text {
        None => Ok(None),
        Some(text) => super::backlog::day_of(text, field).map(Some),
    };
    if let (Some(from), Some(to)) = (day(&made.starts, "starts")?, day(&made.ends, "ends")?)
        && from > to
    {
        return Err(Fault::invalid("ends", "The project ends before it begins.").into());
    }
    let link = made.knowledge_url.as_str();
    if !(link.is_empty() || link.starts_with("https://") || link.starts_with("http://")) {
        let what = "an address that begins with https://";
        return Err(Fault::invalid("knowledge_url", "This is not a link.")
            .with_field("knowledge_url", what)
            .into());
    }
    let mut tx = op.app.db.write().await?;
    let known = brief::known_categories(&mut tx, op.ws()).await?;
    made.complex_categories.retain(|id| known.contains(&id.get()));
    let json = serde_json::to_string(&made).map_err(|e| Fault::internal("json", e.to_string()))?;
    brief::set(&mut tx, op.ws(), &json, op.now(), op.actor.id).await?;
    op.audit(&mut tx, "brief.change", "brief", op.ws(), serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(Json(made))
}
