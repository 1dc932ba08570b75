//! What people do with an item: one change of the state that they saw, with its history.

use access::Op;
use basis::{CareItemId, CustomerId, Fault, InteractionId, OrderId, Time, UserId, visible};
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use timeline::Interaction;
use utoipa::ToSchema;

use crate::{
    rules::{
        deadline::{CareSettings, SEVERITIES},
        step::{OUTCOMES, Step, TOPICS, next, one_of},
    },
    store::{
        history::{self, Change},
        item::{self, ItemRow, LineRow},
        mention, person, settings,
    },
    take_in::{case_of, complain, remember},
};

const LONGEST: usize = 20_000;

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CareChange {
    /// `updated_at` as it was seen: a change of something newer is refused.
    #[schema(value_type = String, format = DateTime)]
    pub seen: Option<Time>,
    /// Empty for nobody.
    pub owner_id: Option<String>,
    pub topic: Option<String>,
    /// low, normal, high; moves the deadline of a case.
    pub severity: Option<String>,
    /// Empty for nobody known.
    pub customer_id: Option<String>,
    /// Number of an order of the customer; empty for none.
    pub order_number: Option<String>,
    /// Which employee it is about.
    pub employee: Option<String>,
    pub compensation: Option<String>,
    /// A person says that a mention is negative, and it becomes a case; or that it is not.
    pub negative: Option<bool>,
}

/// One thing that is done.
#[derive(Debug, Clone)]
pub enum Act {
    Change(Box<CareChange>),
    Answer { text: String },
    Close { outcome: String, resolution: String },
    Back,
}

fn stale() -> Fault {
    Fault::conflict("changed_meanwhile", "Somebody else has changed this meanwhile. Look at it again.")
}

/// Does one thing with an item, as it was seen.
///
/// # Errors
/// It has changed meanwhile; a step that does not fit; input that cannot be used.
pub async fn act(op: &Op, id: CareItemId, seen: Option<Time>, what: Act) -> Result<(), Fault> {
    let seen = seen.ok_or_else(|| {
        Fault::invalid("seen", "Name the state that you saw.").with_field("seen", "updated_at of the item")
    })?;
    let mut tx = op.app.db.write().await?;
    let line = item::line(&mut tx, op.ws(), id).await?;
    if line.item.updated_at != seen.millis() {
        return Err(stale());
    }
    let settings = settings::settings(&mut tx, op.ws()).await?;
    let mut row = line.item.clone();
    let name = match &what {
        Act::Change(change) => {
            apply(&mut tx, op, &settings, &line, &mut row, change).await?;
            "care.change"
        }
        Act::Answer { text } => {
            worked_on_here(&line)?;
            answer(op, &mut row, text)?;
            "care.answer"
        }
        Act::Close { outcome, resolution } => {
            worked_on_here(&line)?;
            close(op, &mut row, outcome, resolution)?;
            "care.close"
        }
        Act::Back => {
            worked_on_here(&line)?;
            back(&mut row)?;
            "care.back"
        }
    };
    write(&mut tx, op, &line, row).await?;
    op.audit(&mut tx, name, "care_item", id, json!({})).await?;
    tx.commit().await?;
    op.app.hub.publish(op.ws(), "care", json!({ "item": id }));
    Ok(())
}

/// A mention is worked on through its case, a call-back through the desk.
fn worked_on_here(line: &LineRow) -> Result<(), Fault> {
    if line.item.case_id.is_some() {
        return Err(Fault::conflict("care_has_case", "This has a case: work on the case."));
    }
    if line.item.kind == "callback" {
        return Err(Fault::conflict(
            "care_at_desk",
            "The call is made on the page of calls; its outcome closes this.",
        ));
    }
    Ok(())
}

fn answer(op: &Op, row: &mut ItemRow, text: &str) -> Result<(), Fault> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    if text.is_empty() {
        return Err(
            Fault::invalid("care_answer", "Write what was answered.").with_field("text", "the answer")
        );
    }
    row.status = next(&row.status, row.answered_at.is_some(), Step::Answer)?.to_owned();
    row.answer = text;
    if row.answered_at.is_none() {
        row.answered_at = Some(op.campaign_now().millis().max(row.came_at));
        row.answered_by = op.user().map(UserId::get);
    }
    row.owner_id = row.owner_id.or(op.user().map(UserId::get));
    Ok(())
}

fn close(op: &Op, row: &mut ItemRow, outcome: &str, resolution: &str) -> Result<(), Fault> {
    let outcome = one_of("outcome", outcome, &OUTCOMES)?;
    let words: String = resolution.trim().chars().take(LONGEST).collect();
    if words.is_empty() && row.kind == "case" {
        return Err(Fault::invalid("care_resolution", "Say how the case was resolved.")
            .with_field("resolution", "what was done"));
    }
    row.status = next(&row.status, row.answered_at.is_some(), Step::Close)?.to_owned();
    row.outcome = outcome.to_owned();
    row.resolution = words;
    row.closed_at = Some(op.campaign_now().millis().max(row.came_at));
    row.owner_id = row.owner_id.or(op.user().map(UserId::get));
    Ok(())
}

fn back(row: &mut ItemRow) -> Result<(), Fault> {
    let after = next(&row.status, row.answered_at.is_some(), Step::Back)?;
    if row.status == "answered" {
        row.answered_at = None;
        row.answered_by = None;
        row.answer.clear();
    }
    row.status = after.to_owned();
    row.closed_at = None;
    row.outcome.clear();
    row.resolution.clear();
    Ok(())
}

async fn apply(
    tx: &mut Tx,
    op: &Op,
    settings: &CareSettings,
    line: &LineRow,
    row: &mut ItemRow,
    change: &CareChange,
) -> Result<(), Fault> {
    let text = |text: &str| visible(text).chars().take(200).collect::<String>();
    if let Some(topic) = &change.topic {
        row.topic =
            if topic.is_empty() { String::new() } else { one_of("topic", topic, &TOPICS)?.to_owned() };
    }
    if let Some(owner) = &change.owner_id {
        if row.case_id.is_some() {
            worked_on_here(line)?;
        }
        row.owner_id = match owner.as_str() {
            "" => None,
            id => Some(member(tx, op, id).await?),
        };
        let step = if row.owner_id.is_some() { Step::Take } else { Step::Release };
        row.status = next(&row.status, row.answered_at.is_some(), step)?.to_owned();
    }
    if let Some(severity) = &change.severity {
        row.severity = one_of("severity", severity, &SEVERITIES)?.to_owned();
        row.due_at = settings.due(&row.kind, &row.severity, row.came_at);
    }
    if let Some(customer) = &change.customer_id {
        row.customer_id = match customer.as_str() {
            "" => None,
            id => Some(known(tx, op, id).await?.get()),
        };
        if row.customer_id != line.item.customer_id {
            row.order_id = None;
        }
    }
    if let Some(number) = &change.order_number {
        row.order_id = order_of(tx, op, row, number.trim()).await?.map(OrderId::get);
    }
    if let Some(employee) = &change.employee {
        row.employee = text(employee);
    }
    if let Some(compensation) = &change.compensation {
        row.compensation = compensation.trim().chars().take(2_000).collect();
    }
    if let Some(negative) = change.negative {
        judge(tx, op, settings, line, row, negative).await?;
    }
    Ok(())
}

async fn member(tx: &mut Tx, op: &Op, id: &str) -> Result<i64, Fault> {
    let odd = || {
        Fault::invalid("owner_id", "The owner is somebody of this workspace.")
            .with_field("owner_id", "a user")
    };
    if id == "me" {
        return op.user().map(UserId::get).ok_or_else(odd);
    }
    let user: UserId = id.parse().map_err(|_| odd())?;
    if access::is_member(tx, op.ws(), user).await? { Ok(user.get()) } else { Err(odd()) }
}

/// A customer of this workspace, under the id that lives on.
pub async fn known(tx: &mut Tx, op: &Op, id: &str) -> Result<CustomerId, Fault> {
    let odd = || Fault::not_found("customer", "There is no such customer.");
    let id: CustomerId = id.parse().map_err(|_| odd())?;
    let current = identity::current_id(tx, op.ws(), id).await?;
    if person::exists(tx, op.ws(), current).await? { Ok(current) } else { Err(odd()) }
}

/// The order of a number, which has to be the customer's own.
pub async fn order_of(tx: &mut Tx, op: &Op, row: &ItemRow, number: &str) -> Result<Option<OrderId>, Fault> {
    if number.is_empty() {
        return Ok(None);
    }
    let found = match row.customer_id {
        Some(customer) => person::order(tx, op.ws(), CustomerId(customer), number).await?,
        None => None,
    };
    found.map(Some).ok_or_else(|| {
        Fault::invalid("care_order", "This customer has no order of that number.")
            .with_field("order_number", "a number of one of the customer's orders")
    })
}

/// A person calls a mention negative, which opens a case, or takes that back, which closes it as opened by mistake.
async fn judge(
    tx: &mut Tx,
    op: &Op,
    settings: &CareSettings,
    line: &LineRow,
    row: &mut ItemRow,
    negative: bool,
) -> Result<(), Fault> {
    if !matches!(row.kind.as_str(), "mention" | "review") {
        return Err(Fault::invalid("care_negative", "Only mentions and reviews are negative or not.")
            .with_field("negative", "of a mention"));
    }
    let ws = op.ws();
    mention::set_negative(tx, ws, row.id, if negative { "person" } else { "not" }).await?;
    match (negative, row.case_id) {
        (true, None) => {
            let mut case = case_of(op, settings, row, line.rating);
            case.updated_at = op.now().millis();
            complain(tx, op, &case).await?;
            item::add(tx, ws, std::slice::from_ref(&case)).await?;
            history::log(tx, op, case.id, &[("created", String::new(), "mention".to_owned())]).await?;
            row.case_id = Some(case.id);
        }
        (false, Some(id)) => {
            let line = item::line(tx, ws, CareItemId(id)).await?;
            let mut case = line.item.clone();
            if case.status != "closed" {
                close(op, &mut case, "mistake", "–")?;
            } else {
                case.outcome = "mistake".to_owned();
            }
            case.parent_id = None;
            save(tx, op, &line, &mut case).await?;
            complain(tx, op, &case).await?;
            row.case_id = None;
        }
        _ => {}
    }
    Ok(())
}

/// Saves a row with its history.
async fn save(tx: &mut Tx, op: &Op, old: &LineRow, row: &mut ItemRow) -> Result<Vec<Change>, Fault> {
    let changes = differences(&old.item, row);
    if changes.is_empty() {
        return Ok(changes);
    }
    // Two changes within a millisecond are still two states.
    row.updated_at = op.now().millis().max(old.item.updated_at + 1);
    if !item::save(tx, op.ws(), row, old.item.updated_at).await? {
        return Err(stale());
    }
    history::log(tx, op, row.id, &changes).await?;
    Ok(changes)
}

/// Saves the item, what stands or falls with it, and what others learn of it.
async fn write(tx: &mut Tx, op: &Op, old: &LineRow, mut row: ItemRow) -> Result<(), Fault> {
    let changes = save(tx, op, old, &mut row).await?;
    let changed = |field: &str| changes.iter().any(|c| c.0 == field);
    let ws = op.ws();
    if changed("customer_id") {
        linked(tx, op, old, &row).await?;
    }
    if row.kind == "case" && (changed("customer_id") || changed("outcome")) {
        complain(tx, op, &row).await?;
    }
    if changed("answer") && !row.answer.is_empty() {
        tell(tx, op, &row, "answer", "out", &row.answer).await?;
    }
    if changed("status") && row.status == "closed" && row.kind == "case" {
        tell(tx, op, &row, "case_closed", "none", &row.resolution).await?;
    }
    // A mention and its case stand alike.
    let other = if row.kind == "case" { row.parent_id } else { row.case_id };
    if let Some(other) = other.filter(|_| !changes.is_empty()) {
        let line = item::line(tx, ws, CareItemId(other)).await?;
        let mut twin = line.item.clone();
        twin.customer_id = row.customer_id;
        twin.topic.clone_from(&row.topic);
        if row.kind == "case" {
            twin.status.clone_from(&row.status);
            twin.owner_id = row.owner_id;
            twin.answered_at = row.answered_at;
            twin.answered_by = row.answered_by;
            twin.answer.clone_from(&row.answer);
            twin.closed_at = row.closed_at;
            twin.outcome.clone_from(&row.outcome);
        }
        save(tx, op, &line, &mut twin).await?;
        if twin.kind == "case" {
            complain(tx, op, &twin).await?;
        }
    }
    Ok(())
}

async fn linked(tx: &mut Tx, op: &Op, old: &LineRow, row: &ItemRow) -> Result<(), Fault> {
    let mention = if row.kind == "case" { row.parent_id } else { Some(row.id) };
    if let Some(mention) = mention.filter(|_| old.platform.is_some()) {
        mention::set_linked(tx, op.ws(), mention, "person").await?;
    }
    let title = old.platform.clone().unwrap_or_default();
    remember(tx, op, row, &title).await
}

async fn tell(
    tx: &mut Tx,
    op: &Op,
    row: &ItemRow,
    kind: &str,
    direction: &str,
    text: &str,
) -> Result<(), Fault> {
    let Some(customer) = row.customer_id else { return Ok(()) };
    let text: String = text.chars().take(300).collect();
    let entry = Interaction {
        id: InteractionId(op.next_id()),
        direction: direction.to_owned(),
        actor_kind: op.actor.kind_str().to_owned(),
        actor_id: op.actor.id,
        data: json!({ "text": text, "item": row.id.to_string() }),
        ..Interaction::system(0, CustomerId(customer), op.campaign_now(), kind, &row.channel)
    };
    timeline::record(tx, op.ws(), &entry).await?;
    Ok(())
}

/// Joins a mention of nobody known to its customer, because a contact says so; false when it has somebody already.
pub async fn link(tx: &mut Tx, op: &Op, id: CareItemId, customer: CustomerId) -> Result<bool, Fault> {
    let line = item::line(tx, op.ws(), id).await?;
    if line.item.customer_id.is_some() {
        return Ok(false);
    }
    let row = ItemRow { customer_id: Some(customer.get()), ..line.item.clone() };
    write(tx, op, &line, row).await?;
    mention::set_linked(tx, op.ws(), id.get(), "contact").await?;
    Ok(true)
}

fn differences(old: &ItemRow, new: &ItemRow) -> Vec<Change> {
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let all = [
        ("status", old.status.clone(), new.status.clone()),
        ("owner_id", id(old.owner_id), id(new.owner_id)),
        ("topic", old.topic.clone(), new.topic.clone()),
        ("severity", old.severity.clone(), new.severity.clone()),
        ("customer_id", id(old.customer_id), id(new.customer_id)),
        ("order_id", id(old.order_id), id(new.order_id)),
        ("employee", old.employee.clone(), new.employee.clone()),
        ("compensation", old.compensation.clone(), new.compensation.clone()),
        ("answer", old.answer.clone(), new.answer.clone()),
        ("outcome", old.outcome.clone(), new.outcome.clone()),
        ("resolution", old.resolution.clone(), new.resolution.clone()),
        ("case_id", id(old.case_id), id(new.case_id)),
    ];
    all.into_iter().filter(|(_, before, after)| before != after).collect()
}
