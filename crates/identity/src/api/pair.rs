//! Two customers side by side, outside the queue of questions.

use access::{Answer, need};
use axum::{Json, extract::Path};
use basis::{CustomerId, Fault, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::{CustomerCard, card_of};
use super::shapes::{LinkReason, reason_of, with_values};
use crate::store::said::cells_of;
use crate::store::{hand, people};

/// Two customers and how alike they are.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerPair {
    left: CustomerCard,
    right: CustomerCard,
    probability: f64,
    /// Of their two most alike records.
    reasons: Vec<LinkReason>,
    /// Names or sexes that one person cannot have together.
    contradicts: bool,
    /// Somebody decided that these are two people.
    apart: Option<PairDecision>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PairDecision {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Whose decision; empty when not known.
    by: String,
}

/// Compares two customers before they are joined or kept apart by hand.
#[utoipa::path(get, path = "/api/customers/{id}/pair/{other}", tag = "identity", params(("id" = String, Path), ("other" = String, Path)), responses((status = 200, body = CustomerPair), (status = 409)))]
pub(super) async fn show(
    need::Supervisor(op): need::Supervisor,
    Path((id, other)): Path<(CustomerId, CustomerId)>,
) -> Answer<CustomerPair> {
    let mut tx = op.app.db.read().await?;
    let a = people::customer(&mut tx, &op, id).await?.id;
    let b = people::customer(&mut tx, &op, other).await?.id;
    if a == b {
        return Err(Fault::conflict("same_customer", "these two are one customer already").into());
    }
    let found = hand::likeness(&mut tx, &op, a, b).await?;
    let apart = hand::decided(&mut tx, &op, a, b, false).await?;
    let cells = cells_of(&mut tx, op.ws(), [found.record_a, found.record_b]).await?;
    let reasons = found.reasons.iter().map(|(code, bits)| reason_of(code, *bits)).collect();
    Ok(Json(CustomerPair {
        probability: found.probability(),
        reasons: with_values(&op, reasons, cells.get(&found.record_a), cells.get(&found.record_b)),
        contradicts: found.contradicts,
        left: card_of(&mut tx, &op, CustomerId(a)).await?,
        right: card_of(&mut tx, &op, CustomerId(b)).await?,
        apart: apart.into_iter().next().map(|e| PairDecision { at: Time::from_millis(e.at), by: e.who }),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct PairAnswer {
    /// `merge`, `apart`, or `undecided`, which takes `apart` back.
    decision: String,
    /// Join although somebody decided before that these are two people: that decision is taken back.
    #[serde(default)]
    over: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PairDecided {
    /// Who the first of the two is now.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// For `POST /api/merges/{id}/undo`.
    merge_id: Option<String>,
}

/// Joins two customers by hand, keeps them apart, or takes the latter back. Joining against an earlier decision answers 409
/// `kept_apart` until it is asked for with `over`.
#[utoipa::path(post, path = "/api/customers/{id}/pair/{other}", tag = "identity", params(("id" = String, Path), ("other" = String, Path)), request_body = PairAnswer, responses((status = 200, body = PairDecided), (status = 409)))]
pub(super) async fn decide(
    need::Supervisor(op): need::Supervisor,
    Path((id, other)): Path<(CustomerId, CustomerId)>,
    Json(answer): Json<PairAnswer>,
) -> Answer<PairDecided> {
    let mut merge_id = None;
    match answer.decision.as_str() {
        "merge" => merge_id = Some(hand::join(&op, id, other, answer.over).await?.merge.to_string()),
        "apart" => hand::keep_apart(&op, id, other).await?,
        "undecided" => hand::undecide(&op, id, other).await?,
        word => {
            let text = format!("\"{word}\" is no decision; use merge, apart or undecided");
            return Err(Fault::invalid("decision", text).into());
        }
    }
    let mut tx = op.app.db.read().await?;
    Ok(Json(PairDecided { customer_id: people::current_id(&mut tx, op.ws(), id).await?, merge_id }))
}
