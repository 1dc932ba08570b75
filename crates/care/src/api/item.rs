use access::{Answer, Op, need};
use axum::{Json, extract::Path};
use basis::{CareItemId, CustomerId, Fault, Time};
use serde::{Deserialize, Serialize};
use store::Value;
use utoipa::ToSchema;

use super::shapes::CareItem;
use crate::{
    act::{Act, CareChange, act},
    store::{history, item, person},
};

/// Entries of the timeline beside an item.
const THREAD: u32 = 40;

/// A line of an item's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct CareHistory {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    actor: Option<String>,
    field: String,
    before: String,
    after: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CareMember {
    id: String,
    name: String,
}

/// An item with all that helps to answer it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CareCard {
    item: CareItem,
    /// Number of the order that it is about.
    order_number: Option<String>,
    /// The newest first.
    history: Vec<CareHistory>,
    /// What else came from the same person, the newest first.
    others: Vec<CareItem>,
    /// What happened with the customer, the newest first.
    #[schema(value_type = Vec<Object>)]
    thread: Vec<timeline::Entry>,
    /// Who may own it.
    members: Vec<CareMember>,
}

pub async fn card(op: &Op, id: CareItemId) -> Result<CareCard, Fault> {
    let mut tx = op.app.db.read().await?;
    let line = item::line(&mut tx, op.ws(), id).await?;
    let members = access::members(&mut tx, op.ws()).await?;
    let changes = history::of(&mut tx, op.ws(), id.get()).await?;
    let mut thread = Vec::new();
    let others = match (line.item.customer_id, line.profile.as_deref()) {
        (Some(customer), _) => {
            let ids = identity::current_ids(&mut tx, op.ws(), CustomerId(customer)).await?;
            thread = timeline::of_customer(&mut tx, op.ws(), &ids, &[], None, THREAD).await?;
            let list = serde_json::json!(ids.iter().map(|i| i.get()).collect::<Vec<_>>()).to_string();
            let part = format!(
                "AND i.customer_id IN {} AND i.id <> $3 AND i.case_id IS NULL ORDER BY i.came_at DESC, i.id DESC LIMIT 30",
                store::dialect::id_list(tx.engine(), 2)
            );
            item::lines(&mut tx, op.ws(), &part, vec![Value::Text(list), Value::Int(line.item.id)]).await?
        }
        (None, Some(profile)) if !profile.is_empty() => {
            let part = "AND m.profile = $2 AND i.id <> $3 AND i.case_id IS NULL ORDER BY i.came_at DESC, i.id DESC LIMIT 30";
            let args = vec![Value::Text(profile.to_owned()), Value::Int(line.item.id)];
            item::lines(&mut tx, op.ws(), part, args).await?
        }
        _ => Vec::new(),
    };
    let order_number = match line.item.order_id {
        Some(order) => person::order_number(&mut tx, op.ws(), order).await?,
        None => None,
    };
    Ok(CareCard {
        item: CareItem::of(op, &members, &line),
        order_number,
        history: changes
            .into_iter()
            .map(|h| CareHistory {
                id: h.id.to_string(),
                at: Time::from_millis(h.at),
                actor: h.actor,
                field: h.field,
                before: h.before,
                after: h.after,
            })
            .collect(),
        others: others.iter().map(|row| CareItem::of(op, &members, row)).collect(),
        thread,
        members: members.into_iter().map(|(id, name)| CareMember { id: id.to_string(), name }).collect(),
    })
}

/// An item with its history, what else the person came with, and the customer's timeline.
#[utoipa::path(get, path = "/api/inbox/{id}", tag = "care", params(("id" = String, Path)),
    responses((status = 200, body = CareCard), (status = 404)))]
pub(super) async fn show(need::Agent(op): need::Agent, Path(id): Path<CareItemId>) -> Answer<CareCard> {
    Ok(Json(card(&op, id).await?))
}

/// Changes an item: its owner, topic, customer, severity and what else is known of it.
#[utoipa::path(patch, path = "/api/inbox/{id}", tag = "care", params(("id" = String, Path)), request_body = CareChange,
    responses((status = 200, body = CareCard), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    need::Agent(op): need::Agent,
    Path(id): Path<CareItemId>,
    Json(change): Json<CareChange>,
) -> Answer<CareCard> {
    act(&op, id, change.seen, Act::Change(Box::new(change))).await?;
    Ok(Json(card(&op, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CareAnswer {
    #[schema(value_type = String, format = DateTime)]
    seen: Option<Time>,
    /// What was answered, on the platform, by letter, by telephone.
    text: String,
}

/// Writes down what was answered. The answer itself is given where the person wrote.
#[utoipa::path(post, path = "/api/inbox/{id}/answer", tag = "care", params(("id" = String, Path)), request_body = CareAnswer,
    responses((status = 200, body = CareCard), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn answer(
    need::Agent(op): need::Agent,
    Path(id): Path<CareItemId>,
    Json(body): Json<CareAnswer>,
) -> Answer<CareCard> {
    act(&op, id, body.seen, Act::Answer { text: body.text }).await?;
    Ok(Json(card(&op, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CareClose {
    #[schema(value_type = String, format = DateTime)]
    seen: Option<Time>,
    /// solved, not_solved, needless (nothing was to be done), mistake (not ours, spam, opened by mistake).
    outcome: String,
    /// How; a case needs it.
    #[serde(default)]
    resolution: String,
}

/// Closes an item with its outcome.
#[utoipa::path(post, path = "/api/inbox/{id}/close", tag = "care", params(("id" = String, Path)), request_body = CareClose,
    responses((status = 200, body = CareCard), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn close(
    need::Agent(op): need::Agent,
    Path(id): Path<CareItemId>,
    Json(body): Json<CareClose>,
) -> Answer<CareCard> {
    act(&op, id, body.seen, Act::Close { outcome: body.outcome, resolution: body.resolution }).await?;
    Ok(Json(card(&op, id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CareBack {
    #[schema(value_type = String, format = DateTime)]
    seen: Option<Time>,
}

/// One step back: a closed item is open again, an answer was no answer.
#[utoipa::path(post, path = "/api/inbox/{id}/back", tag = "care", params(("id" = String, Path)), request_body = CareBack,
    responses((status = 200, body = CareCard), (status = 404), (status = 409)))]
pub(super) async fn back(
    need::Agent(op): need::Agent,
    Path(id): Path<CareItemId>,
    Json(body): Json<CareBack>,
) -> Answer<CareCard> {
    act(&op, id, body.seen, Act::Back).await?;
    Ok(Json(card(&op, id).await?))
}
