//! What would happen if: churn lower, retention spend, a win-back before it is started. Plain arithmetic on
//! the base's own figures, every step shown.

use super::stat::StatError;
use super::stat::proportion::{Share, SizeMethod, sample_size, wilson};
use serde::{Deserialize, Serialize};

/// Churn lowered by a share of itself: more customers stay, each bringing the yearly margin of an active one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ChurnCut {
    /// Share of the active that leave in a year, now.
    pub churn_now: f64,
    pub churn_then: f64,
    /// Active customers kept in the year.
    pub customers_kept: f64,
    /// Margin that they bring in a year; half a year on average in the first.
    pub extra_margin_minor: f64,
    /// Against the margin of the active base now.
    pub profit_change: Option<f64>,
    /// Expected lifetime in years, 1 ÷ churn.
    pub lifetime_now: Option<f64>,
    pub lifetime_then: Option<f64>,
}

#[must_use]
pub fn churn_cut(active: f64, yearly_churn: f64, margin_per_active_minor: f64, cut: f64) -> ChurnCut {
    let churn_now = yearly_churn.clamp(0.0, 1.0);
    let churn_then = churn_now * (1.0 - cut.clamp(0.0, 1.0));
    let customers_kept = active * (churn_now - churn_then);
    // A customer who leaves does so in the middle of the year on average.
    let extra = customers_kept * margin_per_active_minor * 0.5;
    let margin_now = active * margin_per_active_minor * (1.0 - 0.5 * churn_now);
    let life = |c: f64| (c > 0.0).then(|| 1.0 / c);
    ChurnCut {
        churn_now,
        churn_then,
        customers_kept,
        extra_margin_minor: extra,
        profit_change: (margin_now > 0.0).then(|| extra / margin_now),
        lifetime_now: life(churn_now),
        lifetime_then: life(churn_then),
    }
}

/// A win-back that is thought of.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, utoipa::ToSchema)]
pub struct WinBack {
    /// People to be contacted.
    pub people: u64,
    /// Share of them that would be reached.
    pub reach: f64,
    /// Share of the reached that would buy because of it (over what the hold-out buys).
    pub conversion: f64,
    /// Share that buys anyway.
    #[serde(default)]
    pub baseline: f64,
    /// Average order in minor units.
    pub average_order_minor: f64,
    /// Share of revenue that is margin.
    pub margin_share: f64,
    /// Cost of one contact in minor units.
    pub cost_per_contact_minor: f64,
    #[serde(default)]
    pub fixed_cost_minor: f64,
    #[serde(default = "tenth")]
    pub holdout_share: f64,
}

const fn tenth() -> f64 {
    0.1
}

/// What it would bring, and whether the hold-out could show it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Potential {
    pub treated: f64,
    pub reached: f64,
    /// Extra buyers, with an interval from the chance of so many people alone.
    pub returned: f64,
    pub returned_low: f64,
    pub returned_high: f64,
    pub revenue_minor: f64,
    pub margin_minor: f64,
    pub margin_low_minor: f64,
    pub margin_high_minor: f64,
    pub cost_minor: f64,
    pub cost_per_returned_minor: Option<f64>,
    /// Incremental margin ÷ full cost.
    pub payback: Option<f64>,
    pub payback_low: Option<f64>,
    pub payback_high: Option<f64>,
    /// People in each of two equal groups that would show the effect; power 80%.
    pub per_arm: Option<u64>,
    /// Whether the smaller of the planned groups is that large.
    pub provable: bool,
}

/// # Errors
/// Shares outside 0–1, negative money, nobody to contact.
pub fn win_back(plan: &WinBack) -> Result<Potential, StatError> {
    let share = |name: &str, v: f64| {
        if (0.0..=1.0).contains(&v) {
            Ok(v)
        } else {
            Err(StatError(format!("{name} must lie between 0 and 1, not {v}")))
        }
    };
    let money = |name: &str, v: f64| {
        if v >= 0.0 && v.is_finite() {
            Ok(v)
        } else {
            Err(StatError(format!("{name} must not be negative, it is {v}")))
        }
    };
    if plan.people == 0 {
        return Err(StatError("nobody is to be contacted".into()));
    }
    share("reach", plan.reach)?;
    share("conversion", plan.conversion)?;
    share("baseline", plan.baseline)?;
    share("margin_share", plan.margin_share)?;
    share("holdout_share", plan.holdout_share)?;
    money("average_order_minor", plan.average_order_minor)?;
    money("cost_per_contact_minor", plan.cost_per_contact_minor)?;
    money("fixed_cost_minor", plan.fixed_cost_minor)?;
    let people = plan.people as f64;
    let treated = (people * (1.0 - plan.holdout_share)).round();
    let reached = (treated * plan.reach).round();
    let returned = reached * plan.conversion;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded counts of people")]
    let (low, high) = if reached >= 1.0 {
        let i = wilson(Share::new(returned.round() as u64, reached as u64)?, 0.95)?;
        (reached * i.low, reached * i.high)
    } else {
        (0.0, 0.0)
    };
    let margin = |buyers: f64| buyers * plan.average_order_minor * plan.margin_share;
    let cost = plan.fixed_cost_minor + treated * plan.cost_per_contact_minor;
    let payback = |m: f64| (cost > 0.0).then(|| m / cost);
    // The effect on people as assigned is diluted by those who are not reached.
    let effect = plan.reach * plan.conversion;
    let per_arm = (plan.baseline + effect < 1.0)
        .then(|| sample_size(plan.baseline.max(1e-4), effect, 0.05, 0.8, SizeMethod::Pooled).ok())
        .flatten();
    let smaller = (people - treated).min(treated);
    Ok(Potential {
        treated,
        reached,
        returned,
        returned_low: low,
        returned_high: high,
        revenue_minor: returned * plan.average_order_minor,
        margin_minor: margin(returned),
        margin_low_minor: margin(low),
        margin_high_minor: margin(high),
        cost_minor: cost,
        cost_per_returned_minor: (returned > 0.0).then(|| cost / returned),
        payback: payback(margin(returned)),
        payback_low: payback(margin(low)),
        payback_high: payback(margin(high)),
        per_arm,
        provable: per_arm.is_some_and(|n| smaller >= n as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_by_hand() {
        let plan = WinBack {
            people: 1000,
            reach: 0.5,
            conversion: 0.2,
            baseline: 0.02,
            average_order_minor: 50_000.0,
            margin_share: 0.3,
            cost_per_contact_minor: 1_000.0,
            fixed_cost_minor: 100_000.0,
            holdout_share: 0.1,
        };
        let p = win_back(&plan).unwrap();
        assert_eq!((p.treated, p.reached, p.returned), (900.0, 450.0, 90.0));
        assert!((p.margin_minor - 1_350_000.0).abs() < 1e-6 && (p.cost_minor - 1_000_000.0).abs() < 1e-6);
        assert!((p.payback.unwrap() - 1.35).abs() < 1e-12);
        assert!(p.returned_low < 90.0 && 90.0 < p.returned_high);
        assert!(p.per_arm.unwrap() > 50 && !p.provable);
        assert!(win_back(&WinBack { reach: 1.2, ..plan }).is_err());
        assert!(win_back(&WinBack { people: 0, ..plan }).is_err());
    }

    #[test]
    fn churn_arithmetic() {
        let c = churn_cut(1000.0, 0.4, 10_000.0, 0.1);
        assert!((c.customers_kept - 40.0).abs() < 1e-9);
        assert!((c.extra_margin_minor - 200_000.0).abs() < 1e-6);
        assert!((c.profit_change.unwrap() - 0.025).abs() < 1e-12);
        assert_eq!(churn_cut(0.0, 0.0, 0.0, 0.1).profit_change, None);
    }
}
