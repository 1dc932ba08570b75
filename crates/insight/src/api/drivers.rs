use super::churn::last_year_minor;
use crate::figures::{Figure, complained};
use crate::leaving::Told;
use crate::orders::day_name;
use crate::rules::benchmarks::{SILENT_PER_COMPLAINT, benchmarks};
use crate::rules::dictionary::Driver;
use crate::rules::lifecycle::Stage;
use crate::rules::stat::proportion::{Share, wilson};
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::{Answer, need};
use axum::Json;
use basis::{Currency, Money};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A first level of the reasons of leaving.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriverShare {
    driver: Driver,
    /// controllable, natural, other.
    kind: &'static str,
    customers: u64,
    /// Of those who told; absent when nobody did.
    share: Option<f64>,
    /// Wilson's 95% interval.
    low: Option<f64>,
    high: Option<f64>,
    /// What they brought in their last year with the shop.
    #[schema(value_type = Object)]
    revenue: Money,
    list: String,
    reasons: Vec<SubReason>,
}

/// A second level.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubReason {
    code: String,
    /// The workspace's words; empty where the catalogue's are used.
    name: String,
    customers: u64,
    /// Of those who told.
    share: f64,
    #[schema(value_type = Object)]
    revenue: Money,
    /// Who of them named an order.
    with_order: u64,
    list: String,
}

/// How many named a competitor or an employee.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    name: String,
    customers: u64,
    list: String,
}

/// Who leaves without a word: own complaints times a figure of the market, labelled as such.
#[derive(Debug, Serialize, ToSchema)]
pub struct Silent {
    /// Customers who complained in the last year.
    complained: u64,
    /// Benchmark: silent leavers for each one who complains.
    per_complaint: f64,
    source: String,
    /// complained × per_complaint, and never more than the base has customers.
    estimate: u64,
    /// The estimate was cut at the size of the base.
    capped: bool,
    list: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Drivers {
    as_of: String,
    /// Customers whose last word is a reason of leaving and who have not bought since.
    told: u64,
    drivers: Vec<DriverShare>,
    competitors: Vec<Named>,
    employees: Vec<Named>,
    silent: Silent,
    /// Churn without natural leavers, the share of unknown reasons, refusals that name an order.
    figures: Vec<Figure>,
}

/// Which share of leaving is the product's, the service's, the marketing's, and nobody's.
#[utoipa::path(get, path = "/api/insight/drivers", tag = "insight", responses((status = 200, body = Drivers)))]
pub(super) async fn drivers(need::Viewer(op): need::Viewer) -> Answer<Drivers> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let told = super::told(&op, &snapshot).await?;
    let mut tx = op.app.db.read().await?;
    let own = store::own_benchmarks(&mut tx, op.ws()).await?;
    drop(tx);
    let ratio = benchmarks(&own).into_iter().find(|b| b.code == SILENT_PER_COMPLAINT);
    let (per_complaint, source) = ratio.map_or((0.0, String::new()), |b| (b.value.unwrap_or(0.0), b.source));
    let currency = op.workspace.currency;
    let report = snapshot::blocking(move || {
        let silent = silent(&snapshot, per_complaint, source);
        assemble(&snapshot, &told, silent, currency)
    });
    Ok(Json(report.await?))
}

fn silent(snapshot: &Snapshot, per_complaint: f64, source: String) -> Silent {
    let people = snapshot.purchases.ids.len();
    let complained = (0..people).filter(|place| complained(snapshot, *place)).count() as u64;
    let most = people as f64 - complained as f64;
    let estimate = complained as f64 * per_complaint;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the base's size"
    )]
    let cut = estimate.min(most).max(0.0).round() as u64;
    Silent {
        complained,
        per_complaint,
        source,
        estimate: cut,
        capped: estimate > most,
        list: "figure=complained",
    }
}

#[derive(Default)]
struct Sum {
    customers: u64,
    minor: i64,
    with_order: u64,
}

fn assemble(snapshot: &Snapshot, told: &Told, silent: Silent, currency: Currency) -> Drivers {
    let mut by_code: BTreeMap<&str, Sum> = BTreeMap::new();
    let (mut competitors, mut employees): (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = Default::default();
    let (mut all, mut with_order, mut natural_lapsed, mut known_lapsed) = (0u64, 0u64, 0u64, 0u64);
    for (place, word) in told.iter() {
        let sum = by_code.entry(word.reason.as_str()).or_default();
        sum.customers += 1;
        sum.minor = sum.minor.saturating_add(last_year_minor(snapshot, place));
        sum.with_order += u64::from(word.order_id.is_some());
        all += 1;
        with_order += u64::from(word.order_id.is_some());
        if let Some(name) = &word.competitor {
            *competitors.entry(name).or_default() += 1;
        }
        if let Some(name) = &word.employee {
            *employees.entry(name).or_default() += 1;
        }
        if snapshot.profiles[place].stage == Stage::Lapsed {
            known_lapsed += 1;
            natural_lapsed += u64::from(told.driver(&word.reason) == Driver::Natural);
        }
    }
    let drivers =
        Driver::ALL.into_iter().map(|driver| share_of(driver, &by_code, told, all, currency)).collect();
    let buyers = snapshot.profiles.iter().filter(|p| p.purchases > 0).count() as u64;
    let lapsed = snapshot.profiles.iter().filter(|p| p.stage == Stage::Lapsed).count() as u64;
    let n = |v: u64| v as f64;
    let figures = vec![
        Figure::ratio("reason_unknown", n(lapsed - known_lapsed), n(lapsed), "share")
            .listed("figure=reason&value=unknown"),
        Figure::ratio("lapsed_share", n(lapsed), n(buyers), "share").listed("figure=stage&value=lapsed"),
        Figure::ratio("controllable_lapsed", n(lapsed - natural_lapsed), n(buyers - natural_lapsed), "share")
            .listed("figure=controllable_lapsed"),
        Figure::ratio("named_order", n(with_order), n(all), "share").listed("figure=named_order"),
    ];
    Drivers {
        as_of: day_name(snapshot.as_of),
        told: all,
        drivers,
        competitors: named("competitor", competitors),
        employees: named("employee", employees),
        silent,
        figures,
    }
}

fn share_of(
    driver: Driver,
    by_code: &BTreeMap<&str, Sum>,
    told: &Told,
    all: u64,
    currency: Currency,
) -> DriverShare {
    let mut reasons: Vec<SubReason> = by_code
        .iter()
        .filter(|(code, _)| told.driver(code) == driver)
        .map(|(code, sum)| SubReason {
            code: (*code).to_owned(),
            name: told.dictionary().reason(code).map(|r| r.name.clone()).unwrap_or_default(),
            customers: sum.customers,
            share: sum.customers as f64 / all as f64,
            revenue: Money::new(sum.minor, currency),
            with_order: sum.with_order,
            list: format!("figure=reason&value={code}"),
        })
        .collect();
    reasons.sort_by_key(|r| (std::cmp::Reverse(r.customers), r.code.clone()));
    let customers = reasons.iter().map(|r| r.customers).sum();
    let share = Share::new(customers, all).ok();
    let interval = share.and_then(|s| wilson(s, 0.95).ok());
    DriverShare {
        driver,
        kind: driver.kind(),
        customers,
        share: share.map(Share::rate),
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        revenue: Money::new(reasons.iter().map(|r| r.revenue.minor).sum(), currency),
        list: format!("figure=driver&value={}", driver.as_str()),
        reasons,
    }
}

fn named(figure: &str, counts: BTreeMap<&str, u64>) -> Vec<Named> {
    let mut all: Vec<Named> = counts
        .into_iter()
        .map(|(name, customers)| Named {
            list: format!("figure={figure}&value={}", query_value(name)),
            name: name.to_owned(),
            customers,
        })
        .collect();
    all.sort_by_key(|x| (std::cmp::Reverse(x.customers), x.name.clone()));
    all
}

/// A text as the value of a query.
pub(super) fn query_value(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
