use access::{Answer, need, page::Page};
use axum::{
    Json,
    extract::{Path, Query},
};
use basis::MergeId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customer::{MergeLine, MergeRow, merge_lines};
use crate::store::decide;

#[derive(Debug, Serialize, ToSchema)]
pub struct DedupSummary {
    /// Records in force.
    records: i64,
    customers: i64,
    /// What was found, by kind.
    kinds: Vec<MergeKind>,
    review_open: i64,
    /// Different ways in which the people were entered, and people.
    before: i64,
    after: i64,
}

#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct MergeKind {
    kind: String,
    count: i64,
}

/// Before and after: how many records, how many people, and what was found.
#[utoipa::path(get, path = "/api/dedup", tag = "identity", responses((status = 200, body = DedupSummary)))]
pub(super) async fn summary(need::Viewer(op): need::Viewer) -> Answer<DedupSummary> {
    let mut tx = op.app.db.read().await?;
    let ws = op.ws().get();
    let (records,) =
        store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM record_customers WHERE workspace_id = $1", ws)?;
    let (customers,) =
        store::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM customers WHERE workspace_id = $1", ws)?;
    let (review_open,) = store::fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM review_pairs WHERE workspace_id = $1 AND state = 'open'",
        ws
    )?;
    let kinds = store::fetch_all!(
        tx,
        MergeKind,
        "SELECT kind, COUNT(*) AS count FROM merges WHERE workspace_id = $1 AND undone_at IS NULL GROUP BY kind ORDER BY 2 DESC, 1",
        ws
    )?;
    // Each link between two ways of writing a person took one double away; an address row of an order is no double.
    let found: i64 = kinds.iter().filter(|k| k.kind != "same_order").map(|k| k.count).sum();
    Ok(Json(DedupSummary {
        records,
        customers,
        kinds,
        review_open,
        before: customers + found,
        after: customers,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct HistoryQuery {
    /// `engine`, `user`; both when absent.
    made_by: Option<String>,
    kind: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Merges, newest first.
#[utoipa::path(get, path = "/api/merges", tag = "identity", params(HistoryQuery), responses((status = 200, body = Page<MergeLine>)))]
pub(super) async fn history(
    need::Viewer(op): need::Viewer,
    Query(query): Query<HistoryQuery>,
) -> Answer<Page<MergeLine>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let before: i64 = query.cursor.and_then(|c| c.parse().ok()).unwrap_or(i64::MAX);
    let mut tx = op.app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        MergeRow,
        "SELECT m.id, m.customer_id, COALESCE(c.display_name, '') AS name, m.at, m.kind, m.weight, m.probability, m.reasons, m.record_a, m.record_b, m.made_by, m.undone_at
         FROM merges m LEFT JOIN customers c ON c.workspace_id = m.workspace_id AND c.id = m.customer_id
         WHERE m.workspace_id = $1 AND m.id < $2 AND ($3 = '' OR m.made_by = $3) AND ($4 = '' OR m.kind = $4) ORDER BY m.id DESC LIMIT $5",
        op.ws().get(),
        before,
        query.made_by.as_deref().unwrap_or_default(),
        query.kind.as_deref().unwrap_or_default(),
        i64::from(limit) + 1
    )?;
    let page = Page::cut(rows, limit, |r: &MergeRow| r.id.to_string());
    Ok(Json(Page { items: merge_lines(&mut tx, &op, page.items).await?, next: page.next }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MergeUndone {
    undone: String,
}

/// Takes a merge apart for good: the two records stay apart in every later run.
#[utoipa::path(post, path = "/api/merges/{id}/undo", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = MergeUndone), (status = 409)))]
pub(super) async fn undo(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<MergeId>,
) -> Answer<MergeUndone> {
    decide::undo_merge(&op, id).await?;
    Ok(Json(MergeUndone { undone: id.to_string() }))
}
