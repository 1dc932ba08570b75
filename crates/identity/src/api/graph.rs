use access::{Answer, need};
use axum::{Json, extract::Path};
use basis::CustomerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{LinkReason, reasons_of, shown};
use crate::store::people;

/// The records of a customer and the links that hold them together.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterGraph {
    nodes: Vec<GraphNode>,
    links: Vec<GraphEdge>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GraphNode {
    record_id: String,
    /// The order number or row id in its source.
    label: String,
    source: String,
    name: String,
    phone: String,
    email: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GraphEdge {
    a: String,
    b: String,
    weight: f64,
    probability: f64,
    kind: String,
    reasons: Vec<LinkReason>,
}

/// The cluster of a customer as a graph; records that say the same hang on the first of them.
#[utoipa::path(get, path = "/api/customers/{id}/graph", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = ClusterGraph)))]
pub(super) async fn show(need::Viewer(op): need::Viewer, Path(id): Path<CustomerId>) -> Answer<ClusterGraph> {
    let mut tx = op.app.db.read().await?;
    let row = people::customer(&mut tx, &op, id).await?;
    let records = people::records(&mut tx, op.ws(), CustomerId(row.id), 300).await?;
    let links = store::fetch_all!(
        tx,
        (i64, i64, f64, f64, String, String),
        "SELECT record_a, record_b, weight, probability, kind, reasons FROM merges
         WHERE workspace_id = $1 AND customer_id = $2 AND undone_at IS NULL ORDER BY weight DESC, id LIMIT 600",
        op.ws().get(),
        row.id
    )?;
    let nodes = records
        .iter()
        .map(|r| {
            let payload: serde_json::Value = serde_json::from_str(&r.payload).unwrap_or_default();
            let text = |role: &str| match &payload[role] {
                serde_json::Value::String(s) => s.clone(),
                serde_json::Value::Array(many) => {
                    many.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(" ")
                }
                _ => String::new(),
            };
            let name = [text("full_name"), text("family_name"), text("given_name"), text("patronymic")]
                .join(" ")
                .trim()
                .to_owned();
            GraphNode {
                record_id: r.id.to_string(),
                label: r.key.clone(),
                source: r.source.clone(),
                name,
                phone: shown(&op, "phone", &text("phone")),
                email: shown(&op, "email", &text("email")),
            }
        })
        .collect();
    let links = links
        .into_iter()
        .map(|l| GraphEdge {
            a: l.0.to_string(),
            b: l.1.to_string(),
            weight: l.2,
            probability: l.3,
            kind: l.4,
            reasons: reasons_of(&l.5),
        })
        .collect();
    Ok(Json(ClusterGraph { nodes, links }))
}
