use std::collections::BTreeMap;

use access::{
    Answer, Op, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
};
use basis::{CallTaskId, Fault, Money, OfferId, Time, visible};
use insight::orders::day_name;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::{
    offers::{self, Issue, IssuedCode, OfferMenu, Picked, gaps_of, money},
    rules::offers::{OfferKind, cost},
    store::{
        objections,
        offers::{self as sql, IssuedRow, OfferRow},
    },
};

const LONGEST_NAME: usize = 80;
const LONGEST_WORDS: usize = 500;
const MOST_GAPS: usize = 40;
/// Of one code or of a month, in minor units.
const MOST_MINOR: i64 = 1_000_000_000_000;

/// What an operator may offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offer {
    #[schema(value_type = String)]
    id: OfferId,
    name: String,
    kind: OfferKind,
    /// Of kind percent; else 0.
    percent: i64,
    /// The most that one code may cost.
    #[schema(value_type = Object)]
    cost: Money,
    words: String,
    valid_days: i64,
    month_limit: Option<i64>,
    #[schema(value_type = Option<Object>)]
    month_budget: Option<Money>,
    /// reason:CODE, driver:CODE, objection:CODE, signal:CODE; none for everybody.
    gaps: Vec<String>,
    /// Revenue of the customer so far.
    #[schema(value_type = Object)]
    least_value: Money,
    retired: bool,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// Codes that stand.
    issued: u64,
    /// Codes with a purchase while they were good.
    redeemed: u64,
    /// What these purchases came to, one amount a currency.
    #[schema(value_type = Vec<Object>)]
    revenue: Vec<Money>,
    /// What the redeemed codes cost the margin.
    #[schema(value_type = Object)]
    margin_cost: Money,
}

fn shown(op: &Op, row: OfferRow, codes: &[&IssuedRow]) -> Result<Offer, Fault> {
    let mut revenue: BTreeMap<String, i64> = BTreeMap::new();
    let (mut redeemed, mut spent) = (0, 0_i64);
    for code in codes {
        if let (Some(minor), Some(currency)) = (code.amount_minor, &code.currency) {
            redeemed += 1;
            *revenue.entry(currency.clone()).or_default() += minor;
            // A discount in another currency is not counted by its rate: what was promised is the bound.
            let own = *currency == op.workspace.currency.to_string();
            spent += cost(if own { code.percent } else { 0 }, code.cost_minor, minor);
        }
    }
    let revenue = revenue
        .into_iter()
        .map(|(currency, minor)| {
            let currency = currency
                .parse()
                .map_err(|_| Fault::internal("orders", format!("orders.currency: {currency}")))?;
            Ok(Money::new(minor, currency))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(Offer {
        id: OfferId(row.id),
        kind: OfferKind::of(&row.kind).unwrap_or(OfferKind::Other),
        percent: row.percent,
        cost: money(op, row.cost_minor),
        valid_days: row.valid_days,
        month_limit: row.month_limit,
        month_budget: row.month_budget_minor.map(|minor| money(op, minor)),
        gaps: gaps_of(&row),
        least_value: money(op, row.least_value_minor),
        retired: row.retired,
        updated_at: Time::from_millis(row.updated_at),
        issued: codes.len() as u64,
        redeemed,
        revenue,
        margin_cost: money(op, spent),
        name: row.name,
        words: row.words,
    })
}

/// The catalogue with what each offer came to.
#[utoipa::path(get, path = "/api/offers", tag = "desk", responses((status = 200, body = Page<Offer>)))]
pub async fn list(need::Viewer(op): need::Viewer) -> Answer<Page<Offer>> {
    let mut tx = op.app.db.read().await?;
    let rows = sql::offers(&mut tx, op.ws()).await?;
    let codes = sql::issued(&mut tx, op.ws()).await?;
    let items = rows
        .into_iter()
        .map(|row| {
            let own: Vec<&IssuedRow> = codes.iter().filter(|c| c.offer_id == row.id).collect();
            shown(&op, row, &own)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::whole(items)))
}

/// A new offer, or what is to change of one: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OfferInput {
    name: Option<String>,
    kind: Option<OfferKind>,
    percent: Option<i64>,
    /// Minor units of the workspace's currency.
    cost_minor: Option<i64>,
    words: Option<String>,
    valid_days: Option<i64>,
    /// 0 for none.
    month_limit: Option<i64>,
    /// 0 for none.
    month_budget_minor: Option<i64>,
    gaps: Option<Vec<String>>,
    least_value_minor: Option<i64>,
    retired: Option<bool>,
    /// `updated_at` as it was seen: a change of something newer is refused.
    #[schema(value_type = Option<String>, format = DateTime)]
    seen: Option<Time>,
}

fn odd(field: &'static str, what: impl Into<String>) -> Fault {
    let what = what.into();
    Fault::invalid("offer_field", what.clone()).with_field(field, what)
}

fn within(field: &'static str, value: i64, low: i64, high: i64) -> Result<i64, Fault> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(odd(field, format!("{value} is not between {low} and {high}")))
}

async fn known_gaps(tx: &mut Tx, op: &Op, gaps: &[String]) -> Result<(), Fault> {
    if gaps.len() > MOST_GAPS {
        return Err(odd("gaps", format!("at most {MOST_GAPS}")));
    }
    let dictionary = insight::store::dictionary(tx, op.ws()).await?;
    let library = objections::objections(tx, op.ws()).await?;
    for gap in gaps {
        let known = match gap.split_once(':') {
            Some(("reason", code)) => dictionary.reason(code).is_some(),
            Some(("driver", word)) => insight::rules::dictionary::Driver::of(word).is_some(),
            Some(("objection", code)) => library.iter().any(|o| o.code == code),
            Some(("signal", word)) => !word.is_empty() && word.len() < 40,
            _ => false,
        };
        if !known {
            return Err(odd("gaps", format!("\"{gap}\" is no reason, objection or sign of leaving")));
        }
    }
    Ok(())
}

async fn apply(tx: &mut Tx, op: &Op, row: &mut OfferRow, new: OfferInput) -> Result<(), Fault> {
    if let Some(name) = new.name {
        row.name = visible(&name);
    }
    if row.name.is_empty() || row.name.chars().count() > LONGEST_NAME {
        return Err(odd("name", format!("1 to {LONGEST_NAME} characters")));
    }
    if let Some(words) = new.words {
        words.trim().clone_into(&mut row.words);
    }
    if row.words.chars().count() > LONGEST_WORDS {
        return Err(odd("words", format!("at most {LONGEST_WORDS} characters")));
    }
    if let Some(kind) = new.kind {
        kind.as_str().clone_into(&mut row.kind);
    }
    row.percent = if row.kind == "percent" {
        within("percent", new.percent.unwrap_or(row.percent), 1, 100)?
    } else {
        0
    };
    row.cost_minor = within("cost_minor", new.cost_minor.unwrap_or(row.cost_minor), 0, MOST_MINOR)?;
    if row.cost_minor == 0 && matches!(row.kind.as_str(), "percent" | "sum") {
        return Err(odd("cost_minor", "a discount needs the most that one code may cost"));
    }
    row.valid_days = within("valid_days", new.valid_days.unwrap_or(row.valid_days), 1, 365)?;
    if let Some(most) = new.month_limit {
        row.month_limit = Some(within("month_limit", most, 0, 1_000_000)?).filter(|n| *n > 0);
    }
    if let Some(most) = new.month_budget_minor {
        row.month_budget_minor = Some(within("month_budget_minor", most, 0, MOST_MINOR)?).filter(|n| *n > 0);
    }
    if let Some(gaps) = new.gaps {
        known_gaps(tx, op, &gaps).await?;
        row.gaps = json!(gaps).to_string();
    }
    row.least_value_minor =
        within("least_value_minor", new.least_value_minor.unwrap_or(row.least_value_minor), 0, MOST_MINOR)?;
    row.retired = new.retired.unwrap_or(row.retired);
    Ok(())
}

async fn keep(op: &Op, mut tx: Tx, row: OfferRow, seen: i64, action: &str) -> Answer<Offer> {
    if !sql::set(&mut tx, op.ws(), &row, seen).await? {
        return Err(Fault::conflict("offer_changed", "Somebody changed this offer meanwhile.").into());
    }
    let detail = json!({ "kind": row.kind, "retired": row.retired });
    op.audit(&mut tx, action, "offer", row.id, detail).await?;
    tx.commit().await?;
    let mut tx = op.app.db.read().await?;
    let codes = sql::issued(&mut tx, op.ws()).await?;
    let own: Vec<&IssuedRow> = codes.iter().filter(|c| c.offer_id == row.id).collect();
    Ok(Json(shown(op, row, &own)?))
}

/// Adds an offer to the catalogue.
#[utoipa::path(post, path = "/api/offers", tag = "desk", request_body = OfferInput, responses((status = 200, body = Offer), (status = 422)))]
pub async fn add(need::Marketer(op): need::Marketer, Json(new): Json<OfferInput>) -> Answer<Offer> {
    let now = op.now().millis();
    let mut row = OfferRow {
        id: op.next_id(),
        name: String::new(),
        kind: "other".to_owned(),
        percent: 0,
        cost_minor: 0,
        words: String::new(),
        valid_days: 14,
        month_limit: None,
        month_budget_minor: None,
        gaps: "[]".to_owned(),
        least_value_minor: 0,
        retired: false,
        created_at: now,
        updated_at: now,
    };
    let mut tx = op.app.db.write().await?;
    apply(&mut tx, &op, &mut row, new).await?;
    keep(&op, tx, row, now, "offer.add").await
}

/// Changes an offer; codes that were issued keep their terms.
#[utoipa::path(patch, path = "/api/offers/{id}", tag = "desk", params(("id" = String, Path)), request_body = OfferInput,
    responses((status = 200, body = Offer), (status = 404), (status = 409), (status = 422)))]
pub async fn change(
    need::Marketer(op): need::Marketer,
    Path(id): Path<OfferId>,
    Json(change): Json<OfferInput>,
) -> Answer<Offer> {
    let mut tx = op.app.db.write().await?;
    let mut row = sql::offer(&mut tx, op.ws(), id).await?;
    let seen = change.seen.map_or(row.updated_at, Time::millis);
    apply(&mut tx, &op, &mut row, change).await?;
    row.updated_at = op.now().millis().max(row.updated_at + 1);
    keep(&op, tx, row, seen, "offer.change").await
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct CodesQuery {
    /// Of one offer; all of them without it.
    offer: Option<String>,
    /// Only those with a purchase.
    redeemed: Option<bool>,
}

/// A code in somebody's hands.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferCode {
    id: String,
    offer_id: String,
    /// The last signs alone: a list is not to give codes away.
    code_end: String,
    customer_id: String,
    name: String,
    operator: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    issued_at: Time,
    expires_day: String,
    /// The gap that it answered, or empty.
    why: String,
    order_number: Option<String>,
    order_day: Option<String>,
    #[schema(value_type = Option<Object>)]
    amount: Option<Money>,
}

/// The codes behind a figure of an offer, the newest first.
#[utoipa::path(get, path = "/api/offers/codes", tag = "desk", params(CodesQuery, PageQuery),
    responses((status = 200, body = Page<OfferCode>), (status = 422)))]
pub async fn codes(
    need::Viewer(op): need::Viewer,
    Query(query): Query<CodesQuery>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<OfferCode>> {
    let number = |text: &Option<String>, field: &'static str| {
        text.as_deref()
            .map(|t| t.parse::<i64>().map_err(|_| Fault::invalid(field, format!("\"{t}\" is not an id"))))
            .transpose()
    };
    let before = number(&page.cursor, "cursor")?.unwrap_or(i64::MAX);
    let offer = number(&query.offer, "offer")?;
    let redeemed = query.redeemed.unwrap_or(false);
    let mut tx = op.app.db.read().await?;
    let day = |day: i64| i32::try_from(day).map(day_name).unwrap_or_default();
    let most = usize::try_from(page.limit()).unwrap_or(200) + 1;
    let items = sql::issued(&mut tx, op.ws())
        .await?
        .into_iter()
        .filter(|c| c.id < before && offer.is_none_or(|id| c.offer_id == id))
        .filter(|c| !redeemed || c.order_id.is_some())
        .take(most)
        .map(|c| {
            let amount = c.amount_minor.zip(c.currency.as_deref()).map(|(minor, currency)| {
                let currency = currency
                    .parse()
                    .map_err(|_| Fault::internal("orders", format!("orders.currency: {currency}")))?;
                Ok::<_, Fault>(Money::new(minor, currency))
            });
            Ok(OfferCode {
                id: c.id.to_string(),
                offer_id: c.offer_id.to_string(),
                code_end: c.code.chars().skip(7).collect(),
                customer_id: c.customer_id.to_string(),
                name: c.name.unwrap_or_default(),
                operator: c.operator,
                issued_at: Time::from_millis(c.issued_at),
                expires_day: day(c.expires_day),
                why: c.why,
                order_number: c.order_number,
                order_day: c.order_day.map(day),
                amount: amount.transpose()?,
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(Json(Page::cut(items, page.limit(), |c: &OfferCode| c.id.clone())))
}

/// The win-back menu of the call in hand: what answers it first, and the code that was issued in it.
#[utoipa::path(get, path = "/api/desk/tasks/{id}/offers", tag = "desk", params(("id" = String, Path), Picked),
    responses((status = 200, body = OfferMenu), (status = 403), (status = 404)))]
pub async fn menu(
    need::Operator(op): need::Operator,
    Path(id): Path<CallTaskId>,
    Query(picked): Query<Picked>,
) -> Answer<OfferMenu> {
    Ok(Json(offers::menu(&op, id, &picked).await?))
}

/// Issues a personal code to the person on the line; the same offer again gives the same code.
#[utoipa::path(post, path = "/api/desk/tasks/{id}/offers", tag = "desk", params(("id" = String, Path)), request_body = Issue,
    responses((status = 200, body = IssuedCode), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub async fn issue(
    need::Operator(op): need::Operator,
    Path(id): Path<CallTaskId>,
    Json(wanted): Json<Issue>,
) -> Answer<IssuedCode> {
    Ok(Json(offers::issue(&op, id, &wanted).await?))
}

/// Takes the code of the call in hand back.
#[utoipa::path(delete, path = "/api/desk/tasks/{id}/offers", tag = "desk", params(("id" = String, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409)))]
pub async fn undo(
    need::Operator(op): need::Operator,
    Path(id): Path<CallTaskId>,
) -> Result<StatusCode, access::Problem> {
    offers::undo(&op, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
