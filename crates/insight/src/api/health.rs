use crate::contacts::{self, CHANNELS, Contacts};
use crate::derived::at_risk_now;
use crate::figures::Figure;
use crate::orders::day_name;
use crate::rules::cohorts::{month_name, month_of};
use crate::rules::lifecycle::Stage;
use crate::snapshot::{self, Snapshot};
use crate::store::LeftOutOrders;
use access::{Answer, need};
use axum::Json;
use basis::Currency;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct StageCount {
    /// new, developing, at_risk, lapsed, returned, none.
    stage: &'static str,
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelReach {
    /// email, sms, call.
    channel: &'static str,
    /// Has a contact that is not known to be broken.
    reachable: u64,
    /// Of these, may be contacted: a consent or a declared basis, and no refusal.
    consent: u64,
    /// Of these, through a basis that the source declares.
    basis: u64,
    /// Gave a consent.
    given: u64,
    withdrawn: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AgeMonth {
    /// Month of the last purchase, 2024-09.
    month: String,
    customers: u64,
}

/// How healthy the base is; every figure opens its formula and its list.
#[derive(Debug, Serialize, ToSchema)]
pub struct BaseHealth {
    /// The campaign day of the figures.
    as_of: String,
    figures: Vec<Figure>,
    stages: Vec<StageCount>,
    channels: Vec<ChannelReach>,
    age: Vec<AgeMonth>,
    /// Orders that are not purchases, by reason.
    left_out: LeftOutOrders,
}

/// Customers, reach by channel, legal basis, lifecycle stages, age, repeat rate.
#[utoipa::path(get, path = "/api/base-health", tag = "insight", responses((status = 200, body = BaseHealth)))]
pub(super) async fn health(need::Viewer(op): need::Viewer) -> Answer<BaseHealth> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let contacts = contacts::load(&op.app, &op.workspace, &snapshot).await?;
    let currency = op.workspace.currency;
    Ok(Json(snapshot::blocking(move || assemble(&snapshot, &contacts, currency)).await?))
}

fn assemble(snapshot: &Snapshot, contacts: &Contacts, currency: Currency) -> BaseHealth {
    let profiles = &snapshot.profiles;
    let count = |keep: &dyn Fn(usize) -> bool| (0..profiles.len()).filter(|i| keep(*i)).count() as u64;
    let customers = profiles.len() as u64;
    let buyers = count(&|i| profiles[i].purchases > 0);
    let repeat = count(&|i| profiles[i].purchases > 1);
    let one_time = count(&|i| profiles[i].purchases == 1);
    let active = count(&|i| !matches!(profiles[i].stage, Stage::Lapsed | Stage::None));
    let reachable = count(&|i| contacts.any(i));
    let lawful = count(&|i| contacts.by_place[i].iter().any(|r| r.lawful()));
    let dead = count(&|i| contacts.dead[i]);
    let at_risk = count(&|i| at_risk_now(&profiles[i]));
    let revenue: f64 = profiles.iter().map(|p| p.revenue_minor as f64).sum();
    let orders: f64 =
        (0..profiles.len()).flat_map(|i| snapshot.purchases.orders(i)).map(|n| f64::from(*n)).sum();
    let mut since: Vec<i32> =
        profiles.iter().filter_map(|p| p.last_day).map(|d| snapshot.as_of - d).collect();
    let middle = median(&mut since);
    let mut ages: Vec<i32> =
        profiles.iter().filter_map(|p| p.first_day).map(|d| snapshot.as_of - d).collect();
    let age = median(&mut ages);
    let share = |id: &str, n: u64, of: u64| Figure::ratio(id, n as f64, of as f64, "share");
    let figures = vec![
        Figure::count("customers", customers).listed("figure=customers"),
        share("repeat_rate", repeat, buyers).listed("figure=repeat"),
        share("one_time_share", one_time, buyers).listed("figure=one_time"),
        Figure::count("active", active).listed("figure=active"),
        Figure::count("at_risk", at_risk).by("at_risk_now").listed("figure=at_risk_now"),
        share("reachable", reachable, customers).listed("figure=reachable&value=any"),
        share("consent", lawful, customers).listed("figure=consent&value=any"),
        Figure::count("unreachable", customers - reachable).listed("figure=unreachable"),
        Figure::count("dead", dead).listed("figure=dead"),
        Figure::number("base_age", age, "days").listed("figure=buyers"),
        Figure::number("days_since_last", middle, "days").listed("figure=buyers"),
        Figure::number("lapse_threshold", Some(snapshot.model.lapse_days), "days").listed("figure=repeat"),
        Figure::number("mean_gap", snapshot.derived().usual_gap, "days").listed("figure=repeat"),
        Figure::money("revenue", Some(revenue), currency).listed("figure=buyers"),
        Figure::money_ratio("aov", revenue, orders, currency).listed("figure=buyers"),
        Figure::count("no_orders", customers - buyers).listed("figure=no_orders"),
    ];
    let stages = Stage::ALL
        .into_iter()
        .map(|stage| StageCount { stage: stage.name(), count: count(&|i| profiles[i].stage == stage) })
        .collect();
    let channels = CHANNELS
        .into_iter()
        .enumerate()
        .map(|(at, channel)| {
            let of =
                |keep: &dyn Fn(crate::contacts::Reach) -> bool| count(&|i| keep(contacts.by_place[i][at]));
            ChannelReach {
                channel,
                reachable: of(&|r| r.reachable),
                consent: of(&|r| r.lawful()),
                basis: of(&|r| r.reachable && r.basis),
                given: of(&|r| r.given),
                withdrawn: of(&|r| r.withdrawn),
            }
        })
        .collect();
    let mut months: BTreeMap<i32, u64> = BTreeMap::new();
    for day in profiles.iter().filter_map(|p| p.last_day) {
        *months.entry(month_of(day)).or_default() += 1;
    }
    let age = match (months.keys().next().copied(), months.keys().last().copied()) {
        // Months without anybody stay visible as zeros.
        (Some(first), Some(last)) => (first..=last)
            .map(|m| AgeMonth { month: month_name(m), customers: months.get(&m).copied().unwrap_or(0) })
            .collect(),
        _ => Vec::new(),
    };
    BaseHealth {
        as_of: day_name(snapshot.as_of),
        figures,
        stages,
        channels,
        age,
        left_out: snapshot.left_out,
    }
}

fn median(days: &mut [i32]) -> Option<f64> {
    if days.is_empty() {
        return None;
    }
    days.sort_unstable();
    let (low, high) = (days[(days.len() - 1) / 2], days[days.len() / 2]);
    Some(f64::midpoint(f64::from(low), f64::from(high)))
}
