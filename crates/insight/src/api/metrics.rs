use super::inputs::Costs;
use super::period_list;
use crate::figures::Figure;
use crate::orders::{day_name, parse_day};
use crate::rules::cohorts::month_name;
use crate::rules::periods::{Period, period};
use crate::snapshot::{self, Snapshot};
use crate::store;
use access::{Answer, Op, need};
use axum::Json;
use axum::extract::Query;
use basis::{Currency, Fault, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
pub struct PeriodQuery {
    /// First day; by default a year before the last.
    from: Option<String>,
    /// Last day; by default today on the campaign clock.
    to: Option<String>,
}

impl PeriodQuery {
    fn days(&self, as_of: i32) -> Result<(i32, i32), Fault> {
        let day = |text: &str, name: &'static str| {
            parse_day(text, None)
                .ok_or_else(|| Fault::invalid(name, format!("\"{text}\" is not a day like 2024-09-01")))
        };
        let to = self.to.as_deref().map(|t| day(t, "to")).transpose()?.unwrap_or(as_of).min(as_of);
        let from = self.from.as_deref().map(|t| day(t, "from")).transpose()?.unwrap_or(to - 364);
        if from > to {
            return Err(Fault::invalid("from", "The period ends before it begins."));
        }
        Ok((from, to))
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MetricMonth {
    month: String,
    orders: u64,
    buyers: u64,
    new_customers: u64,
    #[schema(value_type = Object)]
    revenue: Money,
    #[schema(value_type = Object)]
    revenue_new: Money,
    #[schema(value_type = Object)]
    revenue_existing: Money,
    active_at_start: u64,
    crr: Option<f64>,
    churn: Option<f64>,
    /// Revenue ÷ active customers, minor units.
    arpu_minor: Option<f64>,
    aov_minor: Option<f64>,
}

/// A remark that a figure calls for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Remark {
    /// cac_above_ltv, margin_missing, spend_missing.
    code: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Metrics {
    from: String,
    to: String,
    figures: Vec<Figure>,
    months: Vec<MetricMonth>,
    remarks: Vec<Remark>,
}

/// LTV, CAC, CPL, CRR, churn, ARPU, AOV, repeat purchases, new and existing revenue of a period.
#[utoipa::path(get, path = "/api/insight/metrics", tag = "insight", params(PeriodQuery), responses((status = 200, body = Metrics)))]
pub(super) async fn metrics(
    need::Viewer(op): need::Viewer,
    Query(query): Query<PeriodQuery>,
) -> Answer<Metrics> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let (from, to) = query.days(snapshot.as_of)?;
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let currency = op.workspace.currency;
    Ok(Json(snapshot::blocking(move || assemble(&snapshot, &costs, from, to, currency)).await?))
}

/// The figures of the last year, for plans that stand beside other pages.
///
/// # Errors
/// When the database fails.
pub async fn metric_figures(op: &Op) -> Result<Vec<Figure>, Fault> {
    let snapshot = snapshot::current(&op.app, &op.workspace).await?;
    let mut tx = op.app.db.read().await?;
    let costs = Costs::of(&store::inputs(&mut tx, op.ws()).await?);
    drop(tx);
    let (currency, to) = (op.workspace.currency, snapshot.as_of);
    snapshot::blocking(move || assemble(&snapshot, &costs, to - 364, to, currency).figures).await
}

/// Retention of the period: (customers at the end − new ones) ÷ customers at the start.
fn kept(p: &Period) -> f64 {
    p.active_at_end as f64 - p.new_active_at_end as f64
}

fn assemble(snapshot: &Snapshot, costs: &Costs, from: i32, to: i32, currency: Currency) -> Metrics {
    let p = period(&snapshot.purchases, from, to, snapshot.model.lapse_days);
    let n = |v: u64| v as f64;
    let revenue = p.revenue_minor as f64;
    let existing = revenue - p.revenue_new_minor as f64;
    let active = n(p.active_at_start + p.new_customers + p.returned);
    let buyers = snapshot.profiles.iter().filter(|x| x.purchases > 0).count() as f64;
    let margin = costs.margin_share.unwrap_or(1.0);
    let realised: f64 = snapshot.profiles.iter().map(|x| x.revenue_minor as f64).sum::<f64>() * margin;
    let expected = snapshot.derived().value.map_or(0.0, |f| f.expected * margin);
    let ltv = (buyers > 0.0).then(|| (realised + expected) / buyers);
    let list = |figure: &str| period_list(figure, from, to);
    let mut figures = vec![
        Figure::money_ratio("ltv", realised + expected, buyers, currency).listed("figure=buyers"),
        Figure::money_ratio("ltv_realised", realised, buyers, currency).listed("figure=buyers"),
        Figure::ratio("crr", kept(&p), n(p.active_at_start), "share").listed(list("active_at_start")),
        Figure::ratio("churn", n(p.lapsed), n(p.active_at_start), "share").listed(list("lapsed")),
        Figure::money_ratio("arpu", revenue, active, currency).listed(list("active_at_end")),
        Figure::money_ratio("arppu", revenue, n(p.buyers), currency).listed(list("bought")),
        Figure::money_ratio("aov", revenue, n(p.orders), currency).listed(list("bought")),
        Figure::ratio(
            "repeat_rate",
            snapshot.profiles.iter().filter(|x| x.purchases > 1).count() as f64,
            buyers,
            "share",
        )
        .listed("figure=repeat"),
        Figure::ratio(
            "one_time_to_repeat",
            n(p.became_repeat),
            n(p.one_time_at_start + p.new_customers),
            "share",
        )
        .listed(list("became_repeat")),
        Figure::money("revenue", Some(revenue), currency).listed(list("bought")),
        Figure::money("revenue_new", Some(p.revenue_new_minor as f64), currency).listed(list("new")),
        Figure::money("revenue_existing", Some(existing), currency).listed(list("bought")),
        Figure::count("new_customers", p.new_customers).listed(list("new")),
        Figure::count("returned_customers", p.returned).listed(list("returned")),
        Figure::count("orders", p.orders).listed(list("bought")),
    ];
    let mut remarks = Vec::new();
    let acquisition = costs.sum("acquisition_spend", from, to);
    let advertising = costs.sum("advertising_spend", from, to);
    let leads = costs.sum("leads", from, to);
    let retention = costs.sum("retention_spend", from, to);
    let cac = acquisition.filter(|_| p.new_customers > 0).map(|spend| spend / n(p.new_customers));
    let parts = |id: &str, top: Option<f64>, bottom: f64| match top {
        Some(top) => Figure::money_ratio(id, top, bottom, currency),
        None => Figure::money(id, None, currency),
    };
    figures.push(parts("cac", acquisition, n(p.new_customers)).listed(list("new")));
    figures.push(parts("cpl", advertising, leads.unwrap_or(0.0)));
    figures.push(parts("cost_per_returned", retention, n(p.returned)).listed(list("returned")));
    figures.push(parts("cost_per_repeat_order", retention, n(p.orders.saturating_sub(p.new_customers))));
    let returned_cost = retention.filter(|_| p.returned > 0).map(|s| s / n(p.returned));
    figures.push(match cac.zip(returned_cost) {
        Some((cac, returned)) => Figure::ratio("cac_to_returned", cac, returned, "ratio"),
        None => Figure::number("cac_to_returned", None, "ratio"),
    });
    figures.push(match ltv.zip(cac) {
        Some((ltv, cac)) => Figure::ratio("ltv_to_cac", ltv, cac, "ratio"),
        None => Figure::number("ltv_to_cac", None, "ratio"),
    });
    if ltv.zip(cac).is_some_and(|(ltv, cac)| cac > ltv) {
        remarks.push(Remark { code: "cac_above_ltv" });
    }
    if costs.margin_share.is_none() {
        remarks.push(Remark { code: "margin_missing" });
    }
    if acquisition.is_none() {
        remarks.push(Remark { code: "spend_missing" });
    }
    let months = snapshot
        .derived()
        .months
        .iter()
        .map(|row| {
            let p = &row.period;
            let divide = |a: f64, b: f64| (b > 0.0).then(|| a / b);
            let revenue = p.revenue_minor as f64;
            MetricMonth {
                month: month_name(row.month),
                orders: p.orders,
                buyers: p.buyers,
                new_customers: p.new_customers,
                revenue: Money::new(p.revenue_minor, currency),
                revenue_new: Money::new(p.revenue_new_minor, currency),
                revenue_existing: Money::new(p.revenue_minor - p.revenue_new_minor, currency),
                active_at_start: p.active_at_start,
                crr: divide(kept(p), n(p.active_at_start)),
                churn: divide(n(p.lapsed), n(p.active_at_start)),
                arpu_minor: divide(revenue, n(p.active_at_start + p.new_customers + p.returned)),
                aov_minor: divide(revenue, n(p.orders)),
            }
        })
        .collect();
    Metrics { from: day_name(from), to: day_name(to), figures, months, remarks }
}
