use access::{Answer, Op, need};
use axum::{Json, extract::Path};
use basis::{Fault, ImprovementId, Time, UserId, visible};
use insight::orders::{day_name, parse_day};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use super::effects::{Effect, Measure};
use crate::{
    rules::{effect::METRICS, gap::Gap},
    store::backlog::{self, ItemRow},
};

pub const LANES: [&str; 3] = ["product", "service", "novelties"];
pub const STATUSES: [&str; 5] = ["idea", "planned", "doing", "done", "dropped"];

/// An improvement: what is mended, where, by whom, until when, and what it came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Improvement {
    #[schema(value_type = String)]
    id: ImprovementId,
    title: String,
    /// product, service, novelties.
    lane: String,
    /// reason:CODE, driver:CODE, signal:CODE, onboarding, unknown, or empty.
    reason: String,
    touchpoint: String,
    owner_id: Option<String>,
    owner: Option<String>,
    /// idea, planned, doing, done, dropped.
    status: String,
    due_day: Option<String>,
    /// Open after its day.
    overdue: bool,
    in_place_day: Option<String>,
    /// What is watched: reason_share, churn, cancelled_share, consent, aov.
    metric: String,
    note: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Measured from own data since the day it is in place.
    effect: Option<Effect>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Owner {
    id: String,
    name: String,
}

/// The board: improvements of all lanes, those due first in front.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    items: Vec<Improvement>,
    /// Who may own one.
    owners: Vec<Owner>,
}

/// A line of an improvement's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImprovementChange {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    actor: Option<String>,
    field: String,
    before: String,
    after: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImprovementCard {
    improvement: Improvement,
    /// The newest first.
    history: Vec<ImprovementChange>,
}

/// A new improvement, or what is to change of one: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImprovementInput {
    title: Option<String>,
    lane: Option<String>,
    reason: Option<String>,
    touchpoint: Option<String>,
    /// Empty for nobody.
    owner_id: Option<String>,
    status: Option<String>,
    /// A day like 2024-09-01; empty for none.
    due_day: Option<String>,
    /// Empty for not yet; set by itself when the status becomes `done`.
    in_place_day: Option<String>,
    metric: Option<String>,
    note: Option<String>,
    /// `updated_at` as it was seen: a change of something newer is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    seen: Option<Time>,
}

/// A day of a request.
///
/// # Errors
/// A text that is none.
pub(super) fn day_of(text: &str, field: &'static str) -> Result<i32, Fault> {
    parse_day(text, None).ok_or_else(|| {
        let what = format!("\"{text}\" is not a day like 2024-09-01");
        Fault::invalid("day", what.clone()).with_field(field, what)
    })
}

fn one_of(field: &'static str, word: &str, known: &[&str]) -> Result<String, Fault> {
    if known.contains(&word) {
        return Ok(word.to_owned());
    }
    let what = format!("\"{word}\" is not one of: {}", known.join(", "));
    Err(Fault::invalid(field, what.clone()).with_field(field, what))
}

fn shown(measure: &Measure, owners: &[(i64, String)], row: ItemRow) -> Improvement {
    let day = |day: Option<i64>| day.and_then(|d| i32::try_from(d).ok()).map(day_name);
    let open = !matches!(row.status.as_str(), "done" | "dropped");
    Improvement {
        effect: measure.effect(&row),
        id: ImprovementId(row.id),
        owner_id: row.owner_id.map(|id| id.to_string()),
        owner: row
            .owner_id
            .and_then(|id| owners.iter().find(|(o, _)| *o == id))
            .map(|(_, name)| name.clone()),
        overdue: open && row.due_day.is_some_and(|due| due < i64::from(measure.today())),
        due_day: day(row.due_day),
        in_place_day: day(row.in_place_day),
        created_at: Time::from_millis(row.created_at),
        updated_at: Time::from_millis(row.updated_at),
        title: row.title,
        lane: row.lane,
        reason: row.reason,
        touchpoint: row.touchpoint,
        status: row.status,
        metric: row.metric,
        note: row.note,
    }
}

/// The board of improvements with their effects.
#[utoipa::path(get, path = "/api/improvements", tag = "improve", responses((status = 200, body = Board)))]
pub(super) async fn board(need::Viewer(op): need::Viewer) -> Answer<Board> {
    let mut tx = op.app.db.read().await?;
    let rows = backlog::items(&mut tx, op.ws()).await?;
    let owners = access::members(&mut tx, op.ws()).await?;
    let measure = Measure::of(&op, &mut tx, &rows).await?;
    let items = rows.into_iter().map(|row| shown(&measure, &owners, row)).collect();
    let owners = owners.into_iter().map(|(id, name)| Owner { id: id.to_string(), name }).collect();
    Ok(Json(Board { items, owners }))
}

/// An improvement with its history.
#[utoipa::path(get, path = "/api/improvements/{id}", tag = "improve", params(("id" = String, Path)),
    responses((status = 200, body = ImprovementCard), (status = 404)))]
pub(super) async fn show(
    need::Viewer(op): need::Viewer,
    Path(id): Path<ImprovementId>,
) -> Answer<ImprovementCard> {
    card(&op, id).await
}

async fn card(op: &Op, id: ImprovementId) -> Answer<ImprovementCard> {
    let mut tx = op.app.db.read().await?;
    let row = backlog::item(&mut tx, op.ws(), id).await?;
    let owners = access::members(&mut tx, op.ws()).await?;
    let measure = Measure::of(op, &mut tx, std::slice::from_ref(&row)).await?;
    let history = backlog::history(&mut tx, op.ws(), id).await?;
    let history = history
        .into_iter()
        .map(|h| ImprovementChange {
            id: h.id.to_string(),
            at: Time::from_millis(h.at),
            actor: h.actor,
            field: h.field,
            before: h.before,
            after: h.after,
        })
        .collect();
    Ok(Json(ImprovementCard { improvement: shown(&measure, &owners, row), history }))
}

/// Adds an improvement to the backlog.
#[utoipa::path(post, path = "/api/improvements", tag = "improve", request_body = ImprovementInput,
    responses((status = 200, body = ImprovementCard), (status = 422)))]
pub(super) async fn add(
    need::Supervisor(op): need::Supervisor,
    Json(new): Json<ImprovementInput>,
) -> Answer<ImprovementCard> {
    let now = op.now().millis();
    let mut row = ItemRow {
        id: op.next_id(),
        title: String::new(),
        lane: "service".to_owned(),
        reason: String::new(),
        touchpoint: String::new(),
        owner_id: None,
        status: "idea".to_owned(),
        due_day: None,
        in_place_day: None,
        metric: "reason_share".to_owned(),
        note: String::new(),
        created_at: now,
        updated_at: now,
    };
    let mut tx = op.app.db.write().await?;
    apply(&op, &mut tx, &mut row, &new).await?;
    backlog::add(&mut tx, op.ws(), &row).await?;
    backlog::log(&mut tx, &op, row.id, "created", "", &row.title, op.now()).await?;
    op.audit(&mut tx, "improvement.add", "improvement", row.id, json!({ "reason": row.reason })).await?;
    tx.commit().await?;
    card(&op, ImprovementId(row.id)).await
}

/// Changes an improvement; each changed field is a line of its history.
#[utoipa::path(patch, path = "/api/improvements/{id}", tag = "improve", params(("id" = String, Path)), request_body = ImprovementInput,
    responses((status = 200, body = ImprovementCard), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<ImprovementId>,
    Json(change): Json<ImprovementInput>,
) -> Answer<ImprovementCard> {
    let mut tx = op.app.db.write().await?;
    let old = backlog::item(&mut tx, op.ws(), id).await?;
    let stale =
        || Fault::conflict("changed_meanwhile", "Somebody else has changed this improvement meanwhile.");
    if change.seen.is_some_and(|seen| seen.millis() != old.updated_at) {
        return Err(stale().into());
    }
    let mut row = old.clone();
    apply(&op, &mut tx, &mut row, &change).await?;
    let changes = differences(&old, &row);
    if !changes.is_empty() {
        // Two changes within a millisecond are still two states.
        row.updated_at = op.now().millis().max(old.updated_at + 1);
        if !backlog::change(&mut tx, op.ws(), &row, old.updated_at).await? {
            return Err(stale().into());
        }
        for (field, before, after) in &changes {
            backlog::log(&mut tx, &op, row.id, field, before, after, op.now()).await?;
        }
        let fields: Vec<&str> = changes.iter().map(|c| c.0).collect();
        op.audit(&mut tx, "improvement.change", "improvement", id, json!({ "fields": fields })).await?;
    }
    tx.commit().await?;
    card(&op, id).await
}

async fn apply(op: &Op, tx: &mut Tx, row: &mut ItemRow, new: &ImprovementInput) -> Result<(), Fault> {
    let text = |text: &str, longest: usize| visible(text).chars().take(longest).collect::<String>();
    let day = |text: &String, field: &'static str| match text.as_str() {
        "" => Ok(None),
        text => day_of(text, field).map(|day| Some(i64::from(day))),
    };
    if let Some(title) = &new.title {
        row.title = text(title, 200);
    }
    if row.title.is_empty() {
        return Err(
            Fault::invalid("title", "An improvement needs a title.").with_field("title", "what is done")
        );
    }
    if let Some(lane) = &new.lane {
        row.lane = one_of("lane", lane, &LANES)?;
    }
    if let Some(reason) = &new.reason {
        let dictionary = insight::store::dictionary(tx, op.ws()).await?;
        if !reason.is_empty() && Gap::of(reason, &dictionary).is_none() {
            let what = "reason:CODE, driver:CODE, signal:CODE, onboarding, unknown, or nothing";
            return Err(Fault::invalid("reason", format!("there is no reason \"{reason}\""))
                .with_field("reason", what));
        }
        row.reason.clone_from(reason);
    }
    if let Some(touchpoint) = &new.touchpoint {
        row.touchpoint = text(touchpoint, 100);
    }
    if let Some(owner) = &new.owner_id {
        row.owner_id = match owner.as_str() {
            "" => None,
            id => Some(owner_of(op, tx, id).await?),
        };
    }
    if let Some(metric) = &new.metric {
        row.metric = one_of("metric", metric, &METRICS)?;
    }
    if let Some(note) = &new.note {
        row.note = note.chars().take(4_000).collect();
    }
    if let Some(due) = &new.due_day {
        row.due_day = day(due, "due_day")?;
    }
    if let Some(status) = &new.status {
        row.status = one_of("status", status, &STATUSES)?;
        if status == "done" && row.in_place_day.is_none() {
            row.in_place_day = Some(i64::from(insight::snapshot::today(&op.app, &op.workspace)));
        }
    }
    if let Some(since) = &new.in_place_day {
        row.in_place_day = day(since, "in_place_day")?;
    }
    Ok(())
}

async fn owner_of(op: &Op, tx: &mut Tx, id: &str) -> Result<i64, Fault> {
    let odd = || {
        Fault::invalid("owner_id", "The owner is somebody of this workspace.")
            .with_field("owner_id", "a user")
    };
    let user: UserId = id.parse().map_err(|_| odd())?;
    if access::is_member(tx, op.ws(), user).await? { Ok(user.get()) } else { Err(odd()) }
}

fn differences(old: &ItemRow, new: &ItemRow) -> Vec<(&'static str, String, String)> {
    let day = |day: Option<i64>| day.and_then(|d| i32::try_from(d).ok()).map(day_name).unwrap_or_default();
    let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    let all = [
        ("title", old.title.clone(), new.title.clone()),
        ("lane", old.lane.clone(), new.lane.clone()),
        ("reason", old.reason.clone(), new.reason.clone()),
        ("touchpoint", old.touchpoint.clone(), new.touchpoint.clone()),
        ("owner_id", id(old.owner_id), id(new.owner_id)),
        ("status", old.status.clone(), new.status.clone()),
        ("due_day", day(old.due_day), day(new.due_day)),
        ("in_place_day", day(old.in_place_day), day(new.in_place_day)),
        ("metric", old.metric.clone(), new.metric.clone()),
        ("note", old.note.clone(), new.note.clone()),
    ];
    all.into_iter().filter(|(_, before, after)| before != after).collect()
}
