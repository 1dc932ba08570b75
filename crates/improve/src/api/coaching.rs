use std::collections::{BTreeSet, HashMap};

use access::{Answer, Op, need};
use axum::{Json, extract::Path};
use basis::{CoachingId, Fault, Time, visible};
use desk::rules::objections::Objection;
use insight::orders::{day_name, day_of};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use super::{backlog::day_of as day_in, effects::Effect, objections::beside};
use crate::{
    rules::{
        effect::{Change, LONGEST, Span, spans},
        rate::Rate,
        talk::{Talk, Wanted},
    },
    store::{coaching as sql, coaching::CoachingRow, talks as talk_sql},
    talks::{Heard, heard},
};

const LONGEST_TITLE: usize = 200;
/// Calls that one task asks to read.
const MOST_CALLS: usize = 10;
/// Calls of either kind that a suggestion names.
const NAMED: usize = 3;

/// A call to read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CoachingCall {
    id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    outcome: String,
    operator: Option<String>,
    note: String,
    objections: Vec<String>,
}

/// What an operator is to practise.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoachingTask {
    #[schema(value_type = String)]
    id: CoachingId,
    operator_id: String,
    operator: Option<String>,
    /// objection:CODE, or consent for all talks.
    topic: String,
    title: String,
    calls: Vec<CoachingCall>,
    due_day: Option<String>,
    /// Open after its day.
    overdue: bool,
    given_by: Option<String>,
    given_day: String,
    done_day: Option<String>,
    /// open, done, dropped.
    state: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// The operator's own consent on the topic, before and after the day it was done.
    effect: Option<Effect>,
}

/// An operator who agrees fewer customers on an objection than the colleagues do.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoachingAdvice {
    operator_id: String,
    operator: Option<String>,
    topic: String,
    own: Rate,
    others: Rate,
    /// Own − colleagues'; its interval lies below zero.
    difference: Change,
    /// Own talks that were refused, and colleagues' that were agreed.
    calls: Vec<CoachingCall>,
    /// The open task that already answers it.
    task_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CoachingOperator {
    id: String,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Coaching {
    items: Vec<CoachingTask>,
    suggested: Vec<CoachingAdvice>,
    /// Who may be given a task.
    operators: Vec<CoachingOperator>,
    /// The days the suggestions look at.
    days: i32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MyCoaching {
    items: Vec<CoachingTask>,
}

/// What tasks and suggestions are measured from, read once.
struct Measure {
    heard: Vec<Heard>,
    names: HashMap<i64, String>,
    today: i32,
}

impl Measure {
    async fn of(op: &Op, tx: &mut Tx) -> Result<Self, Fault> {
        let heard = heard(op, tx, None, 0).await?;
        let names = talk_sql::operators(tx, op.ws()).await?.into_iter().collect();
        Ok(Self { heard, names, today: day_of(op.campaign_now().date(&op.workspace.tz())) })
    }

    fn call(h: &Heard) -> CoachingCall {
        CoachingCall {
            id: h.row.id.to_string(),
            name: h.row.name.clone().unwrap_or_default(),
            at: Time::from_millis(h.row.at),
            outcome: h.row.outcome.clone(),
            operator: h.row.operator.clone(),
            note: h.row.note.clone(),
            objections: h.talk.objections.clone(),
        }
    }

    /// (agreed, talks) of an operator on a topic in a span.
    fn counts(&self, operator: i64, topic: &str, span: Span) -> (u64, u64) {
        let wanted = Wanted { objection: objection_of(topic), operator: Some(operator), ..Wanted::default() };
        let of = self.heard.iter().filter(|h| span.holds(h.talk.day) && wanted.holds(&h.talk));
        (of.clone().filter(|h| h.talk.agreed).count() as u64, of.count() as u64)
    }

    fn shown(&self, row: CoachingRow) -> CoachingTask {
        let day = |day: i64| i32::try_from(day).ok().map(day_name);
        let ids: Vec<i64> = serde_json::from_str(&row.calls).unwrap_or_default();
        let effect = row.done_day.and_then(|day| i32::try_from(day).ok()).and_then(|day| {
            let both = spans(day, self.today)?;
            let counts = |span| self.counts(row.operator_id, &row.topic, span);
            Some(Effect::of("consent", both, counts(both.0), counts(both.1)))
        });
        CoachingTask {
            id: CoachingId(row.id),
            operator_id: row.operator_id.to_string(),
            operator: self.names.get(&row.operator_id).cloned(),
            calls: ids
                .iter()
                .filter_map(|id| self.heard.iter().find(|h| h.row.id == *id))
                .map(Self::call)
                .collect(),
            due_day: row.due_day.and_then(day),
            overdue: row.state == "open" && row.due_day.is_some_and(|due| due < i64::from(self.today)),
            given_by: self.names.get(&row.given_by).cloned(),
            given_day: day(row.given_day).unwrap_or_default(),
            done_day: row.done_day.and_then(day),
            updated_at: Time::from_millis(row.updated_at),
            effect,
            topic: row.topic,
            title: row.title,
            state: row.state,
        }
    }

    fn suggested(&self, library: &[Objection], tasks: &[CoachingRow]) -> Vec<CoachingAdvice> {
        let recent: Vec<&Heard> = self.heard.iter().filter(|h| h.talk.day > self.today - LONGEST).collect();
        let talks: Vec<Talk> = recent.iter().map(|h| h.talk.clone()).collect();
        let operators: BTreeSet<i64> = talks.iter().map(|t| t.operator).collect();
        let mut found = Vec::new();
        let codes = library.iter().filter(|o| !o.retired).map(|o| Some(o.code.as_str()));
        for code in codes.chain([None]) {
            for id in &operators {
                let (own, others, difference) = beside(&talks, code, *id);
                if difference.verdict != "worse" {
                    continue;
                }
                let topic = code.map_or_else(|| "consent".to_owned(), |code| format!("objection:{code}"));
                let on = |h: &&&Heard| code.is_none_or(|code| h.talk.raised(code));
                let mine = recent.iter().filter(on).filter(|h| h.talk.operator == *id && !h.talk.agreed);
                let theirs = recent.iter().filter(on).filter(|h| h.talk.operator != *id && h.talk.agreed);
                let task =
                    tasks.iter().find(|t| t.operator_id == *id && t.topic == topic && t.state == "open");
                found.push(CoachingAdvice {
                    operator_id: id.to_string(),
                    operator: self.names.get(id).cloned(),
                    own,
                    others,
                    difference,
                    calls: mine.take(NAMED).chain(theirs.take(NAMED)).map(|h| Self::call(h)).collect(),
                    task_id: task.map(|t| t.id.to_string()),
                    topic,
                });
            }
        }
        // The largest gap first.
        found.sort_by(|a, b| {
            let gap = |x: &CoachingAdvice| x.difference.difference.unwrap_or(0.0);
            gap(a).total_cmp(&gap(b)).then_with(|| a.topic.cmp(&b.topic))
        });
        found
    }
}

fn objection_of(topic: &str) -> Option<&str> {
    topic.strip_prefix("objection:")
}

/// All coaching tasks, and whom the own calls suggest to coach on what.
#[utoipa::path(get, path = "/api/coaching", tag = "improve", responses((status = 200, body = Coaching)))]
pub(super) async fn list(need::Supervisor(op): need::Supervisor) -> Answer<Coaching> {
    let mut tx = op.app.db.read().await?;
    let measure = Measure::of(&op, &mut tx).await?;
    let rows = sql::tasks(&mut tx, op.ws(), 0).await?;
    let library = desk::objections(&mut tx, op.ws()).await?;
    drop(tx);
    let mut operators: Vec<CoachingOperator> = measure
        .names
        .iter()
        .map(|(id, name)| CoachingOperator { id: id.to_string(), name: name.clone() })
        .collect();
    operators.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(Json(Coaching {
        suggested: measure.suggested(&library, &rows),
        items: rows.into_iter().map(|row| measure.shown(row)).collect(),
        operators,
        days: LONGEST,
    }))
}

/// The tasks of who asks, the open ones first.
#[utoipa::path(get, path = "/api/coaching/mine", tag = "improve", responses((status = 200, body = MyCoaching)))]
pub(super) async fn mine(need::Operator(op): need::Operator) -> Answer<MyCoaching> {
    let mut tx = op.app.db.read().await?;
    let rows = sql::tasks(&mut tx, op.ws(), op.actor.id).await?;
    if rows.iter().all(|row| row.state == "dropped") {
        return Ok(Json(MyCoaching { items: Vec::new() }));
    }
    let measure = Measure::of(&op, &mut tx).await?;
    let items = rows.into_iter().filter(|r| r.state != "dropped").map(|row| measure.shown(row)).collect();
    Ok(Json(MyCoaching { items }))
}

/// A task for an operator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoaching {
    operator_id: String,
    /// objection:CODE, or consent for all talks.
    topic: String,
    #[serde(default)]
    title: String,
    /// Calls to read, of `GET /api/objections/calls`.
    #[serde(default)]
    calls: Vec<String>,
    /// A day like 2024-09-01.
    due_day: Option<String>,
}

fn odd(field: &'static str, what: impl Into<String>) -> Fault {
    let what = what.into();
    Fault::invalid("coaching_field", what.clone()).with_field(field, what)
}

fn titled(title: &str) -> Result<String, Fault> {
    let title = visible(title);
    if title.chars().count() > LONGEST_TITLE {
        return Err(odd("title", format!("at most {LONGEST_TITLE} characters")));
    }
    Ok(title)
}

/// Gives an operator a task.
#[utoipa::path(post, path = "/api/coaching", tag = "improve", request_body = NewCoaching,
    responses((status = 200, body = CoachingTask), (status = 409), (status = 422)))]
pub(super) async fn give(
    need::Supervisor(op): need::Supervisor,
    Json(new): Json<NewCoaching>,
) -> Answer<CoachingTask> {
    let due_day =
        new.due_day.as_deref().filter(|d| !d.is_empty()).map(|d| day_in(d, "due_day")).transpose()?;
    let mut tx = op.app.db.read().await?;
    let measure = Measure::of(&op, &mut tx).await?;
    let library = desk::objections(&mut tx, op.ws()).await?;
    drop(tx);
    let operator = new.operator_id.parse::<i64>().ok().filter(|id| measure.names.contains_key(id));
    let operator = operator.ok_or_else(|| odd("operator_id", "nobody of this workspace who takes calls"))?;
    let known = new.topic == "consent"
        || objection_of(&new.topic).is_some_and(|code| library.iter().any(|o| o.code == code));
    if !known {
        return Err(odd("topic", "objection:CODE of the library, or consent").into());
    }
    let mut calls: Vec<i64> = Vec::new();
    for text in &new.calls {
        let id = text.parse::<i64>().ok().filter(|id| measure.heard.iter().any(|h| h.row.id == *id));
        let id = id.ok_or_else(|| odd("calls", format!("\"{text}\" is no talk of this workspace")))?;
        if !calls.contains(&id) {
            calls.push(id);
        }
    }
    if calls.len() > MOST_CALLS {
        return Err(odd("calls", format!("at most {MOST_CALLS} calls a task")).into());
    }
    let title = titled(&new.title)?;
    let mut tx = op.app.db.write().await?;
    let open = sql::tasks(&mut tx, op.ws(), operator).await?;
    if open.iter().any(|t| t.state == "open" && t.topic == new.topic) {
        return Err(
            Fault::conflict("coaching_exists", "This operator has an open task on it already.").into()
        );
    }
    let row = CoachingRow {
        id: op.next_id(),
        operator_id: operator,
        topic: new.topic,
        title,
        calls: json!(calls).to_string(),
        due_day: due_day.map(i64::from),
        given_by: op.actor.id,
        given_kind: op.actor.kind_str().to_owned(),
        given_day: i64::from(measure.today),
        done_day: None,
        state: "open".to_owned(),
        created_at: op.now().millis(),
        updated_at: op.now().millis(),
    };
    sql::add(&mut tx, op.ws(), &row).await?;
    op.audit(
        &mut tx,
        "coaching.give",
        "coaching",
        row.id,
        json!({ "operator": operator, "topic": row.topic }),
    )
    .await?;
    tx.commit().await?;
    op.app.hub.publish(op.ws(), "desk", json!({ "coaching": row.id.to_string() }));
    Ok(Json(measure.shown(row)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoachingChange {
    title: Option<String>,
    /// Empty for none.
    due_day: Option<String>,
    /// `dropped` takes it back, `open` gives it again.
    state: Option<String>,
}

/// Changes a task, takes it back or gives it again.
#[utoipa::path(patch, path = "/api/coaching/{id}", tag = "improve", params(("id" = String, Path)), request_body = CoachingChange,
    responses((status = 200, body = CoachingTask), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    need::Supervisor(op): need::Supervisor,
    Path(id): Path<CoachingId>,
    Json(change): Json<CoachingChange>,
) -> Answer<CoachingTask> {
    let mut tx = op.app.db.write().await?;
    let mut row = sql::task(&mut tx, op.ws(), id).await?;
    if let Some(title) = &change.title {
        row.title = titled(title)?;
    }
    if let Some(day) = &change.due_day {
        row.due_day =
            Some(day).filter(|d| !d.is_empty()).map(|d| day_in(d, "due_day")).transpose()?.map(i64::from);
    }
    if let Some(state) = change.state {
        if !["open", "dropped"].contains(&state.as_str()) {
            return Err(odd("state", "open or dropped; the operator ticks it done").into());
        }
        (row.state, row.done_day) = (state, None);
    }
    keep(&op, tx, row, "coaching.change").await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoachingTick {
    /// False takes the tick back.
    done: bool,
}

/// The operator ticks a task done; the effect is measured from this day on.
#[utoipa::path(post, path = "/api/coaching/{id}/done", tag = "improve", params(("id" = String, Path)), request_body = CoachingTick,
    responses((status = 200, body = CoachingTask), (status = 403), (status = 404), (status = 409)))]
pub(super) async fn done(
    need::Operator(op): need::Operator,
    Path(id): Path<CoachingId>,
    Json(tick): Json<CoachingTick>,
) -> Answer<CoachingTask> {
    let mut tx = op.app.db.write().await?;
    let mut row = sql::task(&mut tx, op.ws(), id).await?;
    if row.operator_id != op.actor.id {
        return Err(Fault::forbidden("not_your_coaching", "This task was given to somebody else.").into());
    }
    if row.state == "dropped" {
        return Err(Fault::conflict("coaching_dropped", "This task was taken back.").into());
    }
    let today = day_of(op.campaign_now().date(&op.workspace.tz()));
    match (tick.done, row.state == "done") {
        (true, false) => (row.state, row.done_day) = ("done".to_owned(), Some(i64::from(today))),
        (false, true) => (row.state, row.done_day) = ("open".to_owned(), None),
        _ => {}
    }
    keep(&op, tx, row, "coaching.tick").await
}

async fn keep(op: &Op, mut tx: Tx, mut row: CoachingRow, action: &str) -> Answer<CoachingTask> {
    let seen = row.updated_at;
    row.updated_at = op.now().millis().max(seen + 1);
    if !sql::change(&mut tx, op.ws(), &row, seen).await? {
        return Err(Fault::conflict("coaching_changed", "Somebody changed this task meanwhile.").into());
    }
    let detail = json!({ "state": row.state, "due_day": row.due_day });
    op.audit(&mut tx, action, "coaching", row.id, detail).await?;
    tx.commit().await?;
    let mut tx = op.app.db.read().await?;
    let measure = Measure::of(op, &mut tx).await?;
    op.app.hub.publish(op.ws(), "desk", json!({ "coaching": row.id.to_string() }));
    Ok(Json(measure.shown(row)))
}
