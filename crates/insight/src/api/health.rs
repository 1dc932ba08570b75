use crate::contacts::{self, CHANNELS, Contacts};
use crate::figures::Figure;
use crate::orders::day_name;
use crate::rules::cohorts::month_name;
use crate::rules::lifecycle::Stage;
use crate::snapshot::{self, Snapshot};
use crate::store::LeftOutOrders;
use access::{Answer, need};
use axum::Json;
use basis::Currency;
use serde::Serialize;
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
    let people = &snapshot.derived().headcount;
    let customers = snapshot.profiles.len() as u64;
    let reach = &contacts.totals;
    let share = |id: &str, n: u64, of: u64| Figure::ratio(id, n as f64, of as f64, "share");
    let figures = vec![
        Figure::count("customers", customers).listed("figure=customers"),
        share("repeat_rate", people.buyers - people.one_time, people.buyers).listed("figure=repeat"),
        share("one_time_share", people.one_time, people.buyers).listed("figure=one_time"),
        Figure::count("active", people.active).listed("figure=active"),
        Figure::count("at_risk", people.at_risk_now).by("at_risk_now").listed("figure=at_risk_now"),
        share("reachable", reach.reachable, customers).listed("figure=reachable&value=any"),
        share("consent", reach.lawful, customers).listed("figure=consent&value=any"),
        Figure::count("unreachable", customers - reach.reachable).listed("figure=unreachable"),
        Figure::count("dead", reach.dead).listed("figure=dead"),
        Figure::number("base_age", people.age, "days").listed("figure=buyers"),
        Figure::number("days_since_last", people.since_last, "days").listed("figure=buyers"),
        Figure::number("lapse_threshold", Some(snapshot.model.lapse_days), "days").listed("figure=repeat"),
        Figure::number("mean_gap", snapshot.derived().usual_gap, "days").listed("figure=repeat"),
        Figure::money("revenue", Some(people.revenue), currency).listed("figure=buyers"),
        Figure::money_ratio("aov", people.revenue, people.orders, currency).listed("figure=buyers"),
        Figure::count("no_orders", customers - people.buyers).listed("figure=no_orders"),
    ];
    let stages = Stage::ALL
        .into_iter()
        .zip(people.stages)
        .map(|(stage, count)| StageCount { stage: stage.name(), count })
        .collect();
    let channels = CHANNELS
        .into_iter()
        .zip(reach.channels)
        .map(|(channel, totals)| ChannelReach {
            channel,
            reachable: totals.reachable,
            consent: totals.lawful,
            basis: totals.basis,
            given: totals.given,
            withdrawn: totals.withdrawn,
        })
        .collect();
    let months = &people.last_months;
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
