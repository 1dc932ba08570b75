//! The win-back menu of a call: which offers fit, and the personal code that one press issues.

use std::collections::{BTreeMap, BTreeSet};

use access::Op;
use basis::{CallTaskId, Fault, Money, OfferId, Time};
use insight::orders::{day_name, day_of};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use timeline::Interaction;
use utoipa::{IntoParams, ToSchema};

use crate::{
    finish::held,
    rules::offers::{Fit, OfferKind, Promised, Said, Terms, code, fit},
    store::{
        objections,
        offers::{self as sql, CodeRow, OfferRow},
        task::TaskRow,
    },
};

/// What the operator picked so far.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
pub struct Picked {
    /// A code of the leaving reasons.
    pub reason: Option<String>,
    /// Codes of objections, with commas between.
    pub objections: Option<String>,
}

/// An offer beside the talk.
#[derive(Debug, Serialize, ToSchema)]
pub struct MenuOffer {
    #[schema(value_type = String)]
    id: OfferId,
    name: String,
    kind: OfferKind,
    percent: i64,
    /// What to say.
    words: String,
    valid_days: i64,
    /// It answers what was said, or is for everybody.
    fits: bool,
    /// The gaps that it answers: reason:CODE, driver:CODE, objection:CODE, signal:CODE.
    why: Vec<String>,
    /// value, limit, budget; absent when it may be given.
    refused: Option<&'static str>,
    /// Codes left this month; absent without a limit.
    left: Option<i64>,
}

/// A code in the customer's hands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IssuedCode {
    #[schema(value_type = String)]
    offer_id: OfferId,
    offer: String,
    words: String,
    code: String,
    /// The last day it is taken.
    expires_day: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OfferMenu {
    /// What answers the talk first.
    items: Vec<MenuOffer>,
    /// The code that was issued in this task.
    issued: Option<IssuedCode>,
}

/// Months since year 0, as entered costs count them.
fn month_of(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

fn today(op: &Op) -> Date {
    op.campaign_now().date(&op.workspace.tz())
}

pub fn gaps_of(row: &OfferRow) -> Vec<String> {
    serde_json::from_str(&row.gaps).unwrap_or_default()
}

/// What the talk is about: the picked reason with its first level, the objections, the signs of leaving of the profile.
async fn said(tx: &mut Tx, op: &Op, row: &TaskRow, picked: &Picked) -> Result<Said, Fault> {
    let mut gaps = BTreeSet::new();
    if let Some(reason) = picked.reason.as_deref().filter(|r| !r.is_empty()) {
        let dictionary = insight::store::dictionary(tx, op.ws()).await?;
        gaps.insert(format!("reason:{reason}"));
        gaps.insert(format!("driver:{}", dictionary.driver(reason).as_str()));
    }
    let raised: Vec<&str> =
        picked.objections.as_deref().unwrap_or_default().split(',').filter(|c| !c.is_empty()).collect();
    if !raised.is_empty() {
        for known in objections::objections(tx, op.ws()).await? {
            if raised.contains(&known.code.as_str()) {
                gaps.insert(format!("objection:{}", known.code));
                gaps.extend(Some(known.reason).filter(|r| !r.is_empty()));
            }
        }
    }
    let customer = identity::current_id(tx, op.ws(), row.customer()).await?;
    let (value_minor, signals) = sql::profile(tx, op.ws(), customer).await?;
    let signals: Vec<serde_json::Value> = serde_json::from_str(&signals).unwrap_or_default();
    gaps.extend(
        signals.iter().filter_map(|s| s.get("signal")?.as_str()).map(|signal| format!("signal:{signal}")),
    );
    Ok(Said { gaps, value_minor })
}

fn standing(row: &OfferRow, gaps: &[String], said: &Said, promised: Promised) -> Fit {
    let terms = Terms {
        gaps,
        least_value_minor: row.least_value_minor,
        cost_minor: row.cost_minor,
        month_limit: row.month_limit,
        month_budget_minor: row.month_budget_minor,
    };
    fit(&terms, said, promised)
}

fn issued_code(row: &CodeRow, offer: &OfferRow) -> IssuedCode {
    IssuedCode {
        offer_id: OfferId(offer.id),
        offer: offer.name.clone(),
        words: offer.words.clone(),
        code: row.code.clone(),
        expires_day: i32::try_from(row.expires_day).map(day_name).unwrap_or_default(),
    }
}

/// The offers beside a talk, what answers it first.
///
/// # Errors
/// A task of somebody else.
pub async fn menu(op: &Op, id: CallTaskId, picked: &Picked) -> Result<OfferMenu, Fault> {
    let mut tx = op.app.db.read().await?;
    let row = held(&mut tx, op, id).await?;
    let said = said(&mut tx, op, &row, picked).await?;
    let promised: BTreeMap<i64, Promised> =
        sql::promised(&mut tx, op.ws(), month_of(today(op))).await?.into_iter().collect();
    let all = sql::offers(&mut tx, op.ws()).await?;
    let issued = sql::code_of(&mut tx, op.ws(), id).await?;
    let issued = issued.and_then(|code| {
        all.iter().find(|offer| offer.id == code.offer_id).map(|offer| issued_code(&code, offer))
    });
    let mut items: Vec<(Fit, &OfferRow)> = all
        .iter()
        .filter(|offer| !offer.retired)
        .map(|offer| {
            let promised = promised.get(&offer.id).copied().unwrap_or_default();
            (standing(offer, &gaps_of(offer), &said, promised), offer)
        })
        .collect();
    items.sort_by_key(|(fit, offer)| (fit.rank(), offer.id));
    let items = items
        .into_iter()
        .map(|(fit, offer)| MenuOffer {
            id: OfferId(offer.id),
            name: offer.name.clone(),
            kind: OfferKind::of(&offer.kind).unwrap_or(OfferKind::Other),
            percent: offer.percent,
            words: offer.words.clone(),
            valid_days: offer.valid_days,
            left: offer
                .month_limit
                .map(|most| (most - promised.get(&offer.id).map_or(0, |p| p.issued)).max(0)),
            fits: fit.fits,
            why: fit.why,
            refused: fit.refused,
        })
        .collect();
    Ok(OfferMenu { items, issued })
}

/// Which offer, and what the operator picked so far.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    #[schema(value_type = String)]
    pub offer_id: OfferId,
    pub reason: Option<String>,
    #[serde(default)]
    pub objections: Vec<String>,
}

fn not_now(refused: &str) -> Fault {
    match refused {
        "value" => Fault::refused("offer_value", "This offer is for customers who have bought for more."),
        "budget" => Fault::conflict("offer_budget", "The budget of this offer is spent for this month."),
        _ => Fault::conflict("offer_limit", "All codes of this offer are given away for this month."),
    }
}

/// Issues a personal code within the limit and the budget of the month. A task has one code at most: the same press again gives
/// the same code.
///
/// # Errors
/// A task of somebody else, an offer that does not fit the customer, a month that is full.
pub async fn issue(op: &Op, id: CallTaskId, wanted: &Issue) -> Result<IssuedCode, Fault> {
    let (ws, at) = (op.ws(), op.campaign_now());
    let mut tx = op.app.db.write().await?;
    let row = taken(&mut tx, op, id).await?;
    let offer = sql::offer(&mut tx, ws, wanted.offer_id).await?;
    if let Some(code) = sql::code_of(&mut tx, ws, id).await? {
        if code.offer_id == offer.id {
            return Ok(issued_code(&code, &offer));
        }
        return Err(Fault::conflict(
            "offer_issued",
            "This customer has a code of another offer: take it back first.",
        ));
    }
    if offer.retired {
        return Err(Fault::conflict("offer_retired", "This offer is not given any more."));
    }
    let picked = Picked { reason: wanted.reason.clone(), objections: Some(wanted.objections.join(",")) };
    let said = said(&mut tx, op, &row, &picked).await?;
    let standing = standing(&offer, &gaps_of(&offer), &said, Promised::default());
    if standing.refused == Some("value") {
        return Err(not_now("value"));
    }
    if !standing.fits {
        return Err(Fault::refused(
            "offer_gap",
            "This offer answers other reasons: pick the reason or the objection first.",
        ));
    }
    let day = today(op);
    if !sql::reserve(&mut tx, ws, &offer, month_of(day)).await? {
        let now: BTreeMap<i64, Promised> =
            sql::promised(&mut tx, ws, month_of(day)).await?.into_iter().collect();
        let full = offer.month_limit.is_some_and(|most| now.get(&offer.id).is_some_and(|p| p.issued >= most));
        return Err(not_now(if full { "limit" } else { "budget" }));
    }
    let made = CodeRow {
        id: op.next_id(),
        offer_id: offer.id,
        code: code(op.app.random()),
        task_id: id.get(),
        customer_id: row.customer_id,
        operator_kind: op.actor.kind_str().to_owned(),
        operator_id: op.actor.id,
        issued_at: at.millis(),
        month: month_of(day),
        expires_day: i64::from(day_of(day)) + offer.valid_days,
        cost_minor: offer.cost_minor,
        percent: offer.percent,
        why: standing.why.first().cloned().unwrap_or_default(),
        state: "issued".to_owned(),
    };
    sql::add_code(&mut tx, ws, &made).await?;
    note(&mut tx, op, &row, "offer", &offer, at).await?;
    op.audit(&mut tx, "offer.issue", "offer", offer.id, json!({ "task": id })).await?;
    tx.commit().await?;
    op.app.hub.publish(ws, "desk", json!({ "offer": offer.id.to_string() }));
    Ok(issued_code(&made, &offer))
}

/// The task in hand, its call not yet ended.
async fn taken(tx: &mut Tx, op: &Op, id: CallTaskId) -> Result<TaskRow, Fault> {
    let row = held(tx, op, id).await?;
    if row.state != "taken" {
        return Err(Fault::conflict("task_over", "This call is over: its offers stay as they are."));
    }
    Ok(row)
}

/// On the customer's timeline. The code is not written there: who reads a card is not to use it.
async fn note(
    tx: &mut Tx,
    op: &Op,
    row: &TaskRow,
    kind: &str,
    offer: &OfferRow,
    at: Time,
) -> Result<(), Fault> {
    let interaction = Interaction {
        direction: "out".to_owned(),
        campaign_id: Some(row.campaign()),
        wave_id: Some(row.wave()),
        message_id: Some(row.message()),
        actor_kind: op.actor.kind_str().to_owned(),
        actor_id: op.actor.id,
        data: json!({ "offer": offer.name, "task": row.id() }),
        ..Interaction::system(op.next_id(), row.customer(), at, kind, "call")
    };
    Ok(timeline::record(tx, op.ws(), &interaction).await?)
}

/// Takes the code of a task back, while the call lasts. Answers whether there was one.
///
/// # Errors
/// A task of somebody else, or a call that is over.
pub async fn undo(op: &Op, id: CallTaskId) -> Result<bool, Fault> {
    let (ws, at) = (op.ws(), op.campaign_now());
    let mut tx = op.app.db.write().await?;
    let row = taken(&mut tx, op, id).await?;
    let Some(code) = sql::code_of(&mut tx, ws, id).await? else { return Ok(false) };
    if code.operator_id != op.actor.id {
        return Err(Fault::conflict(
            "offer_of_another",
            "Another operator gave this code in a call that is over.",
        ));
    }
    let offer = sql::offer(&mut tx, ws, OfferId(code.offer_id)).await?;
    let undone = sql::undo(&mut tx, ws, &code).await?;
    note(&mut tx, op, &row, "offer_undone", &offer, at).await?;
    op.audit(&mut tx, "offer.undo", "offer", offer.id, json!({ "task": id })).await?;
    tx.commit().await?;
    Ok(undone)
}

/// The currency of the catalogue is the workspace's.
pub fn money(op: &Op, minor: i64) -> Money {
    Money::new(minor, op.workspace.currency)
}
