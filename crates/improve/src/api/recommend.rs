use std::collections::BTreeMap;

use access::{Answer, Op, need};
use audience::rules::language::parse;
use axum::Json;
use basis::Fault;
use insight::rules::{
    dictionary::{Dictionary, Driver},
    stat::proportion::{Share, wilson},
};
use serde::Serialize;
use serde_json::{Value, json};
use store::Tx;
use utoipa::ToSchema;

use crate::{
    rules::{
        gap::{Gap, SIGNALS},
        playbook::{Play, answer},
    },
    store::backlog,
};

/// How many customers show a gap, of how many.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Evidence {
    customers: i64,
    /// told (who said why they leave), at_risk, lapsed, first_buyers (of complex goods).
    of_whom: &'static str,
    of: i64,
    share: Option<f64>,
    /// Wilson's 95% interval.
    low: Option<f64>,
    high: Option<f64>,
    /// Query of the list for /api/base-health/list; absent where `rule` names them.
    list: Option<String>,
    /// The rule whose people they are.
    #[schema(value_type = Option<Object>)]
    rule: Option<Value>,
}

/// Whom a campaign would speak to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Prepared {
    #[schema(value_type = Object)]
    rule: Value,
    customers: i64,
}

/// A gap, the tool that answers it, and what of the own data says so.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Recommendation {
    /// reason:CODE, signal:CODE, onboarding, unknown.
    gap: String,
    /// The workspace's words of the reason; empty where the catalogue's are used.
    name: String,
    tool: &'static str,
    touchpoint: &'static str,
    /// product, service, novelties.
    lane: &'static str,
    metric: &'static str,
    evidence: Evidence,
    segment: Option<Prepared>,
    /// The open improvement that already answers it.
    improvement_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendations {
    /// Those that the own data calls for, the heaviest first.
    items: Vec<Recommendation>,
    /// The rest of the playbook: nobody shows these gaps now.
    idle: Vec<Recommendation>,
}

/// Of whom a share is taken.
#[derive(Debug, Clone, Copy)]
struct Whole(&'static str, i64);

fn evidence(customers: i64, whole: Whole, list: Option<String>, rule: Option<Value>) -> Evidence {
    let size = |n: i64| u64::try_from(n).unwrap_or(0);
    let share = Share::new(size(customers), size(whole.1)).ok();
    let interval = share.and_then(|s| wilson(s, 0.95).ok());
    Evidence {
        customers,
        of_whom: whole.0,
        of: whole.1,
        share: share.map(Share::rate),
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        list,
        rule,
    }
}

/// Which tools the own data calls for: told reasons, signs of leaving, first-time buyers of complex goods.
#[utoipa::path(get, path = "/api/recommendations", tag = "improve", responses((status = 200, body = Recommendations)))]
pub(super) async fn recommendations(need::Supervisor(op): need::Supervisor) -> Answer<Recommendations> {
    let snapshot = insight::snapshot::current(&op.app, &op.workspace).await?;
    let told = insight::told(&op, &snapshot).await?;
    let mut reasons: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, word) in told.iter() {
        *reasons.entry(word.reason.as_str()).or_default() += 1;
    }
    let all_told: i64 = reasons.values().sum();
    let (signals, at_risk, silent, lapsed) = insight::signal_counts(&snapshot, &told);
    let dictionary = told.dictionary();
    let mut tx = op.app.db.read().await?;
    let complex: Vec<String> = super::brief::read(&mut tx, op.ws())
        .await?
        .complex_categories
        .iter()
        .map(ToString::to_string)
        .collect();

    let mut found: Vec<(Gap, Evidence)> = dictionary
        .reasons()
        .iter()
        .filter(|r| !r.retired || reasons.contains_key(r.code.as_str()))
        .map(|r| {
            let customers = reasons.get(r.code.as_str()).copied().unwrap_or(0);
            let list = Some(format!("figure=reason&value={}", r.code));
            (Gap::Reason(r.code.clone()), evidence(customers, Whole("told", all_told), list, None))
        })
        .collect();
    found.extend(SIGNALS.iter().map(|code| {
        let customers = signals.get(code).copied().unwrap_or(0);
        let list = Some(format!("figure=signal&value={code}"));
        (Gap::Signal((*code).to_owned()), evidence(customers, Whole("at_risk", at_risk), list, None))
    }));
    let list = Some("figure=reason&value=unknown".to_owned());
    found.push((Gap::Unknown, evidence(silent, Whole("lapsed", lapsed), list, None)));
    found.push((Gap::Onboarding, first_buyers(&op, &mut tx, &complex).await?));

    let open = backlog::items(&mut tx, op.ws()).await?;
    let mut items = Vec::new();
    for (gap, evidence) in found {
        let play = answer(&gap, dictionary, &complex);
        items.push(recommendation(&op, &mut tx, &gap, play, evidence, dictionary, &open).await?);
    }
    // Each kind of evidence has a whole of its own, so shares are compared within it and customers between.
    items.sort_by_key(|r| (std::cmp::Reverse(r.evidence.customers), r.gap.clone()));
    let (items, idle) = items.into_iter().partition(|r| r.evidence.customers > 0);
    Ok(Json(Recommendations { items, idle }))
}

async fn recommendation(
    op: &Op,
    tx: &mut Tx,
    gap: &Gap,
    play: Play,
    evidence: Evidence,
    dictionary: &Dictionary,
    open: &[backlog::ItemRow],
) -> Result<Recommendation, Fault> {
    let natural = matches!(gap, Gap::Reason(code) if dictionary.driver(code) == Driver::Natural);
    let segment = match play.segment {
        Some(rule) if !natural => {
            let customers = count(op, tx, &rule).await?;
            Some(Prepared { rule, customers })
        }
        _ => None,
    };
    let word = gap.to_string();
    let name = match gap {
        Gap::Reason(code) => dictionary.reason(code).map(|r| r.name.clone()).unwrap_or_default(),
        _ => String::new(),
    };
    let known = open
        .iter()
        .find(|row| row.reason == word && !matches!(row.status.as_str(), "done" | "dropped"))
        .map(|row| row.id.to_string());
    Ok(Recommendation {
        gap: word,
        name,
        tool: play.tool,
        touchpoint: play.touchpoint,
        lane: play.lane,
        metric: play.metric,
        evidence,
        segment,
        improvement_id: known,
    })
}

async fn count(op: &Op, tx: &mut Tx, rule: &Value) -> Result<i64, Fault> {
    audience::count_rule(tx, &op.workspace, op.campaign_now(), &parse(rule)?).await
}

/// Buyers of complex goods who have not come back, of all who bought them.
async fn first_buyers(op: &Op, tx: &mut Tx, complex: &[String]) -> Result<Evidence, Fault> {
    if complex.is_empty() {
        return Ok(evidence(0, Whole("first_buyers", 0), None, None));
    }
    let bought = json!({ "field": "category", "op": "in", "value": complex });
    let once = json!({ "all": [bought, { "field": "orders", "op": "eq", "value": 1 }] });
    let all = count(op, tx, &json!({ "all": [bought] })).await?;
    let customers = count(op, tx, &once).await?;
    Ok(evidence(customers, Whole("first_buyers", all), None, Some(once)))
}
