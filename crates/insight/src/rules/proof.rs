//! Whether a campaign worked: treated against hold-out, as assigned, zeros included.

use super::compare::{Means, Rates};
use super::stat::mean::{MeanDifference, Moments, lift};
use super::stat::proportion::{RatioCheck, Share, srm};
use super::stat::{Difference, StatError};
use serde::Serialize;

/// One person of the frozen audience.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    pub holdout: bool,
    /// Revenue in the year before the launch: the covariate.
    pub before_minor: i64,
    /// Revenue within the goal's window.
    pub after_minor: i64,
    /// Paid orders within the window.
    pub orders: u32,
}

/// The p-value below which a split is called broken.
pub const SRM_ALARM: f64 = 0.001;

/// The proof; parts are absent when a group is too small for them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    pub treated: u64,
    pub holdout: u64,
    pub treated_buyers: u64,
    pub holdout_buyers: u64,
    pub srm: Option<RatioCheck>,
    /// The split is not as planned: nothing below may be believed until it is explained.
    pub srm_alarm: bool,
    pub conversion: Option<Difference>,
    /// Valid however often one looks, from the first day on.
    pub conversion_any_time: Option<Difference>,
    /// Minor units per assigned person.
    pub revenue: Option<MeanDifference>,
    pub revenue_cuped: Option<MeanDifference>,
    pub revenue_any_time: Option<Difference>,
    pub theta: Option<f64>,
    /// Share of the variance that CUPED left.
    pub variance_ratio: Option<f64>,
    pub revenue_lift: Option<MeanDifference>,
    /// Average order of buyers: descriptive only, because who buys differs between the groups.
    pub aov_treated_minor: Option<f64>,
    pub aov_holdout_minor: Option<f64>,
    pub aov_growth: Option<f64>,
    /// Revenue that the campaign added, for all treated.
    pub incremental_revenue: Option<Difference>,
    /// Margin that it added, and its ratio to the full cost.
    pub incremental_margin: Option<Difference>,
    pub cost_minor: f64,
    pub payback: Option<Difference>,
}

/// Cost and margin, entered by the user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Economy {
    pub margin_share: f64,
    pub cost_minor: f64,
}

/// Builds the proof of people as assigned; `holdout_share` is the planned one.
///
/// # Errors
/// A level or share out of range.
pub fn proof(
    people: &[Person],
    holdout_share: f64,
    economy: Economy,
    level: f64,
) -> Result<Proof, StatError> {
    let side = |holdout: bool| people.iter().filter(move |p| p.holdout == holdout);
    let count = |holdout: bool| side(holdout).count() as u64;
    let buyers = |holdout: bool| side(holdout).filter(|p| p.orders > 0).count() as u64;
    let (treated, held) = (count(false), count(true));
    let (treated_buyers, holdout_buyers) = (buyers(false), buyers(true));
    let planned = holdout_share > 0.0 && holdout_share < 1.0 && !people.is_empty();
    let check = if planned { Some(srm(treated, held, (1.0 - holdout_share, holdout_share))?) } else { None };
    let both = treated > 0 && held > 0;
    let shares = if both {
        Some((Share::new(treated_buyers, treated)?, Share::new(holdout_buyers, held)?))
    } else {
        None
    };
    let rates = shares.map(|(t, h)| Rates::compare(t, h, level)).transpose()?;
    let pairs = |holdout: bool| -> Vec<(f64, f64)> {
        side(holdout).map(|p| (p.before_minor as f64, p.after_minor as f64)).collect()
    };
    let (t_pairs, h_pairs) = (pairs(false), pairs(true));
    let moments = |pairs: &[(f64, f64)]| Moments::of(pairs.iter().map(|p| p.1));
    let enough = treated >= 2 && held >= 2;
    let means = if enough { Means::compare(&t_pairs, &h_pairs, level)? } else { None };
    let revenue_lift = (enough && moments(&h_pairs).sum > 0.0)
        .then(|| lift(&moments(&h_pairs), &moments(&t_pairs), level))
        .transpose()?;
    let aov = |holdout: bool| {
        let (sum, n) =
            side(holdout).fold((0.0, 0.0), |(s, n), p| (s + p.after_minor as f64, n + f64::from(p.orders)));
        (n > 0.0).then(|| sum / n)
    };
    let (aov_treated, aov_holdout) = (aov(false), aov(true));
    let best = means.map(|m| m.best());
    let scaled = |by: f64| {
        best.map(|d| Difference { difference: d.difference * by, low: d.low * by, high: d.high * by })
    };
    let people_treated = treated as f64;
    let incremental_margin = scaled(people_treated * economy.margin_share);
    let payback = incremental_margin.filter(|_| economy.cost_minor > 0.0).map(|m| Difference {
        difference: m.difference / economy.cost_minor,
        low: m.low / economy.cost_minor,
        high: m.high / economy.cost_minor,
    });
    Ok(Proof {
        treated,
        holdout: held,
        treated_buyers,
        holdout_buyers,
        srm_alarm: check.is_some_and(|c| c.p < SRM_ALARM),
        srm: check,
        conversion: rates.map(|r| r.fixed),
        conversion_any_time: rates.map(|r| r.any_time),
        revenue: means.map(|m| m.welch),
        revenue_cuped: means.and_then(|m| m.cuped),
        revenue_any_time: means.map(|m| m.any_time),
        theta: means.and_then(|m| m.theta),
        variance_ratio: means.and_then(|m| m.variance_ratio),
        revenue_lift,
        aov_treated_minor: aov_treated,
        aov_holdout_minor: aov_holdout,
        aov_growth: aov_treated.zip(aov_holdout).filter(|(_, h)| *h > 0.0).map(|(t, h)| t / h - 1.0),
        incremental_revenue: scaled(people_treated),
        incremental_margin,
        cost_minor: economy.cost_minor,
        payback,
    })
}

/// A point of the payback curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CurvePoint {
    /// Days since the launch.
    pub day: i32,
    /// Incremental margin so far: per treated person over per person of the hold-out, times the treated.
    pub margin_minor: f64,
    pub cost_minor: f64,
}

/// Cumulative incremental margin by day, from sums by day since the launch of (treated, hold-out) revenue.
/// The day on which it first reaches the cost is the payback day.
#[must_use]
pub fn payback_curve(
    by_day: &[(i64, i64)],
    treated: u64,
    holdout: u64,
    economy: Economy,
) -> (Vec<CurvePoint>, Option<i32>) {
    let (mut t_sum, mut h_sum) = (0i64, 0i64);
    let mut curve = Vec::with_capacity(by_day.len());
    let mut paid_back = None;
    if treated == 0 || holdout == 0 {
        return (curve, None);
    }
    for (day, (t, h)) in by_day.iter().enumerate() {
        t_sum = t_sum.saturating_add(*t);
        h_sum = h_sum.saturating_add(*h);
        let per_person = t_sum as f64 / treated as f64 - h_sum as f64 / holdout as f64;
        let margin = per_person * treated as f64 * economy.margin_share;
        let day = i32::try_from(day).unwrap_or(i32::MAX);
        if paid_back.is_none() && economy.cost_minor > 0.0 && margin >= economy.cost_minor {
            paid_back = Some(day);
        }
        curve.push(CurvePoint { day, margin_minor: margin, cost_minor: economy.cost_minor });
    }
    (curve, paid_back)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Person> {
        (0..2000u32)
            .map(|i| {
                let holdout = i % 10 == 0;
                let before = i64::from(i % 7) * 1000;
                // Every fifth buys anyway; of the treated every tenth buys because of it.
                let buys = (i / 10) % 5 == 3 || (!holdout && i % 10 == 7);
                Person {
                    holdout,
                    before_minor: before,
                    after_minor: if buys { 5000 + before } else { 0 },
                    orders: u32::from(buys),
                }
            })
            .collect()
    }

    #[test]
    fn an_early_look_claims_no_certainty() {
        let person = |holdout, minor| Person {
            holdout,
            before_minor: 0,
            after_minor: minor,
            orders: u32::from(minor > 0),
        };
        let economy = Economy { margin_share: 1.0, cost_minor: 100.0 };
        let nobody: Vec<Person> = (0..100).map(|i| person(i % 10 == 0, 0)).collect();
        let early = proof(&nobody, 0.1, economy, 0.95).unwrap();
        assert_eq!((early.revenue, early.revenue_cuped, early.incremental_margin), (None, None, None));
        let sequence = early.conversion_any_time.unwrap();
        assert!(sequence.high - sequence.low > 0.1, "{sequence:?}");
        // Three of the treated bought, nobody of the ten held out.
        let three: Vec<Person> =
            (0..100).map(|i| person(i % 10 == 0, if [1, 2, 3].contains(&i) { 5_000 } else { 0 })).collect();
        let few = proof(&three, 0.1, economy, 0.95).unwrap();
        let revenue = few.revenue.unwrap();
        assert!(revenue.low < 0.0 && revenue.high > 0.0, "{revenue:?}");
        let any = few.revenue_any_time.unwrap();
        assert!(any.low < revenue.low && any.high > revenue.high);
        assert_eq!(few.revenue_cuped, None);
    }

    #[test]
    fn a_campaign_that_worked() {
        let economy = Economy { margin_share: 0.4, cost_minor: 200_000.0 };
        let p = proof(&people(), 0.1, economy, 0.95).unwrap();
        assert_eq!((p.treated, p.holdout), (1800, 200));
        assert!(!p.srm_alarm);
        let c = p.conversion.unwrap();
        assert!(c.low > 0.0 && c.difference > 0.0, "{c:?}");
        let any = p.conversion_any_time.unwrap();
        assert!((any.difference - c.difference).abs() < 1e-12 && any.high - any.low > c.high - c.low);
        assert!(p.variance_ratio.unwrap() <= 1.0);
        let revenue = p.revenue_cuped.unwrap();
        let total = p.incremental_revenue.unwrap();
        assert!((total.difference - revenue.difference * 1800.0).abs() < 1e-6);
        let payback = p.payback.unwrap();
        assert!((payback.difference - total.difference * 0.4 / 200_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_broken_split_is_alarmed() {
        let mut all = people();
        all.retain(|p| !p.holdout || p.orders > 0);
        let p = proof(&all, 0.1, Economy { margin_share: 1.0, cost_minor: 0.0 }, 0.95).unwrap();
        assert!(p.srm_alarm);
        assert_eq!(p.payback, None);
    }

    #[test]
    fn nobody_is_no_number() {
        let p = proof(&[], 0.1, Economy { margin_share: 1.0, cost_minor: 1.0 }, 0.95).unwrap();
        assert_eq!((p.conversion, p.revenue, p.payback, p.srm), (None, None, None, None));
        let (curve, day) = payback_curve(&[(1, 1)], 10, 0, Economy { margin_share: 1.0, cost_minor: 1.0 });
        assert!(curve.is_empty() && day.is_none());
    }

    #[test]
    fn payback_day() {
        let economy = Economy { margin_share: 0.5, cost_minor: 1000.0 };
        let days = [(1000, 0), (1000, 100), (2000, 0)];
        let (curve, day) = payback_curve(&days, 100, 10, economy);
        // After day 0: (10 − 0)·100·½ = 500; day 1: (20 − 10)·50 = 500; day 2: (40 − 10)·50 = 1500.
        let margins: Vec<f64> = curve.iter().map(|p| p.margin_minor).collect();
        assert_eq!(margins, [500.0, 500.0, 1500.0]);
        assert_eq!(day, Some(2));
    }
}
