//! The proof of a campaign from its frozen audience: everybody as assigned, held out or not.

use crate::api::Costs;
use crate::orders::{day_name, day_of};
use crate::rules::proof::{CurvePoint, Economy, Person, Proof, payback_curve, proof};
use crate::rules::stat::proportion::{Share, newcombe};
use crate::rules::stat::{Difference, StatError};
use crate::snapshot;
use crate::store;
use access::{App, Workspace};
use basis::{CampaignId, Fault, Time};
use serde::Serialize;
use utoipa::ToSchema;

/// Days before the launch whose revenue is the covariate.
const BEFORE_DAYS: i32 = 365;

/// Difference of the shares of buyers, treated − hold-out, with Newcombe's 95% interval.
///
/// # Errors
/// An empty group, or more buyers than people.
pub fn conversion(
    treated_buyers: u64,
    treated: u64,
    holdout_buyers: u64,
    holdout: u64,
) -> Result<Difference, StatError> {
    newcombe(Share::new(treated_buyers, treated)?, Share::new(holdout_buyers, holdout)?, 0.95)
}

/// What the proof page shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignProof {
    campaign_id: String,
    name: String,
    state: String,
    simulated: bool,
    currency: String,
    launched_day: Option<String>,
    /// Last day that counts: the window's end or today.
    until_day: Option<String>,
    window_days: i64,
    /// The window is not over: only the any-time intervals may be looked at again and again.
    open: bool,
    holdout_share: f64,
    margin_share: f64,
    margin_is_default: bool,
    cost_is_entered: bool,
    #[schema(value_type = Object)]
    proof: Proof,
    /// Cumulative incremental margin by day.
    curve: Vec<CurvePoint>,
    payback_day: Option<String>,
    /// Orders of people with a reaction within the window, whatever the hold-out did: for comparison only.
    attributed_minor: i64,
    attributed_orders: u64,
    /// Members whose cards were merged with another member's after the launch; they count once.
    merged_members: u64,
}

/// What a plan says of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFacts {
    pub aov_treated_minor: Option<f64>,
    pub aov_holdout_minor: Option<f64>,
    pub aov_growth: Option<f64>,
    pub margin_minor: Option<f64>,
    pub cost_minor: f64,
    /// Ratio with its interval.
    pub payback: Option<(f64, f64, f64)>,
    pub payback_day: Option<String>,
    pub until_day: Option<String>,
    pub open: bool,
    pub cost_is_entered: bool,
}

impl CampaignProof {
    /// What a plan stands beside.
    #[must_use]
    pub fn plan_facts(&self) -> PlanFacts {
        PlanFacts {
            aov_treated_minor: self.proof.aov_treated_minor,
            aov_holdout_minor: self.proof.aov_holdout_minor,
            aov_growth: self.proof.aov_growth,
            margin_minor: self.proof.incremental_margin.map(|d| d.difference),
            cost_minor: self.proof.cost_minor,
            payback: self.proof.payback.map(|d| (d.difference, d.low, d.high)),
            payback_day: self.payback_day.clone(),
            until_day: self.until_day.clone(),
            open: self.open,
            cost_is_entered: self.cost_is_entered,
        }
    }
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    name: String,
    state: String,
    goal: String,
    holdout_share: f64,
    launched_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    customer_id: i64,
    holdout: bool,
    reacted: bool,
}

/// The proof of a campaign; `None` when there is no such campaign.
///
/// # Errors
/// When the database fails.
pub async fn campaign(
    app: &App,
    workspace: &Workspace,
    id: CampaignId,
) -> Result<Option<CampaignProof>, Fault> {
    let snapshot = snapshot::current(app, workspace).await?;
    let ws = workspace.id.get();
    let mut tx = app.db.read().await?;
    let row = ::store::fetch_optional!(
        tx,
        CampaignRow,
        "SELECT name, state, goal, holdout_share, launched_at FROM campaigns WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get()
    )?;
    let Some(row) = row else { return Ok(None) };
    let members = ::store::fetch_all!(
        tx,
        MemberRow,
        "SELECT COALESCE(a.current_id, m.customer_id) AS customer_id, m.holdout,
           (m.clicked OR m.outcome IN ('agreed', 'subscribed')) AS reacted
         FROM campaign_members m LEFT JOIN customer_aliases a ON a.workspace_id = m.workspace_id AND a.customer_id = m.customer_id
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 ORDER BY m.customer_id",
        ws,
        id.get()
    )?;
    let costs = Costs::of(&store::inputs(&mut tx, workspace.id).await?);
    drop(tx);
    let window_days = serde_json::from_str::<serde_json::Value>(&row.goal)
        .ok()
        .and_then(|goal| goal["window_days"].as_i64())
        .filter(|days| *days > 0)
        .unwrap_or(14);
    let economy = Economy {
        margin_share: costs.margin_share.unwrap_or(1.0),
        cost_minor: costs.campaign(id.get()).unwrap_or(0.0),
    };
    let zone = workspace.tz();
    let launched = row.launched_at.map(|at| day_of(Time::from_millis(at).date(&zone)));
    let (currency, simulated) = (workspace.currency.to_string(), workspace.simulated);
    let answer = snapshot::blocking(move || -> Result<CampaignProof, StatError> {
        let end = launched.map(|day| day.saturating_add(i32::try_from(window_days).unwrap_or(i32::MAX)));
        let until = end.map(|end| end.min(snapshot.as_of));
        let mut seen = ahash::AHashSet::new();
        let mut people = Vec::with_capacity(members.len());
        let days = launched.zip(until).map_or(0, |(from, to)| usize::try_from(to - from + 1).unwrap_or(0));
        let mut by_day = vec![(0i64, 0i64); days];
        let (mut attributed, mut attributed_orders, mut merged) = (0i64, 0u64, 0u64);
        for member in &members {
            if !seen.insert(member.customer_id) {
                merged += 1;
                continue;
            }
            let mut person = Person { holdout: member.holdout, before_minor: 0, after_minor: 0, orders: 0 };
            if let (Some(place), Some(from), Some(to)) =
                (snapshot.purchases.place(member.customer_id), launched, until)
            {
                let orders = snapshot.purchases.orders(place);
                for (at, o) in snapshot.purchases.base().of(place).iter().enumerate() {
                    if o.day < from && o.day >= from - BEFORE_DAYS {
                        person.before_minor += o.minor;
                    } else if o.day >= from && o.day <= to {
                        person.after_minor += o.minor;
                        person.orders += orders[at];
                        let day = &mut by_day[usize::try_from(o.day - from).unwrap_or(0)];
                        if member.holdout {
                            day.1 += o.minor;
                        } else {
                            day.0 += o.minor;
                        }
                    }
                }
            }
            if member.reacted && !member.holdout {
                attributed += person.after_minor;
                attributed_orders += u64::from(person.orders);
            }
            people.push(person);
        }
        let proof = proof(&people, row.holdout_share, economy, 0.95)?;
        let (curve, payback) = payback_curve(&by_day, proof.treated, proof.holdout, economy);
        Ok(CampaignProof {
            campaign_id: id.get().to_string(),
            name: row.name,
            state: row.state,
            simulated,
            currency,
            launched_day: launched.map(day_name),
            until_day: until.map(day_name),
            window_days,
            open: end.is_none_or(|end| end > snapshot.as_of),
            holdout_share: row.holdout_share,
            margin_share: economy.margin_share,
            margin_is_default: costs.margin_share.is_none(),
            cost_is_entered: costs.campaign(id.get()).is_some(),
            payback_day: launched.zip(payback).map(|(from, day)| day_name(from + day)),
            proof,
            curve,
            attributed_minor: attributed,
            attributed_orders,
            merged_members: merged,
        })
    })
    .await?;
    answer.map(Some).map_err(|error| Fault::internal("proof", error.0))
}
