use super::alerts::{Alert, Refusals, alerts};
use super::{month_days, period_list};
use crate::contacts;
use crate::derived::{MonthRow, at_risk_now};
use crate::figures::Figure;
use crate::leaving::Told;
use crate::orders::day_name;
use crate::rules::cohorts::month_name;
use crate::rules::lifecycle::Stage;
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::page::{Page, PageQuery};
use access::{Answer, need};
use axum::Json;
use axum::extract::Query;
use basis::{Currency, Fault, Money};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct ChurnMonth {
    month: String,
    active_at_start: u64,
    /// Crossed the lapse threshold.
    lapsed: u64,
    returned: u64,
    new: u64,
    /// Of those active at the start, the share that lapsed; absent while nobody of the base could have.
    rate: Option<f64>,
    /// The month is under way.
    partial: bool,
    list: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignalCount {
    signal: &'static str,
    customers: u64,
    #[schema(value_type = Object)]
    value_at_risk: Money,
    /// Code of the recommended action.
    action: &'static str,
    list: String,
}

/// Why customers who left have left: told in talks. Market figures say nothing of the own base, and none are shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reasons {
    controllable: u64,
    natural: u64,
    /// Told, but neither.
    other: u64,
    /// Lapsed and never asked.
    unknown: u64,
    items: Vec<ReasonCount>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonCount {
    /// A code of the dictionary of leaving reasons.
    reason: String,
    /// The workspace's words; empty where the catalogue's are used.
    name: String,
    /// controllable, natural, other.
    kind: &'static str,
    customers: u64,
    /// What they brought in their last year with the shop.
    #[schema(value_type = Object)]
    revenue: Money,
    /// Code of the recommended action.
    action: &'static str,
    list: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MoveCount {
    from: String,
    to: String,
    /// purchase, silence; version (another threshold) and records (of the past) are nobody's doing.
    cause: String,
    /// Customers who took it.
    moves: i64,
    list: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChurnBoard {
    as_of: String,
    figures: Vec<Figure>,
    trend: Vec<ChurnMonth>,
    signals: Vec<SignalCount>,
    reasons: Reasons,
    alerts: Vec<Alert>,
    /// Steps between stages in the last 30 days.
    moves: Vec<MoveCount>,
    /// Query of the daily queue, by value at risk.
    queue: &'static str,
    /// By which the stages and all months of the trend are judged.
    threshold: HeldThreshold,
}

/// The threshold in force: it is held, so that the history stays what it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldThreshold {
    days: f64,
    is_default: bool,
    by_hand: bool,
    /// Since when it holds.
    since: String,
    /// The gaps it rests on.
    gaps: u64,
    /// The first day on which anybody could have lapsed by it; absent without purchases.
    first_lapse: Option<String>,
}

/// Who is leaving: at risk now and what they are worth, the trend, the signals, alerts on growth.
#[utoipa::path(get, path = "/api/insight/churn", tag = "insight", responses((status = 200, body = ChurnBoard)))]
pub(super) async fn churn(need::Viewer(op): need::Viewer) -> Answer<ChurnBoard> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let currency = op.workspace.currency;
    let mut tx = op.app.db.read().await?;
    let (month_ago, as_of) = (snapshot.as_of - 29, snapshot.as_of);
    let moves = store::move_counts(&mut tx, op.ws(), month_ago, as_of).await?;
    let refused = store::refusals(&mut tx, op.ws()).await?;
    drop(tx);
    let contacts = contacts::load(&op.app, &op.workspace, &snapshot).await?;
    let refusals = Refusals::of(contacts.totals.lawful, &refused, &op.workspace.tz());
    let told = super::told(&op, &snapshot).await?;
    let mut board = snapshot::blocking(move || assemble(&snapshot, &told, &refusals, currency)).await?;
    board.moves = moves
        .into_iter()
        .map(|m| {
            let value = format!("{},{},{}", m.from_stage, m.to_stage, m.cause);
            let list = format!("{}&value={value}", period_list("moved", month_ago, as_of));
            MoveCount { from: m.from_stage, to: m.to_stage, cause: m.cause, moves: m.moves, list }
        })
        .collect();
    Ok(Json(board))
}

/// What usually answers a signal: the playbook's first step.
const fn action_for(signal: &str) -> &'static str {
    match signal.as_bytes() {
        b"bad_experience" | b"complained" => "call_and_repair",
        b"overdue" | b"never_came_back" => "remind",
        b"spending_less" => "offer_by_taste",
        b"rhythm_broken" => "ask_why",
        b"slowing_down" => "offer_novelties",
        _ => "win_back_wave",
    }
}

/// What usually answers a reason.
const fn answer_to(reason: &str) -> &'static str {
    match reason.as_bytes() {
        b"service" | b"delivery" | b"feedback" | b"indifferent" | b"pushy" => "call_and_repair",
        b"price" | b"bonus" => "offer_by_taste",
        b"product" | b"competitor" | b"value" | b"use" => "offer_novelties",
        b"moved" | b"interests" => "let_go",
        _ => "ask_why",
    }
}

/// What the customer at a place brought in their last year with the shop.
pub(super) fn last_year_minor(snapshot: &Snapshot, place: usize) -> i64 {
    let last = snapshot.profiles[place].last_day.unwrap_or(i32::MIN);
    let year = snapshot.purchases.base().of(place).iter().filter(|o| o.day > last.saturating_sub(365));
    year.map(|o| o.minor).sum()
}

fn reasons(snapshot: &Snapshot, told: &Told, lapsed: u64, currency: Currency) -> Reasons {
    let mut by_reason: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    let mut known = 0;
    for (place, word) in told.iter() {
        let reason = word.reason.as_str();
        let profile = &snapshot.profiles[place];
        known += u64::from(profile.stage == Stage::Lapsed);
        let entry = by_reason.entry(reason).or_default();
        entry.0 += 1;
        entry.1 = entry.1.saturating_add(last_year_minor(snapshot, place));
    }
    let mut items: Vec<ReasonCount> = by_reason
        .into_iter()
        .map(|(reason, (customers, minor))| ReasonCount {
            reason: reason.to_owned(),
            name: told.dictionary().reason(reason).map(|r| r.name.clone()).unwrap_or_default(),
            kind: told.driver(reason).kind(),
            customers,
            revenue: Money::new(minor, currency),
            action: answer_to(reason),
            list: format!("figure=reason&value={reason}"),
        })
        .collect();
    items.sort_by_key(|i| (std::cmp::Reverse(i.customers), i.reason.clone()));
    let sum = |kind: &str| items.iter().filter(|i| i.kind == kind).map(|i| i.customers).sum();
    Reasons {
        controllable: sum("controllable"),
        natural: sum("natural"),
        other: sum("other"),
        unknown: lapsed - known,
        items,
    }
}

fn assemble(snapshot: &Snapshot, told: &Told, refusals: &Refusals, currency: Currency) -> ChurnBoard {
    let derived = snapshot.derived();
    let mut at_risk = 0u64;
    let mut value = 0i64;
    let mut by_signal: BTreeMap<&'static str, (u64, i64)> = BTreeMap::new();
    let mut lapsed = 0u64;
    for p in &snapshot.profiles {
        lapsed += u64::from(p.stage == Stage::Lapsed);
        if !at_risk_now(p) {
            continue;
        }
        at_risk += 1;
        value = value.saturating_add(p.value_at_risk_minor);
        let mut seen: Vec<&'static str> = p.signals.iter().map(|s| s.name()).collect();
        seen.sort_unstable();
        seen.dedup();
        for name in seen {
            let entry = by_signal.entry(name).or_default();
            entry.0 += 1;
            entry.1 = entry.1.saturating_add(p.value_at_risk_minor);
        }
    }
    let mut signals: Vec<SignalCount> = by_signal
        .into_iter()
        .map(|(signal, (customers, minor))| SignalCount {
            signal,
            customers,
            value_at_risk: Money::new(minor, currency),
            action: action_for(signal),
            list: format!("figure=signal&value={signal}"),
        })
        .collect();
    signals.sort_by_key(|s| std::cmp::Reverse(s.value_at_risk.minor));
    let trend: Vec<ChurnMonth> =
        derived.months.iter().filter_map(|row| month_row(row, snapshot.as_of, derived.first_lapse)).collect();
    let rhythm = snapshot.model.rhythm();
    let reasons = reasons(snapshot, told, lapsed, currency);
    let year = &derived.year;
    let (from, to) = (snapshot.as_of - 364, snapshot.as_of);
    let figures = vec![
        Figure::count("at_risk_now", at_risk).listed("figure=at_risk_now"),
        Figure::money("value_at_risk", Some(value as f64), currency).listed("figure=at_risk_now"),
        Figure::ratio("churn_year", year.churned as f64, year.active_at_start as f64, "share")
            .by("churn")
            .unless(derived.first_lapse.is_none_or(|day| day > to))
            .listed(period_list("churned", from, to)),
        Figure::ratio("returned", year.returned as f64, year.lapsed as f64, "share")
            .listed(period_list("returned", from, to)),
        Figure::count("lapsed", lapsed).by("stage_lapsed").listed("figure=stage&value=lapsed"),
        Figure::number("lapse_threshold", Some(snapshot.model.lapse_days), "days").listed("figure=repeat"),
        Figure::count("leaving_controllable", reasons.controllable)
            .listed("figure=reason&value=controllable"),
        Figure::count("leaving_natural", reasons.natural).listed("figure=reason&value=natural"),
        Figure::ratio("reason_unknown", reasons.unknown as f64, lapsed as f64, "share")
            .listed("figure=reason&value=unknown"),
    ];
    ChurnBoard {
        as_of: day_name(snapshot.as_of),
        figures,
        alerts: alerts(&derived.months, refusals, snapshot.as_of),
        trend,
        signals,
        reasons,
        moves: Vec::new(),
        queue: "figure=at_risk_now",
        threshold: HeldThreshold {
            days: rhythm.lapse_days,
            is_default: rhythm.is_default,
            by_hand: rhythm.by_hand,
            since: day_name(rhythm.day),
            gaps: rhythm.gaps,
            first_lapse: derived.first_lapse.map(day_name),
        },
    }
}

fn month_row(row: &MonthRow, as_of: i32, first_lapse: Option<i32>) -> Option<ChurnMonth> {
    let (from, to) = month_days(row.month, as_of)?;
    let p = &row.period;
    Some(ChurnMonth {
        month: month_name(row.month),
        active_at_start: p.active_at_start,
        lapsed: p.lapsed,
        returned: p.returned,
        new: p.new_customers,
        rate: p.churn(to, first_lapse),
        partial: month_days(row.month, i32::MAX).is_some_and(|(_, end)| end > to),
        list: period_list("lapsed", from, to),
    })
}

/// A step from stage to stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageMove {
    id: String,
    customer_id: String,
    name: String,
    from: String,
    to: String,
    day: String,
    /// purchase, silence, version, records.
    cause: String,
}

/// The log of steps between stages, newest first.
#[utoipa::path(get, path = "/api/insight/stage-moves", tag = "insight", params(PageQuery), responses((status = 200, body = Page<StageMove>)))]
pub(super) async fn moves(
    need::Viewer(op): need::Viewer,
    Query(page): Query<PageQuery>,
) -> Answer<Page<StageMove>> {
    let before = match &page.cursor {
        Some(text) => {
            text.parse().map_err(|_| Fault::invalid("cursor", "this is not a cursor of this list"))?
        }
        None => i64::MAX,
    };
    let mut tx = op.app.db.read().await?;
    let rows = store::moves(&mut tx, op.ws(), before, i64::from(page.limit()) + 1).await?;
    let ids: Vec<i64> = rows.iter().map(|m| m.customer_id).collect();
    let faces: std::collections::HashMap<i64, String> =
        store::faces(&mut tx, op.ws(), &ids).await?.into_iter().map(|f| (f.id, f.display_name)).collect();
    let items = rows
        .into_iter()
        .map(|m| StageMove {
            id: m.id.to_string(),
            customer_id: m.customer_id.to_string(),
            name: faces.get(&m.customer_id).cloned().unwrap_or_default(),
            from: m.from_stage,
            to: m.to_stage,
            day: i32::try_from(m.day).map(day_name).unwrap_or_default(),
            cause: m.cause,
        })
        .collect();
    Ok(Json(Page::cut(items, page.limit(), |m: &StageMove| m.id.clone())))
}
