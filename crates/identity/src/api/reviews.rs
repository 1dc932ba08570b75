use access::{Answer, Op, need};
use axum::{
    Json,
    extract::{Path, Query},
};
use basis::{CustomerId, Fault, Money, ReviewId};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::{IntoParams, ToSchema};

use super::customer::{CustomerCard, card_of};
use super::shapes::{LinkReason, reasons_of, with_values};
use crate::store::decide;
use crate::store::questions::{self, Asked, Order};
use crate::store::said::cells_of;

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

/// A part of the queue of doubtful pairs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewQueue {
    items: Vec<ReviewPair>,
    /// Pass as `cursor` for the next page; null on the last one.
    next: Option<String>,
    /// Open pairs that the filter lets through.
    total: usize,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct QueueQuery {
    /// `value` (default), `likely`, `unlikely`, `name`.
    sort: Option<String>,
    /// Only pairs in which this differs: `given_name`, `surname`, `patronymic`, `phone`, `email`, `address`, `birth_date`.
    differs: Option<String>,
    /// Words of a name, in any of the three languages.
    name: Option<String>,
    /// Ids of pairs that come last, with commas between.
    later: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Doubtful pairs, the most valuable first unless asked otherwise.
#[utoipa::path(get, path = "/api/reviews", tag = "identity", params(QueueQuery), responses((status = 200, body = ReviewQueue)))]
pub(super) async fn list(
    need::Supervisor(op): need::Supervisor,
    Query(query): Query<QueueQuery>,
) -> Answer<ReviewQueue> {
    let order = match query.sort.as_deref() {
        None | Some("" | "value") => Order::Value,
        Some("likely") => Order::Likely,
        Some("unlikely") => Order::Unlikely,
        Some("name") => Order::Name,
        Some(other) => {
            let text = format!("\"{other}\" is no order of pairs; use value, likely, unlikely or name");
            return Err(Fault::invalid("sort", text).into());
        }
    };
    let limit = usize::try_from(query.limit.unwrap_or(10).clamp(1, 50)).unwrap_or(10);
    let later: Vec<i64> = query
        .later
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect();
    let from: usize = query.cursor.as_deref().and_then(|c| c.parse().ok()).unwrap_or(0);
    let mut tx = op.app.db.read().await?;
    let found = questions::open(
        &mut tx,
        op.ws(),
        order,
        query.differs.as_deref().unwrap_or_default(),
        query.name.as_deref().unwrap_or_default(),
        &later,
    )
    .await?;
    let total = found.len();
    let mut items = Vec::with_capacity(limit);
    for asked in found.iter().skip(from).take(limit) {
        items.push(pair(&mut tx, &op, asked).await?);
    }
    let next = (from + items.len() < total).then(|| (from + items.len()).to_string());
    Ok(Json(ReviewQueue { items, next, total }))
}

async fn pair(tx: &mut Tx, op: &Op, asked: &Asked) -> Result<ReviewPair, Fault> {
    let cells = cells_of(tx, op.ws(), [asked.record_a, asked.record_b]).await?;
    let reasons = reasons_of(&asked.reasons);
    Ok(ReviewPair {
        id: ReviewId(asked.id),
        left: card_of(tx, op, CustomerId(asked.customer_a)).await?,
        right: card_of(tx, op, CustomerId(asked.customer_b)).await?,
        probability: asked.probability,
        reasons: with_values(op, reasons, cells.get(&asked.record_a), cells.get(&asked.record_b)),
        value: Money { minor: asked.value_minor, currency: op.workspace.currency },
    })
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

#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewReopened {
    /// The pair as it is asked now; null when the engine does not ask about it any more.
    pair: Option<ReviewPair>,
}

/// Takes an answer back; the pair is open again, as the answer says it.
#[utoipa::path(post, path = "/api/reviews/{id}/undo", tag = "identity", params(("id" = String, Path)), responses((status = 200, body = ReviewReopened), (status = 409)))]
pub(super) async fn undo(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<ReviewId>,
) -> Answer<ReviewReopened> {
    let records = decide::undo_review(&op, id).await?;
    let mut tx = op.app.db.read().await?;
    let pair = match questions::of_records(&mut tx, op.ws(), records).await? {
        Some(asked) => Some(pair(&mut tx, &op, &asked).await?),
        None => None,
    };
    Ok(Json(ReviewReopened { pair }))
}
