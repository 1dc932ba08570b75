use std::collections::BTreeSet;

use access::{Answer, Op, need, page::Page};
use axum::{Json, extract::Query};
use basis::{Fault, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::{CareItem, cut};
use crate::{
    measured::{Logged, Period, Told, logged, mentions},
    rules::{deadline::Reply, step::one_of},
};

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct ReviewQuery {
    from: Option<String>,
    to: Option<String>,
    platform: Option<String>,
    /// negative, or 1 to 5.
    rating: Option<String>,
    /// answered, unanswered, in_time, late, waiting, breached.
    reply: Option<String>,
    /// Only those that the revenue at risk is counted by.
    at_risk: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What the customer spent, before and after.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewMoney {
    /// In the year before.
    #[schema(value_type = Object)]
    before: Money,
    /// In the twelve months after, by what was known on the day; null without a forecast.
    #[schema(value_type = Option<Object>)]
    expected: Option<Money>,
    /// Since, within the twelve months.
    #[schema(value_type = Object)]
    came: Money,
    /// Expected and not come.
    #[schema(value_type = Object)]
    at_risk: Money,
    left_since: bool,
    /// Counted in the total; an older review of the same customer is not.
    counts: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewLine {
    item: CareItem,
    reply: Reply,
    negative: bool,
    /// Of a negative one of a known customer.
    money: Option<ReviewMoney>,
}

async fn chosen(op: &Op, query: &ReviewQuery) -> Result<(Vec<Logged>, Vec<String>), Fault> {
    let period = Period { from: query.from.clone(), to: query.to.clone() };
    let mut told = mentions(op, &period).await?;
    let platforms: BTreeSet<String> = told.iter().filter_map(|t| t.line.platform.clone()).collect();
    if let Some(platform) = query.platform.as_deref().filter(|p| !p.is_empty()) {
        told.retain(|t| t.line.platform.as_deref() == Some(platform));
    }
    if let Some(rating) = query.rating.as_deref().filter(|r| !r.is_empty()) {
        let rating = one_of("rating", rating, &["negative", "1", "2", "3", "4", "5"])?;
        told.retain(|t| match rating {
            "negative" => t.negative,
            stars => t.line.rating.map(|r| r.to_string()).as_deref() == Some(stars),
        });
    }
    if let Some(reply) = query.reply.as_deref().filter(|r| !r.is_empty()) {
        let known = ["answered", "unanswered", "in_time", "late", "waiting", "breached"];
        let reply = one_of("reply", reply, &known)?;
        told.retain(|t| fits(t, reply));
    }
    let mut rows = logged(op, told).await?;
    if query.at_risk == Some(true) {
        rows.retain(|r| r.counts && r.since.is_some_and(|s| s.at_risk_minor() > 0));
    }
    Ok((rows, platforms.into_iter().collect()))
}

fn fits(told: &Told, reply: &str) -> bool {
    match reply {
        "answered" => matches!(told.reply, Reply::InTime | Reply::Late),
        "unanswered" => matches!(told.reply, Reply::Waiting | Reply::Breached),
        name => told.reply.name() == name,
    }
}

fn risk(row: &Logged) -> i64 {
    row.since.filter(|_| row.counts).map_or(0, |s| s.at_risk_minor())
}

/// The log of mentions and reviews, the newest first; beside each negative one of a known customer what they spent.
#[utoipa::path(get, path = "/api/mentions", tag = "care", params(ReviewQuery), responses((status = 200, body = Page<ReviewLine>)))]
pub(super) async fn log(
    need::Anyone(op): need::Anyone,
    Query(query): Query<ReviewQuery>,
) -> Answer<Page<ReviewLine>> {
    let (rows, _) = chosen(&op, &query).await?;
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page =
        cut(rows, (query.cursor.as_deref(), limit), |r| (r.told.line.item.came_at, r.told.line.item.id));
    let mut tx = op.app.db.read().await?;
    let members = access::members(&mut tx, op.ws()).await?;
    let money = |minor: i64| Money { minor, currency: op.workspace.currency };
    let items = page
        .items
        .iter()
        .map(|row| ReviewLine {
            item: CareItem::of(&op, &members, &row.told.line),
            reply: row.told.reply,
            negative: row.told.negative,
            money: row.since.map(|s| ReviewMoney {
                before: money(s.before_minor),
                expected: s.expected_minor.map(money),
                came: money(s.came_minor),
                at_risk: money(s.at_risk_minor()),
                left_since: s.left_since,
                counts: row.counts,
            }),
        })
        .collect();
    Ok(Json(Page { items, next: page.next }))
}

/// The log in figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewSummary {
    total: usize,
    negative: usize,
    /// Negative ones of known customers.
    negative_known: usize,
    unanswered: usize,
    /// Customers behind the revenue at risk.
    customers_at_risk: usize,
    /// The sum over the list of the same filters with `at_risk=true`.
    #[schema(value_type = Object)]
    at_risk: Money,
    /// There is a forecast to compare with.
    has_forecast: bool,
    mean_rating: Option<f64>,
    platforms: Vec<String>,
}

/// Figures of the log under its filters.
#[utoipa::path(get, path = "/api/mentions/summary", tag = "care", params(ReviewQuery), responses((status = 200, body = ReviewSummary)))]
pub(super) async fn summary(
    need::Anyone(op): need::Anyone,
    Query(query): Query<ReviewQuery>,
) -> Answer<ReviewSummary> {
    let (rows, platforms) = chosen(&op, &query).await?;
    let count = |fits: &dyn Fn(&Logged) -> bool| rows.iter().filter(|r| fits(r)).count();
    let ratings: Vec<i64> = rows.iter().filter_map(|r| r.told.line.rating).collect();
    let known = count(&|r| r.since.is_some());
    Ok(Json(ReviewSummary {
        total: rows.len(),
        negative: count(&|r| r.told.negative),
        negative_known: known,
        unanswered: count(&|r| fits(&r.told, "unanswered")),
        customers_at_risk: count(&|r| risk(r) > 0),
        at_risk: Money { minor: rows.iter().map(risk).sum(), currency: op.workspace.currency },
        has_forecast: known == 0 || rows.iter().any(|r| r.since.is_some_and(|s| s.expected_minor.is_some())),
        mean_rating: (!ratings.is_empty()).then(|| ratings.iter().sum::<i64>() as f64 / ratings.len() as f64),
        platforms,
    }))
}
