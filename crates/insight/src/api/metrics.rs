use super::period_list;
use crate::figures::Figure;
use crate::orders::{day_name, parse_day};
use crate::rules::cohorts::{month_name, month_of};
use crate::rules::periods::{Period, period};
use crate::snapshot::{self, Snapshot};
use crate::store::{self, InputRow};
use access::{Answer, need};
use axum::Json;
use axum::extract::Query;
use basis::{Currency, Fault, Money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Kinds of entered figures.
const KINDS: [&str; 5] =
    ["margin_share", "acquisition_spend", "advertising_spend", "leads", "retention_spend"];

/// Entered costs and margins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Costs {
    pub margin_share: Option<f64>,
    rows: Vec<InputRow>,
}

impl Costs {
    pub(crate) fn of(rows: &[InputRow]) -> Self {
        let margin = rows.iter().rfind(|r| r.kind == "margin_share").map(|r| r.amount);
        Self { margin_share: margin, rows: rows.to_vec() }
    }

    /// Sum of a kind over the months that a period touches, the touched part of each month counted by days;
    /// `None` when nothing was entered.
    fn sum(&self, kind: &str, from: i32, to: i32) -> Option<f64> {
        let mut total = None;
        for row in self.rows.iter().filter(|r| r.kind == kind && r.month > 0) {
            let Ok(month) = i32::try_from(row.month) else { continue };
            let Some((start, end)) = super::month_days(month, i32::MAX) else { continue };
            let inside = (end.min(to) - start.max(from) + 1).max(0);
            if inside > 0 {
                let part = f64::from(inside) / f64::from(end - start + 1);
                total = Some(total.unwrap_or(0.0) + row.amount * part);
            }
        }
        total
    }

    /// Cost of a campaign as entered.
    pub(crate) fn campaign(&self, campaign: i64) -> Option<f64> {
        let kind = format!("campaign_cost:{campaign}");
        self.rows.iter().find(|r| r.kind == kind).map(|r| r.amount)
    }
}

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

/// A cost or share as entered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Input {
    /// 2024-09, or absent for a figure of all months.
    month: Option<String>,
    /// margin_share, acquisition_spend, advertising_spend, leads, retention_spend, campaign_cost:ID.
    kind: String,
    /// Minor units for spends, a count for leads, 0 to 1 for shares; null removes it.
    amount: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Inputs {
    items: Vec<Input>,
}

/// Entered costs and margins.
#[utoipa::path(get, path = "/api/insight/inputs", tag = "insight", responses((status = 200, body = Inputs)))]
pub(super) async fn inputs(need::Viewer(op): need::Viewer) -> Answer<Inputs> {
    let mut tx = op.app.db.read().await?;
    let rows = store::inputs(&mut tx, op.ws()).await?;
    let items = rows
        .into_iter()
        .map(|r| Input {
            month: i32::try_from(r.month).ok().filter(|m| *m > 0).map(month_name),
            kind: r.kind,
            amount: Some(r.amount),
        })
        .collect();
    Ok(Json(Inputs { items }))
}

/// Enters, changes or removes costs and margins.
#[utoipa::path(put, path = "/api/insight/inputs", tag = "insight", request_body = Inputs, responses((status = 200, body = Inputs)))]
pub(super) async fn set_inputs(
    need::Marketer(op): need::Marketer,
    Json(body): Json<Inputs>,
) -> Answer<Inputs> {
    let mut rows = Vec::new();
    for (at, input) in body.items.iter().enumerate() {
        let wrong =
            |what: String| Fault::invalid("inputs", what.clone()).with_field(format!("items[{at}]"), what);
        let campaign = input.kind.strip_prefix("campaign_cost:").is_some_and(|id| id.parse::<i64>().is_ok());
        if !campaign && !KINDS.contains(&input.kind.as_str()) {
            return Err(wrong(format!("\"{}\" is not a kind of cost", input.kind)).into());
        }
        let month = match &input.month {
            None => 0,
            Some(text) => {
                let day = parse_day(&format!("{text}-01"), None)
                    .ok_or_else(|| wrong(format!("\"{text}\" is not a month like 2024-09")))?;
                i64::from(month_of(day))
            }
        };
        if let Some(amount) = input.amount {
            let highest = if input.kind == "margin_share" { 1.0 } else { 9e15 };
            if !(0.0..=highest).contains(&amount) {
                return Err(wrong(format!("{amount} is not between 0 and {highest}")).into());
            }
        }
        if month == 0 && input.kind != "margin_share" && !campaign {
            return Err(wrong("a spend belongs to a month".to_owned()).into());
        }
        rows.push((month, input.kind.clone(), input.amount));
    }
    let mut tx = op.app.db.write().await?;
    for (month, kind, amount) in rows {
        match amount {
            Some(amount) => store::set_input(&mut tx, op.ws(), &InputRow { month, kind, amount }).await?,
            None => store::remove_input(&mut tx, op.ws(), month, &kind).await?,
        }
    }
    tx.commit().await?;
    inputs(need::Viewer(op)).await
}
