use access::{Answer, need};
use ahash::{AHashMap, AHashSet};
use axum::{Json, extract::Path};
use basis::CustomerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{LinkReason, cell_shown, reasons_of, with_values};
use crate::rules::card::Base;
use crate::store::load::{Loaded, Stored};
use crate::store::people;
use crate::store::said::Cells;

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
    /// As of merges; `same_text` for records that say the same of who it is, `by_hand` for what a colleague wrote on the card.
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
    let by_hand = store::fetch_all!(
        tx,
        (i64, i64),
        "SELECT ml.record_a, ml.record_b FROM manual_links ml
         JOIN record_customers rc ON rc.workspace_id = ml.workspace_id AND rc.record_id = ml.record_a
         WHERE ml.workspace_id = $1 AND rc.customer_id = $2 AND ml.must ORDER BY ml.at, ml.record_a LIMIT 300",
        op.ws().get(),
        row.id
    )?;
    drop(tx);
    let cells: AHashMap<i64, Cells> = records.iter().map(|r| (r.id, Cells::read(&r.payload))).collect();
    let text = |record: i64, field: &str| cells.get(&record).and_then(|c| c.of(field)).unwrap_or_default();
    let nodes = records
        .iter()
        .map(|r| GraphNode {
            record_id: r.id.to_string(),
            label: r.key.clone(),
            source: r.source.clone(),
            name: text(r.id, "surname"),
            phone: cell_shown(&op, "phone", &text(r.id, "phone")),
            email: cell_shown(&op, "email", &text(r.id, "email")),
        })
        .collect();
    let mut joined: AHashSet<(i64, i64)> = AHashSet::new();
    let mut edges: Vec<GraphEdge> = Vec::new();
    for (a, b, weight, probability, kind, reasons) in links {
        if !cells.contains_key(&a) || !cells.contains_key(&b) || !joined.insert((a.min(b), a.max(b))) {
            continue;
        }
        let reasons = with_values(&op, reasons_of(&reasons), cells.get(&a), cells.get(&b));
        edges.push(GraphEdge { a: a.to_string(), b: b.to_string(), weight, probability, kind, reasons });
    }
    let plain = |a: i64, b: i64, kind: &str| GraphEdge {
        a: a.to_string(),
        b: b.to_string(),
        weight: 0.0,
        probability: 1.0,
        kind: kind.to_owned(),
        reasons: Vec::new(),
    };
    let known = by_hand.into_iter().filter(|(a, b)| cells.contains_key(a) && cells.contains_key(b));
    for (a, b) in known.collect::<Vec<_>>() {
        if joined.insert((a.min(b), a.max(b))) {
            edges.push(plain(a, b, "by_hand"));
        }
    }
    let mut loaded = Loaded::default();
    for record in &records {
        loaded.push(Stored::of(record), 0);
    }
    let base = Base::read(&loaded.batch);
    let mut first: AHashMap<u32, i64> = AHashMap::new();
    for (record, card) in loaded.records.iter().zip(&base.card_of) {
        let twin = *first.entry(*card).or_insert(*record);
        if twin != *record && joined.insert((twin.min(*record), twin.max(*record))) {
            edges.push(plain(twin, *record, "same_text"));
        }
    }
    Ok(Json(ClusterGraph { nodes, links: edges }))
}
