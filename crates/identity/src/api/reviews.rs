use access::{Answer, need, page::Page};
use axum::{
    Json,
    extract::{Path, Query},
};
use basis::{CustomerId, Fault, Money, ReviewId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customer::{CustomerCard, card_of};
use super::shapes::{LinkReason, reasons_of};
use crate::store::decide;

/// Two customers that may be one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewPair {
    #[schema(value_type = String)]
    id: ReviewId,
    left: CustomerCard,
    right: CustomerCard,
    probability: f64,
    reasons: Vec<LinkReason>,
    /// Money behind the smaller of the two: the queue's order.
    #[schema(value_type = Object)]
    value: Money,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct QueueQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: i64,
    customer_a: i64,
    customer_b: i64,
    probability: f64,
    reasons: String,
    value_minor: i64,
}

/// Doubtful pairs, the most valuable first.
#[utoipa::path(get, path = "/api/reviews", tag = "identity", params(QueueQuery), responses((status = 200, body = Page<ReviewPair>)))]
pub(super) async fn list(
    need::Supervisor(op): need::Supervisor,
    Query(query): Query<QueueQuery>,
) -> Answer<Page<ReviewPair>> {
    let limit = query.limit.unwrap_or(10).clamp(1, 50);
    let (value, after) = query
        .cursor
        .as_deref()
        .and_then(|c| c.split_once('~'))
        .and_then(|(v, id)| Some((v.parse::<i64>().ok()?, id.parse::<i64>().ok()?)))
        .unwrap_or((i64::MAX, i64::MIN));
    let mut tx = op.app.db.read().await?;
    let rows = store::fetch_all!(
        tx,
        Row,
        "SELECT id, customer_a, customer_b, probability, reasons, value_minor FROM review_pairs
         WHERE workspace_id = $1 AND state = 'open' AND (value_minor < $2 OR (value_minor = $2 AND id > $3))
         ORDER BY value_minor DESC, id LIMIT $4",
        op.ws().get(),
        value,
        after,
        i64::from(limit) + 1
    )?;
    let page = Page::cut(rows, limit, |r: &Row| format!("{}~{}", r.value_minor, r.id));
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(ReviewPair {
            id: ReviewId(row.id),
            left: card_of(&mut tx, &op, CustomerId(row.customer_a)).await?,
            right: card_of(&mut tx, &op, CustomerId(row.customer_b)).await?,
            probability: row.probability,
            reasons: reasons_of(&row.reasons),
            value: Money { minor: row.value_minor, currency: op.workspace.currency },
        });
    }
    Ok(Json(Page { items, next: page.next }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ReviewDecision {
    /// `merge`, `apart`.
    decision: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewDecided {
    /// For `POST /api/reviews/{undo_id}/undo`.
    undo_id: String,
}

/// Answers a doubtful pair.
#[utoipa::path(post, path = "/api/reviews/{id}", tag = "identity", params(("id" = String, Path)), request_body = ReviewDecision, responses((status = 200, body = ReviewDecided), (status = 409)))]
pub(super) async fn decide(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<ReviewId>,
    Json(answer): Json<ReviewDecision>,
) -> Answer<ReviewDecided> {
    let merge = match answer.decision.as_str() {
        "merge" => true,
        "apart" => false,
        other => {
            return Err(Fault::invalid(
                "decision",
                format!("\"{other}\" is no decision; use merge or apart"),
            )
            .into());
        }
    };
    decide::decide(&op, id, merge).await?;
    Ok(Json(ReviewDecided { undo_id: id.to_string() }))
}

/// Takes an answer back.
#[utoipa::path(post, path = "/api/reviews/{id}/undo", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = ReviewDecided), (status = 409)))]
pub(super) async fn undo(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<ReviewId>,
) -> Answer<ReviewDecided> {
    decide::undo_review(&op, id).await?;
    Ok(Json(ReviewDecided { undo_id: id.to_string() }))
}
