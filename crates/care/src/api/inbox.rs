use access::{Answer, Op, need, page::Page};
use axum::{Json, extract::Query};
use basis::{CareItemId, Fault, Time};
use identity::CustomerLine;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Value;
use utoipa::{IntoParams, ToSchema};

use super::{item::CareCard, item::card, shapes::CareItem};
use crate::{
    act::{known, order_of},
    rules::{
        deadline::SEVERITIES,
        step::{CHANNELS, TOPICS, one_of},
    },
    store::{
        history,
        item::{self, ItemRow},
        settings,
    },
    take_in::{complain, remember},
};

#[derive(Debug, Deserialize, IntoParams)]
pub struct InboxQuery {
    /// waiting (default: new and in work), answered, closed.
    status: Option<String>,
    /// social, review, email, sms, call, letter, other.
    channel: Option<String>,
    /// mention, review, reply, callback, case.
    kind: Option<String>,
    /// me, nobody, or a user.
    owner: Option<String>,
    /// Only what is past its deadline.
    overdue: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Everything that came in and waits for a person, whatever way it came; what is due first stands first. A mention with a case is
/// seen through its case.
#[utoipa::path(get, path = "/api/inbox", tag = "care", params(InboxQuery), responses((status = 200, body = Page<CareItem>)))]
pub(super) async fn list(
    need::Agent(op): need::Agent,
    Query(query): Query<InboxQuery>,
) -> Answer<Page<CareItem>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let status = query.status.as_deref().unwrap_or("waiting");
    let which = match one_of("status", status, &["waiting", "answered", "closed"])? {
        "waiting" => "AND i.status <> 'closed' AND i.status <> 'answered'",
        "answered" => "AND i.status = 'answered'",
        _ => "AND i.status = 'closed'",
    };
    let mut condition = format!("AND i.case_id IS NULL {which}");
    let mut args: Vec<Value> = Vec::new();
    let mut with = |part: &str, value: Value| {
        args.push(value);
        condition.push_str(&format!(" AND {}", part.replace('?', &format!("${}", args.len() + 1))));
    };
    if let Some(channel) = query.channel.filter(|c| !c.is_empty()) {
        with("i.channel = ?", Value::Text(one_of("channel", &channel, &CHANNELS)?.to_owned()));
    }
    if let Some(kind) = query.kind.filter(|k| !k.is_empty()) {
        with("i.kind = ?", Value::Text(kind));
    }
    match query.owner.as_deref() {
        None | Some("") => {}
        Some("me") => with("i.owner_id = ?", Value::Int(op.actor.id)),
        Some("nobody") => with("COALESCE(i.owner_id, 0) = ?", Value::Int(0)),
        Some(id) => with("i.owner_id = ?", Value::Int(id.parse().unwrap_or(0))),
    }
    if query.overdue == Some(true) {
        with("i.due_at < ?", Value::Int(op.campaign_now().millis()));
    }
    let newest_first = status != "waiting";
    let after = query
        .cursor
        .as_deref()
        .and_then(|c| c.split_once('~'))
        .and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id.parse::<i64>().ok()?)));
    if let Some((at, id)) = after {
        let sign = if newest_first { '<' } else { '>' };
        with(&format!("i.due_at {sign}= ?"), Value::Int(at));
        with(&format!("(i.due_at {sign} {at} OR i.id {sign} ?)"), Value::Int(id));
    }
    let direction = if newest_first { "DESC" } else { "ASC" };
    args.push(Value::Int(i64::from(limit) + 1));
    condition
        .push_str(&format!(" ORDER BY i.due_at {direction}, i.id {direction} LIMIT ${}", args.len() + 1));
    let mut tx = op.app.db.read().await?;
    let rows = item::lines(&mut tx, op.ws(), &condition, args).await?;
    let members = access::members(&mut tx, op.ws()).await?;
    let page = Page::cut(rows, limit, |row| format!("{}~{}", row.item.due_at, row.item.id));
    let items = page.items.iter().map(|row| CareItem::of(&op, &members, row)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// How much waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxCounts {
    waiting: i64,
    overdue: i64,
    mine: i64,
    /// Mentions and reviews without an answer.
    mentions: i64,
    mentions_overdue: i64,
}

/// Counts for the badges.
#[utoipa::path(get, path = "/api/inbox/counts", tag = "care", responses((status = 200, body = InboxCounts)))]
pub(super) async fn counts(need::Agent(op): need::Agent) -> Answer<InboxCounts> {
    let mut tx = op.app.db.read().await?;
    let row = item::counts(&mut tx, op.ws(), op.actor.id, op.campaign_now().millis()).await?;
    Ok(Json(InboxCounts {
        waiting: row.waiting,
        overdue: row.overdue,
        mine: row.mine,
        mentions: row.mentions,
        mentions_overdue: row.mentions_overdue,
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct PeopleQuery {
    /// Words of the name, a part of a phone, the beginning of an e-mail.
    search: String,
}

/// Customers to link an item with.
#[utoipa::path(get, path = "/api/inbox/people", tag = "care", params(PeopleQuery), responses((status = 200, body = Page<CustomerLine>)))]
pub(super) async fn people(
    need::Agent(op): need::Agent,
    Query(query): Query<PeopleQuery>,
) -> Answer<Page<CustomerLine>> {
    if query.search.trim().chars().count() < 2 {
        return Ok(Json(Page::whole(Vec::new())));
    }
    let mut tx = op.app.db.read().await?;
    Ok(Json(Page::whole(identity::find(&mut tx, &op, &query.search, 10).await?)))
}

/// A case opened by hand: a complaint by phone, a letter.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewCase {
    /// call, letter, email, sms, social, review, other.
    channel: String,
    /// What it is about, in the person's words.
    text: String,
    /// Who, while the customer is not known.
    author: String,
    customer_id: Option<String>,
    topic: String,
    /// low, normal, high.
    severity: Option<String>,
    order_number: String,
    employee: String,
    /// When it came; now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    came_at: Option<Time>,
}

/// Opens a case by hand.
#[utoipa::path(post, path = "/api/inbox", tag = "care", request_body = NewCase, responses((status = 200, body = CareCard), (status = 422)))]
pub(super) async fn add(need::Agent(op): need::Agent, Json(new): Json<NewCase>) -> Answer<CareCard> {
    let id = op.next_id();
    open(&op, id, &new).await?;
    Ok(Json(card(&op, CareItemId(id)).await?))
}

async fn open(op: &Op, id: i64, new: &NewCase) -> Result<(), Fault> {
    let now = op.campaign_now();
    let text = new.text.trim();
    if text.is_empty() {
        return Err(
            Fault::invalid("care_text", "Write what it is about.").with_field("text", "the complaint")
        );
    }
    let came_at = new.came_at.unwrap_or(now);
    if came_at.millis() > now.plus_days(1).millis() {
        return Err(
            Fault::invalid("day", "This has not come yet.").with_field("came_at", "not of the future")
        );
    }
    let mut row = ItemRow::new(id, "case", one_of("channel", &new.channel, &CHANNELS)?, came_at.millis());
    row.text = text.chars().take(20_000).collect();
    row.author = basis::visible(&new.author).chars().take(200).collect();
    row.employee = basis::visible(&new.employee).chars().take(200).collect();
    if !new.topic.is_empty() {
        row.topic = one_of("topic", &new.topic, &TOPICS)?.to_owned();
    }
    if let Some(severity) = &new.severity {
        row.severity = one_of("severity", severity, &SEVERITIES)?.to_owned();
    }
    row.updated_at = op.now().millis();
    let mut tx = op.app.db.write().await?;
    row.due_at = settings::settings(&mut tx, op.ws()).await?.due("case", &row.severity, row.came_at);
    if let Some(customer) = new.customer_id.as_deref().filter(|c| !c.is_empty()) {
        row.customer_id = Some(known(&mut tx, op, customer).await?.get());
    }
    row.order_id = order_of(&mut tx, op, &row, new.order_number.trim()).await?.map(|o| o.get());
    item::add(&mut tx, op.ws(), std::slice::from_ref(&row)).await?;
    history::log(&mut tx, op, id, &[("created", String::new(), "hand".to_owned())]).await?;
    remember(&mut tx, op, &row, "").await?;
    complain(&mut tx, op, &row).await?;
    op.audit(&mut tx, "care.open", "care_item", id, json!({ "channel": row.channel })).await?;
    tx.commit().await?;
    op.app.hub.publish(op.ws(), "care", json!({ "item": CareItemId(id) }));
    Ok(())
}
