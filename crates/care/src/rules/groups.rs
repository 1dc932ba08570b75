//! Rates of groups of people with their intervals, each group against the first.

use insight::rules::stat::proportion::{Share, newcombe, wilson};
use serde::Serialize;
use utoipa::ToSchema;

const LEVEL: f64 = 0.95;

/// A share of a group, with Wilson's interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Rate {
    pub x: u64,
    pub n: u64,
    /// Absent of nobody.
    pub rate: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Rate {
    #[must_use]
    pub fn of(x: u64, n: u64) -> Self {
        let share = Share::new(x, n).ok();
        let around = share.and_then(|s| wilson(s, LEVEL).ok());
        Self { x, n, rate: share.map(Share::rate), low: around.map(|i| i.low), high: around.map(|i| i.high) }
    }
}

/// One rate minus another, with Newcombe's interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ChurnDifference {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

impl ChurnDifference {
    #[must_use]
    pub fn between(one: Rate, two: Rate) -> Option<Self> {
        let d = newcombe(Share::new(one.x, one.n).ok()?, Share::new(two.x, two.n).ok()?, LEVEL).ok()?;
        Some(Self { difference: d.difference, low: d.low, high: d.high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_no_rate() {
        assert_eq!(Rate::of(0, 0).rate, None);
        assert_eq!(ChurnDifference::between(Rate::of(0, 0), Rate::of(1, 2)), None);
        let d = ChurnDifference::between(Rate::of(30, 100), Rate::of(10, 100)).unwrap();
        assert!((d.difference - 0.2).abs() < 1e-12 && d.low > 0.0 && d.high < 0.4);
    }
}
