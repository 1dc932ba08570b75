//! The proof of a campaign from its frozen audience: everybody as assigned, held out or not.

use crate::api::Costs;
use crate::orders::{day_name, day_of};
use crate::outcomes::Window;
use crate::rules::baskets::{Baskets, Lifetime, baskets};
use crate::rules::proof::{CurvePoint, Economy, Person, Proof, payback_curve, proof};
use crate::rules::stat::mean::Moments;
use crate::rules::stat::proportion::{Share, newcombe};
use crate::rules::stat::{Difference, StatError};
use crate::snapshot;
use crate::store;
use access::{App, Workspace};
use basis::{CampaignId, Fault, Time};
use serde::Serialize;
use utoipa::ToSchema;

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
    /// The curve's last point: not adjusted for earlier purchases, as the figures of `proof` are where they can be.
    curve_end_minor: Option<f64>,
    baskets: Baskets,
    /// Sales after the window; absent while it is open.
    later: Option<Later>,
    lifetime_treated: Lifetime,
    lifetime_holdout: Lifetime,
    /// Orders of people with a reaction within the window, whatever the hold-out did: for comparison only.
    attributed_minor: i64,
    attributed_orders: u64,
    /// Members whose cards were merged with another member's after the launch; they count once.
    merged_members: u64,
}

/// Sales of the campaign's people after its window: shown apart, never in the payback.
#[derive(Debug, Serialize, ToSchema)]
pub struct Later {
    from_day: String,
    until_day: String,
    treated_minor: i64,
    treated_orders: u64,
    holdout_minor: i64,
    holdout_orders: u64,
    /// Margin over the hold-out, for all treated, with its 95% interval; absent where either group has no buyer.
    #[schema(value_type = Option<Object>)]
    margin: Option<Difference>,
}

/// What a plan says of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFacts {
    pub aov_treated_minor: Option<f64>,
    pub aov_holdout_minor: Option<f64>,
    /// Ratio with its interval; absent while either side has too few orders, as on the page of the proof.
    pub aov_growth: Option<(f64, f64, f64)>,
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
            aov_growth: self.baskets.growth.map(|d| (d.difference, d.low, d.high)),
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
    kind: String,
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
    entered_at: Option<i64>,
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
        "SELECT name, kind, state, goal, holdout_share, launched_at FROM campaigns WHERE workspace_id = $1 AND id = $2",
        ws,
        id.get()
    )?;
    let Some(row) = row else { return Ok(None) };
    let members = ::store::fetch_all!(
        tx,
        MemberRow,
        "SELECT COALESCE(a.current_id, m.customer_id) AS customer_id, m.holdout,
           (m.clicked OR m.outcome IN ('agreed', 'subscribed')) AS reacted, m.entered_at
         FROM campaign_members m LEFT JOIN customer_aliases a ON a.workspace_id = m.workspace_id AND a.customer_id = m.customer_id
         WHERE m.workspace_id = $1 AND m.campaign_id = $2 ORDER BY m.customer_id",
        ws,
        id.get()
    )?;
    let costs = Costs::of(&store::inputs(&mut tx, workspace.id).await?);
    drop(tx);
    let window_days = store::window_days(&row.goal);
    let economy = Economy {
        margin_share: costs.margin_share.unwrap_or(1.0),
        cost_minor: costs.campaign(id.get()).unwrap_or(0.0),
    };
    let zone = workspace.tz();
    let launched = row.launched_at.map(|at| day_of(Time::from_millis(at).date(&zone)));
    let journey = row.kind == "journey";
    let entered = move |member: &MemberRow| Some(day_of(Time::from_millis(member.entered_at?).date(&zone)));
    let (currency, simulated) = (workspace.currency.to_string(), workspace.simulated);
    let answer = snapshot::blocking(move || -> Result<CampaignProof, StatError> {
        let today = snapshot.as_of;
        let window = launched.map(|day| match journey {
            false => Window::of(day, window_days, today),
            // People go on entering; who has been in it for a whole window is judged like anybody else.
            true => {
                Window { from: day, until: today, open: ["running", "paused"].contains(&row.state.as_str()) }
            }
        });
        // The purchase that led into a journey was made before it: the window of a person begins the day after.
        let own_window = |member: &MemberRow| match entered(member) {
            Some(day) => Some(Window::of(day.saturating_add(1), window_days, today)),
            None => window,
        };
        let mut seen = ahash::AHashSet::new();
        // Treated, hold-out.
        let mut lives = [(0.0, 0.0); 2];
        let mut values = [Moments::default(); 2];
        let mut later_people = Vec::with_capacity(members.len());
        let mut people = Vec::with_capacity(members.len());
        let length = |w: Window| usize::try_from(w.until.saturating_sub(w.from) + 1).unwrap_or(0);
        let days = members.iter().filter_map(own_window).map(length).max().unwrap_or(0);
        let mut by_day = vec![(0i64, 0i64); days];
        let (mut attributed, mut attributed_orders, mut merged) = (0i64, 0u64, 0u64);
        for member in &members {
            if !seen.insert(member.customer_id) {
                merged += 1;
                continue;
            }
            let mut person = Person { holdout: member.holdout, before_minor: 0, after_minor: 0, orders: 0 };
            let mut after_window = Person { ..person };
            if let Some(window) = own_window(member) {
                let group = usize::from(member.holdout);
                let spent = window.spent(&snapshot, member.customer_id, |since, minor, orders| {
                    add_basket(&mut values[group], minor, orders);
                    let day = &mut by_day[since];
                    if member.holdout {
                        day.1 += minor;
                    } else {
                        day.0 += minor;
                    }
                });
                lives[group].0 += spent.life_before_minor as f64;
                lives[group].1 += spent.life_minor as f64;
                (after_window.after_minor, after_window.orders) = (spent.later_minor, spent.later_orders);
                (person.before_minor, person.after_minor) = (spent.before_minor, spent.after_minor);
                person.orders = spent.orders;
            }
            if member.reacted && !member.holdout {
                attributed += person.after_minor;
                attributed_orders += u64::from(person.orders);
            }
            people.push(person);
            later_people.push(after_window);
        }
        let proof = proof(&people, row.holdout_share, economy, 0.95)?;
        let (curve, payback) = payback_curve(&by_day, proof.treated, proof.holdout, economy);
        let mut others = Moments::default();
        if let Some(window) = window {
            for (place, _) in snapshot.purchases.ids.iter().enumerate().filter(|(_, id)| !seen.contains(*id))
            {
                let orders = snapshot.purchases.orders(place);
                for (o, n) in snapshot.purchases.base().of(place).iter().zip(orders) {
                    if (window.from..=window.until).contains(&o.day) {
                        add_basket(&mut others, o.minor, *n);
                    }
                }
            }
        }
        let [treated_values, holdout_values] = &values;
        let baskets = baskets(treated_values, holdout_values, &others, 0.95)?;
        let later = match window.filter(|w| w.until < today) {
            Some(w) => Some(later(&later_people, w.until, snapshot.as_of, economy)?),
            None => None,
        };
        let life = |holdout: usize, people: u64| {
            Lifetime::of(people, lives[holdout].0, lives[holdout].1, economy.margin_share)
        };
        let (lifetime_treated, lifetime_holdout) = (life(0, proof.treated), life(1, proof.holdout));
        Ok(CampaignProof {
            campaign_id: id.get().to_string(),
            name: row.name,
            state: row.state,
            simulated,
            currency,
            launched_day: launched.map(day_name),
            until_day: window.map(|w| day_name(w.until)),
            window_days,
            open: window.is_none_or(|w| w.open),
            holdout_share: row.holdout_share,
            margin_share: economy.margin_share,
            margin_is_default: costs.margin_share.is_none(),
            cost_is_entered: costs.campaign(id.get()).is_some(),
            payback_day: launched.filter(|_| !journey).zip(payback).map(|(from, day)| day_name(from + day)),
            curve_end_minor: curve.last().map(|point| point.margin_minor),
            baskets,
            later,
            lifetime_treated,
            lifetime_holdout,
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

/// The orders of one day are known by their sum: each counts as their mean.
fn add_basket(values: &mut Moments, minor: i64, orders: u32) {
    let n = f64::from(orders);
    if n > 0.0 {
        let each = minor as f64 / n;
        values.sum += minor as f64;
        values.sum_of_squares += each * each * n;
        values.n += n;
    }
}

/// Sales from the day after the window on.
fn later(people: &[Person], end: i32, as_of: i32, economy: Economy) -> Result<Later, StatError> {
    let proof = proof(people, 0.0, economy, 0.95)?;
    let sum = |holdout: bool| {
        people.iter().filter(|p| p.holdout == holdout).fold((0i64, 0u64), |(minor, orders), p| {
            (minor.saturating_add(p.after_minor), orders + u64::from(p.orders))
        })
    };
    let ((treated_minor, treated_orders), (holdout_minor, holdout_orders)) = (sum(false), sum(true));
    Ok(Later {
        from_day: day_name(end + 1),
        until_day: day_name(as_of),
        treated_minor,
        treated_orders,
        holdout_minor,
        holdout_orders,
        margin: proof.incremental_margin,
    })
}
