use crate::figures::Figure;
use crate::orders::day_name;
use crate::rules::loyal::{Group, groups};
use crate::snapshot;
use access::{Answer, need};
use axum::Json;
use basis::Currency;
use serde::Serialize;
use utoipa::ToSchema;

/// A group of customers by how often they have bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoyalGroup {
    /// regular (three purchases and more), twice, once.
    group: &'static str,
    customers: u64,
    list: &'static str,
    /// spend, frequency, sent_back, complained.
    figures: Vec<Figure>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Loyal {
    as_of: String,
    groups: Vec<LoyalGroup>,
}

const NAMES: [(&str, &str); 3] = [
    ("regular", "figure=bought_times&value=3"),
    ("twice", "figure=bought_times&value=2"),
    ("once", "figure=one_time"),
];

/// Regular customers beside the rest: spend, frequency, what they send back. Description, not proof: those who stay differ.
#[utoipa::path(get, path = "/api/insight/loyal", tag = "insight", responses((status = 200, body = Loyal)))]
pub(super) async fn loyal(need::Viewer(op): need::Viewer) -> Answer<Loyal> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let (currency, as_of) = (op.workspace.currency, snapshot.as_of);
    let groups = snapshot::blocking(move || groups(&snapshot.purchases, as_of)).await?;
    let groups = groups
        .iter()
        .zip(NAMES)
        .map(|(g, (group, list))| LoyalGroup {
            group,
            customers: g.customers,
            list,
            figures: figures(g, currency),
        })
        .collect();
    Ok(Json(Loyal { as_of: day_name(as_of), groups }))
}

fn figures(g: &Group, currency: Currency) -> Vec<Figure> {
    let n = |v: u64| v as f64;
    vec![
        Figure::money_ratio("loyal_spend", g.revenue_minor as f64, n(g.customers), currency),
        Figure::ratio("loyal_frequency", n(g.purchases), g.days / 365.0, "count"),
        Figure::ratio("loyal_sent_back", n(g.sent_back), n(g.purchases + g.sent_back), "share"),
        Figure::ratio("loyal_complained", n(g.complained), n(g.customers), "share"),
    ]
}
