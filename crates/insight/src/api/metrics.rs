use super::inputs::Costs;
use super::{month_days, period_list};
use crate::figures::Figure;
use crate::orders::{day_name, parse_day};
use crate::rules::cohorts::month_name;
use crate::rules::coverage::Covered;
use crate::rules::periods::{Period, first_lapse, period};
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
            parse_day(text, None).ok_or_else(|| {
                Fault::invalid(
                    "period_day",
                    format!("\"{name}\" is \"{text}\", which is not a day like 2024-09-01"),
                )
            })
        };
        let to = self.to.as_deref().map(|t| day(t, "to")).transpose()?.unwrap_or(as_of).min(as_of);
        let from = self.from.as_deref().map(|t| day(t, "from")).transpose()?.unwrap_or(to - 364);
        if from > to {
            return Err(Fault::invalid("period_order", "The period ends before it begins."));
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
    /// Absent while nobody of the base could have lapsed.
    churn: Option<f64>,
    /// The month is under way.
    partial: bool,
    /// Entered spend on advertising.
    #[schema(value_type = Option<Object>)]
    advertising: Option<Money>,
    /// First purchases ÷ customers who made them, minor units.
    first_purchase_minor: Option<f64>,
    /// Revenue of later purchases ÷ customers who made them, minor units.
    later_purchases_minor: Option<f64>,
    /// Revenue ÷ active customers, minor units.
    arpu_minor: Option<f64>,
    aov_minor: Option<f64>,
    /// Query of the buyers' list.
    buyers_list: String,
    /// Query of the list of those active at its start: the denominator of retention and churn.
    active_list: String,
    /// Query of the list of those of them who lapsed in it.
    churned_list: String,
}

/// A remark that a figure calls for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Remark {
    /// cac_above_ltv, cac_above_ltv_in (with its channel), margin_missing, spend_missing.
    code: &'static str,
    channel: Option<String>,
}

/// What customers of one channel cost, over the months for which both parts were entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelCost {
    channel: String,
    #[schema(value_type = Option<Object>)]
    acquisition: Option<Money>,
    new_customers: Option<f64>,
    #[schema(value_type = Option<Object>)]
    cac: Option<Money>,
    #[schema(value_type = Option<Object>)]
    advertising: Option<Money>,
    leads: Option<f64>,
    #[schema(value_type = Option<Object>)]
    cpl: Option<Money>,
    /// LTV of a customer of the base ÷ CAC of the channel.
    ltv_to_cac: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Metrics {
    from: String,
    to: String,
    figures: Vec<Figure>,
    months: Vec<MetricMonth>,
    channels: Vec<ChannelCost>,
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

fn n(count: u64) -> f64 {
    count as f64
}

fn money(minor: f64, currency: Currency) -> Option<Money> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within the exact range of a double")]
    (minor.is_finite() && minor.abs() < 9e15).then(|| Money::new(minor.round() as i64, currency))
}

/// What was sold and to whom, over days that costs cover.
struct Counted {
    new_customers: f64,
    returned: f64,
    repeat_orders: f64,
    revenue: f64,
}

impl Counted {
    fn of(snapshot: &Snapshot, covered: &Covered) -> Self {
        let mut sum = Self { new_customers: 0.0, returned: 0.0, repeat_orders: 0.0, revenue: 0.0 };
        for (from, to) in &covered.spans {
            let p = period(&snapshot.purchases, *from, *to, snapshot.model.lapse_days);
            sum.new_customers += n(p.new_customers);
            sum.returned += n(p.returned);
            sum.repeat_orders += n(p.orders.saturating_sub(p.new_customers));
            sum.revenue += p.revenue_minor as f64;
        }
        sum
    }
}

/// Figures of entered costs. Each counts the customers of the days alone that its costs cover.
struct CostFigures {
    figures: Vec<Figure>,
    cac: Option<f64>,
    spend_missing: bool,
}

fn cost_figures(
    snapshot: &Snapshot,
    costs: &Costs,
    (from, to): (i32, i32),
    ltv: Option<f64>,
    currency: Currency,
) -> CostFigures {
    let over = |kinds: &[&str]| costs.covered(kinds, None, from, to);
    let part = |id: &str, covered: Option<&Covered>, bottom: &dyn Fn(&Counted) -> f64| match covered {
        Some(c) => {
            Figure::money_ratio(id, c.amounts[0], bottom(&Counted::of(snapshot, c)), currency).over(Some(c))
        }
        None => Figure::money(id, None, currency),
    };
    // One span of days has a list; several have none of their own.
    let list =
        |figure: Figure, name: &str, covered: Option<&Covered>| match covered.map(|c| c.spans.as_slice()) {
            Some(&[(from, to)]) => figure.listed(period_list(name, from, to)),
            _ => figure,
        };
    let value = |figure: &Figure| {
        figure.numerator.zip(figure.denominator).filter(|(_, d)| *d > 0.0).map(|(top, bottom)| top / bottom)
    };
    let acquisition = over(&["acquisition_spend"]);
    let retention = over(&["retention_spend"]);
    let advertising = over(&["advertising_spend"]);
    let leads = over(&["advertising_spend", "leads"]);
    let cac = part("cac", acquisition.as_ref(), &|c| c.new_customers);
    let returned = part("cost_per_returned", retention.as_ref(), &|c| c.returned);
    let (cac_value, returned_value) = (value(&cac), value(&returned));
    let times = |id: &str, parts: Option<(f64, f64)>| match parts {
        Some((top, bottom)) => Figure::times(id, top, bottom),
        None => Figure::number(id, None, "times"),
    };
    let cpl = match &leads {
        Some(c) => Figure::money_ratio("cpl", c.amounts[0], c.amounts[1], currency).over(Some(c)),
        None => Figure::money("cpl", None, currency),
    };
    let share = match &advertising {
        Some(c) => {
            let mut figure =
                Figure::ratio("advertising_share", c.amounts[0], Counted::of(snapshot, c).revenue, "share");
            (figure.numerator_unit, figure.denominator_unit) = ("money", "money");
            figure.over(Some(c))
        }
        None => Figure::number("advertising_share", None, "share"),
    };
    CostFigures {
        figures: vec![
            list(cac, "new", acquisition.as_ref()),
            cpl,
            share,
            list(returned, "returned", retention.as_ref()),
            part("cost_per_repeat_order", retention.as_ref(), &|c| c.repeat_orders),
            times("cac_to_returned", cac_value.zip(returned_value)).over(acquisition.as_ref()),
            times("ltv_to_cac", ltv.zip(cac_value)).over(acquisition.as_ref()),
        ],
        cac: cac_value,
        spend_missing: acquisition.is_none(),
    }
}

fn channel_costs(
    costs: &Costs,
    (from, to): (i32, i32),
    ltv: Option<f64>,
    currency: Currency,
) -> Vec<ChannelCost> {
    let divided =
        |c: &Option<Covered>| c.as_ref().filter(|c| c.amounts[1] > 0.0).map(|c| c.amounts[0] / c.amounts[1]);
    costs
        .channels()
        .into_iter()
        .filter_map(|channel| {
            let over = |kinds: &[&str]| costs.covered(kinds, Some(channel), from, to);
            let customers = over(&["acquisition_spend", "new_customers"]);
            let leads = over(&["advertising_spend", "leads"]);
            let (acquisition, advertising) = (over(&["acquisition_spend"]), over(&["advertising_spend"]));
            let first = |c: &Option<Covered>| c.as_ref().and_then(|c| money(c.amounts[0], currency));
            let cac = divided(&customers);
            let row = ChannelCost {
                channel: channel.to_owned(),
                acquisition: first(&customers).or_else(|| first(&acquisition)),
                new_customers: customers.as_ref().map(|c| c.amounts[1]),
                cac: cac.and_then(|v| money(v, currency)),
                advertising: first(&leads).or_else(|| first(&advertising)),
                leads: leads.as_ref().map(|c| c.amounts[1]),
                cpl: divided(&leads).and_then(|v| money(v, currency)),
                ltv_to_cac: ltv.zip(cac).filter(|(_, cac)| *cac > 0.0).map(|(ltv, cac)| ltv / cac),
            };
            (row.acquisition.is_some() || row.advertising.is_some() || row.new_customers.is_some())
                .then_some(row)
        })
        .collect()
}

fn assemble(snapshot: &Snapshot, costs: &Costs, from: i32, to: i32, currency: Currency) -> Metrics {
    let lapse_days = snapshot.model.lapse_days;
    let p = period(&snapshot.purchases, from, to, lapse_days);
    let revenue = p.revenue_minor as f64;
    let existing = revenue - p.revenue_new_minor as f64;
    let active = n(p.active);
    let buyers = snapshot.profiles.iter().filter(|x| x.purchases > 0).count() as f64;
    let margin = costs.margin_share.unwrap_or(1.0);
    let realised: f64 = snapshot.profiles.iter().map(|x| x.revenue_minor as f64).sum::<f64>() * margin;
    // Without a model nothing is expected, which is not the same as expecting nothing.
    let forecast = snapshot.derived().value.map(|f| f.expected * margin);
    let ltv = forecast.filter(|_| buyers > 0.0).map(|expected| (realised + expected) / buyers);
    let first_lapse = first_lapse(snapshot.purchases.base(), lapse_days);
    let can_lapse = first_lapse.is_some_and(|day| day <= to);
    let list = |figure: &str| period_list(figure, from, to);
    let mut figures = vec![
        Figure::money_ratio("ltv", realised + forecast.unwrap_or(0.0), buyers, currency)
            .unless(forecast.is_none())
            .listed("figure=buyers"),
        Figure::money_ratio("ltv_realised", realised, buyers, currency).listed("figure=buyers"),
        Figure::ratio("crr", kept(&p), n(p.active_at_start), "share").listed(list("active_at_start")),
        Figure::ratio("churn", n(p.churned), n(p.active_at_start), "share")
            .unless(!can_lapse)
            .listed(list("churned")),
        Figure::money_ratio("arpu", revenue, active, currency).listed(list("active_in")),
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
        Figure::money("revenue_existing", Some(existing), currency).listed(list("bought_again")),
        Figure::money_ratio("spend_per_new", p.revenue_new_minor as f64, n(p.new_customers), currency)
            .listed(list("new")),
        Figure::money_ratio("spend_per_existing", existing, n(p.repeat_buyers), currency)
            .listed(list("bought_again")),
        Figure::count("new_customers", p.new_customers).listed(list("new")),
        Figure::count("returned_customers", p.returned).listed(list("returned")),
        Figure::count("orders", p.orders).listed(list("bought")),
    ];
    let cost = cost_figures(snapshot, costs, (from, to), ltv, currency);
    figures.extend(cost.figures);
    let channels = channel_costs(costs, (from, to), ltv, currency);
    let remark = |code, channel| Remark { code, channel };
    let mut remarks = Vec::new();
    if ltv.zip(cost.cac).is_some_and(|(ltv, cac)| cac > ltv) {
        remarks.push(remark("cac_above_ltv", None));
    }
    for row in channels.iter().filter(|c| c.ltv_to_cac.is_some_and(|times| times < 1.0)) {
        remarks.push(remark("cac_above_ltv_in", Some(row.channel.clone())));
    }
    if costs.margin_share.is_none() {
        remarks.push(remark("margin_missing", None));
    }
    if cost.spend_missing {
        remarks.push(remark("spend_missing", None));
    }
    let of_month = |figure: &str, month: i32| {
        month_days(month, snapshot.as_of).map_or_else(String::new, |(from, to)| period_list(figure, from, to))
    };
    let months = snapshot
        .derived()
        .months
        .iter()
        .map(|row| {
            let p = &row.period;
            let divide = |a: f64, b: f64| (b > 0.0).then(|| a / b);
            let revenue = p.revenue_minor as f64;
            let existing = p.revenue_minor - p.revenue_new_minor;
            let end = month_days(row.month, i32::MAX).map_or(snapshot.as_of, |(_, end)| end);
            MetricMonth {
                month: month_name(row.month),
                orders: p.orders,
                buyers: p.buyers,
                new_customers: p.new_customers,
                revenue: Money::new(p.revenue_minor, currency),
                revenue_new: Money::new(p.revenue_new_minor, currency),
                revenue_existing: Money::new(existing, currency),
                active_at_start: p.active_at_start,
                crr: divide(kept(p), n(p.active_at_start)),
                churn: p.churn(end.min(snapshot.as_of), first_lapse),
                partial: end > snapshot.as_of,
                advertising: costs
                    .of_month("advertising_spend", row.month)
                    .and_then(|minor| money(minor, currency)),
                first_purchase_minor: divide(p.revenue_new_minor as f64, n(p.new_customers)),
                later_purchases_minor: divide(existing as f64, n(p.repeat_buyers)),
                arpu_minor: crate::segment::arpu(row),
                aov_minor: divide(revenue, n(p.orders)),
                buyers_list: of_month("bought", row.month),
                active_list: of_month("active_at_start", row.month),
                churned_list: of_month("churned", row.month),
            }
        })
        .collect();
    Metrics { from: day_name(from), to: day_name(to), figures, months, channels, remarks }
}
