use access::{
    Answer, Op, need,
    page::{Page, PageQuery},
};
use axum::{
    Json,
    extract::{Path, Query},
};
use basis::{CampaignId, Fault, Money, Time};
use insight::{
    Figure, FigureValue,
    rules::stat::proportion::{Share, wilson},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::{IntoParams, ToSchema};

use crate::{
    calls::{CELLS, Called, called},
    rules::plan::{KPIS, Kpi, WINDOW, WINDOW_DEFAULT, odd_target, status},
    store::{calls::OrderRow, plan},
};

#[derive(Debug, Deserialize, IntoParams)]
pub struct PlanQuery {
    /// Of which campaign; the one launched last by default, `all` for all calls.
    campaign: Option<String>,
}

impl PlanQuery {
    pub(super) fn campaign(&self) -> Option<&str> {
        self.campaign.as_deref()
    }
}

/// A KPI: its fact beside its target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanKpi {
    /// consent, contact_sale, aov_growth, payback, churn, crr, ltv_to_cac.
    code: &'static str,
    of_campaign: bool,
    /// share, times.
    unit: &'static str,
    more_is_better: bool,
    value: Option<f64>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    /// The parts are amounts in minor units.
    parts_are_money: bool,
    low: Option<f64>,
    high: Option<f64>,
    target: Option<f64>,
    target_is_default: bool,
    /// on_track, behind, no_data, no_target.
    status: &'static str,
    /// Cells of `GET /api/plan/calls` of the numerator and of the denominator.
    calls: Option<[&'static str; 2]>,
    /// Query of the list for /api/base-health/list.
    list: Option<String>,
}

/// A step from contact to order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanStep {
    /// dialled, reached, agreed, agreed_bought.
    cell: &'static str,
    people: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanCampaign {
    id: String,
    name: String,
}

/// Whether the costs were repaid inside the campaign or after it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanPayback {
    /// Incremental margin covers the cost since this day; absent while it does not.
    day: Option<String>,
    /// Last day of the goal's window, or today.
    until: Option<String>,
    /// The window is still open.
    open: bool,
    cost_is_entered: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    campaign: Option<PlanCampaign>,
    /// Launched ones, the newest first.
    campaigns: Vec<PlanCampaign>,
    /// An order counts for so many days after the talk.
    window_days: i64,
    kpis: Vec<PlanKpi>,
    /// From contact to consent to order, each step a part of the one before.
    funnel: Vec<PlanStep>,
    payback: Option<PlanPayback>,
}

/// What a KPI came to, before its target is known.
#[derive(Default)]
struct Fact {
    value: Option<f64>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    money: bool,
    low: Option<f64>,
    high: Option<f64>,
    calls: Option<[&'static str; 2]>,
    list: Option<String>,
}

/// What a request speaks about.
pub(super) struct Chosen {
    pub campaign: Option<PlanCampaign>,
    pub campaigns: Vec<PlanCampaign>,
    pub id: Option<CampaignId>,
    pub window_days: i64,
    targets: Vec<(String, f64)>,
}

pub(super) async fn chosen(op: &Op, tx: &mut Tx, asked: Option<&str>) -> Result<Chosen, Fault> {
    let launched = plan::launched(tx, op.ws()).await?;
    let found = match asked {
        Some("all") => None,
        Some(id) => Some(
            launched
                .iter()
                .find(|(known, _)| known.to_string() == id)
                .ok_or_else(|| Fault::not_found("campaign", "There is no launched campaign of this id."))?,
        ),
        None => launched.first(),
    };
    let targets = plan::targets(tx, op.ws()).await?;
    let window = targets.iter().find(|(code, _)| code == WINDOW).map(|(_, days)| *days);
    let named = |(id, name): &(i64, String)| PlanCampaign { id: id.to_string(), name: name.clone() };
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of days up to 365")]
    let window_days =
        window.filter(|days| (1.0..=365.0).contains(days)).map_or(WINDOW_DEFAULT, |days| days as i64);
    Ok(Chosen {
        campaign: found.map(named),
        id: found.map(|(id, _)| CampaignId(*id)),
        campaigns: launched.iter().map(named).collect(),
        window_days,
        targets,
    })
}

/// Plan against fact, one status a KPI.
#[utoipa::path(get, path = "/api/plan", tag = "improve", params(PlanQuery), responses((status = 200, body = Plan), (status = 404)))]
pub(super) async fn plan(need::Viewer(op): need::Viewer, Query(query): Query<PlanQuery>) -> Answer<Plan> {
    assemble(&op, query.campaign.as_deref()).await
}

async fn assemble(op: &Op, asked: Option<&str>) -> Answer<Plan> {
    let mut tx = op.app.db.read().await?;
    let chosen = chosen(op, &mut tx, asked).await?;
    let people = called(&mut tx, op.ws(), chosen.id, chosen.window_days).await?;
    drop(tx);
    let proof = match chosen.id {
        Some(id) => insight::proof::campaign(&op.app, &op.workspace, id).await?,
        None => None,
    };
    let figures = insight::metric_figures(op).await?;
    let proof_facts = proof.as_ref().map(insight::proof::CampaignProof::plan_facts);
    let payback = proof_facts.as_ref().map(|facts| PlanPayback {
        day: facts.payback_day.clone(),
        until: facts.until_day.clone(),
        open: facts.open,
        cost_is_entered: facts.cost_is_entered,
    });
    let size = |cell: &str| people.iter().filter(|p| p.fits(cell) == Some(true)).count() as u64;
    let of_calls =
        |part: &'static str, whole: &'static str| share_fact(size(part), size(whole), [part, whole]);
    let kpis = KPIS
        .iter()
        .map(|kpi| {
            let fact = match kpi.code {
                "consent" => of_calls("agreed", "reached"),
                "contact_sale" => of_calls("bought", "reached"),
                "aov_growth" => proof_facts.as_ref().map_or_else(Fact::default, |facts| Fact {
                    value: facts.aov_growth.map(|growth| growth.0),
                    numerator: facts.aov_treated_minor,
                    denominator: facts.aov_holdout_minor,
                    money: true,
                    low: facts.aov_growth.map(|growth| growth.1),
                    high: facts.aov_growth.map(|growth| growth.2),
                    ..Fact::default()
                }),
                "payback" => proof_facts.as_ref().map_or_else(Fact::default, |facts| Fact {
                    value: facts.payback.map(|p| p.0),
                    numerator: facts.margin_minor,
                    denominator: Some(facts.cost_minor).filter(|cost| *cost > 0.0),
                    money: true,
                    low: facts.payback.map(|p| p.1),
                    high: facts.payback.map(|p| p.2),
                    ..Fact::default()
                }),
                code => figures.iter().find(|f| f.id == code).map_or_else(Fact::default, of_figure),
            };
            shown(kpi, fact, &chosen.targets)
        })
        .collect();
    let funnel = ["dialled", "reached", "agreed", "agreed_bought"]
        .into_iter()
        .map(|cell| PlanStep { cell, people: size(cell) })
        .collect();
    Ok(Json(Plan {
        campaign: chosen.campaign,
        campaigns: chosen.campaigns,
        window_days: chosen.window_days,
        kpis,
        funnel,
        payback,
    }))
}

fn share_fact(part: u64, whole: u64, cells: [&'static str; 2]) -> Fact {
    let share = Share::new(part, whole).ok();
    let interval = share.and_then(|s| wilson(s, 0.95).ok());
    Fact {
        value: share.map(Share::rate),
        numerator: Some(part as f64),
        denominator: Some(whole as f64),
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        calls: Some(cells),
        ..Fact::default()
    }
}

fn of_figure(figure: &Figure) -> Fact {
    let value = match figure.value {
        Some(FigureValue::Number(n)) => Some(n),
        _ => None,
    };
    Fact {
        value,
        numerator: figure.numerator,
        denominator: figure.denominator,
        money: figure.id == "ltv_to_cac",
        list: figure.list.clone(),
        ..Fact::default()
    }
}

fn shown(kpi: &Kpi, fact: Fact, targets: &[(String, f64)]) -> PlanKpi {
    let own = targets.iter().find(|(code, _)| code == kpi.code).map(|(_, target)| *target);
    let target = own.or(kpi.target);
    PlanKpi {
        code: kpi.code,
        of_campaign: kpi.of_campaign,
        unit: kpi.unit,
        more_is_better: kpi.more_is_better,
        value: fact.value,
        numerator: fact.numerator,
        denominator: fact.denominator,
        parts_are_money: fact.money,
        low: fact.low,
        high: fact.high,
        target,
        target_is_default: own.is_none(),
        status: status(kpi, fact.value, target),
        calls: fact.calls,
        list: fact.list,
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Target {
    /// 62 % is 0.62; null goes back to the shipped target.
    target: Option<f64>,
}

/// Sets the target of a KPI, or `order_window_days`.
#[utoipa::path(put, path = "/api/plan/targets/{kpi}", tag = "improve", params(("kpi" = String, Path)), request_body = Target,
    responses((status = 200, body = Plan), (status = 422)))]
pub(super) async fn set_target(
    need::Marketer(op): need::Marketer,
    Path(kpi): Path<String>,
    Json(new): Json<Target>,
) -> Answer<Plan> {
    if let Some(what) = odd_target(&kpi, new.target.unwrap_or(1.0)) {
        return Err(Fault::invalid("target", what.clone()).with_field("target", what).into());
    }
    let mut tx = op.app.db.write().await?;
    match new.target {
        Some(target) => plan::set(&mut tx, op.ws(), &kpi, target).await?,
        None => plan::remove(&mut tx, op.ws(), &kpi).await?,
    }
    op.audit(&mut tx, "plan.target", "plan", &kpi, json!({ "target": new.target })).await?;
    tx.commit().await?;
    assemble(&op, None).await
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct CallsQuery {
    /// dialled, reached, agreed, bought, agreed_bought.
    cell: String,
    /// As of the plan.
    campaign: Option<String>,
}

/// A customer who was called, with the talk and the order that count.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanCall {
    customer_id: String,
    name: String,
    /// On the campaign clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    outcome: String,
    operator: Option<String>,
    attempts: u64,
    order_number: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ordered_at: Option<Time>,
    #[schema(value_type = Option<Object>)]
    amount: Option<Money>,
}

/// The calls behind a figure of the plan, as many as the figure says.
#[utoipa::path(get, path = "/api/plan/calls", tag = "improve", params(CallsQuery, PageQuery),
    responses((status = 200, body = Page<PlanCall>), (status = 404), (status = 422)))]
pub(super) async fn calls(
    need::Viewer(op): need::Viewer,
    Query(query): Query<CallsQuery>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<PlanCall>> {
    if !CELLS.contains(&query.cell.as_str()) {
        let what = format!("\"{}\" is not one of: {}", query.cell, CELLS.join(", "));
        return Err(Fault::invalid("cell", what.clone()).with_field("cell", what).into());
    }
    let after: i64 = match &page.cursor {
        Some(text) => {
            text.parse().map_err(|_| Fault::invalid("cursor", "this is not a cursor of this list"))?
        }
        None => i64::MIN,
    };
    let mut tx = op.app.db.read().await?;
    let chosen = chosen(&op, &mut tx, query.campaign.as_deref()).await?;
    let people = called(&mut tx, op.ws(), chosen.id, chosen.window_days).await?;
    let wanted = usize::try_from(page.limit()).unwrap_or(200) + 1;
    let items = people
        .into_iter()
        .filter(|p| p.customer > after && p.fits(&query.cell) == Some(true))
        .take(wanted)
        .map(line)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::cut(items, page.limit(), |p: &PlanCall| p.customer_id.clone())))
}

fn line(p: Called) -> Result<PlanCall, Fault> {
    let amount = p.order.as_ref().map(OrderRow::amount);
    Ok(PlanCall {
        customer_id: p.customer.to_string(),
        name: p.name,
        at: Time::from_millis(p.at),
        outcome: p.outcome,
        operator: p.operator,
        attempts: p.attempts,
        amount: amount.transpose()?,
        ordered_at: p.order.as_ref().map(|o| Time::from_millis(o.ordered_at)),
        order_number: p.order.map(|o| o.number),
    })
}
