//! What changed since an improvement is in place: the same figure over two spans of equal length, before and after that day.
//!
//! Other things change in time too, so this is a comparison and no proof; a proof is a campaign with a hold-out.

use insight::rules::stat::proportion::{Share, newcombe};
use serde::Serialize;
use utoipa::ToSchema;

/// What may be watched.
pub const METRICS: [&str; 5] = ["reason_share", "churn", "cancelled_share", "consent", "aov"];

/// Days on either side; who left in the first days after a change left because of what was before it.
pub const LONGEST: i32 = 90;
/// With fewer events on a side nothing is said.
pub const FEWEST: u64 = 20;

/// Whether more of it is better.
pub fn more_is_better(metric: &str) -> bool {
    matches!(metric, "consent" | "aov")
}

/// The two spans; `None` while the day is to come. Both are as long as the one after has lasted.
pub fn spans(in_place: i32, today: i32) -> Option<(Span, Span)> {
    let days = (today - in_place + 1).min(LONGEST);
    if days < 1 {
        return None;
    }
    let before = Span { from: in_place - days, to: in_place - 1 };
    Some((before, Span { from: in_place, to: in_place + days - 1 }))
}

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i32,
    pub to: i32,
}

impl Span {
    pub fn holds(self, day: i32) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// A figure of one span.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct Side {
    pub numerator: f64,
    pub denominator: f64,
    /// Absent over nothing.
    pub value: Option<f64>,
}

impl Side {
    pub fn of(numerator: f64, denominator: f64) -> Self {
        Self { numerator, denominator, value: (denominator > 0.0).then(|| numerator / denominator) }
    }
}

/// After − before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Change {
    pub difference: Option<f64>,
    /// Newcombe's 95% interval of a difference of shares; an average order has none.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// better, worse, unclear (the interval holds zero), scarce (too few events).
    pub verdict: &'static str,
}

/// Two shares compared: counts (part, whole) before and after.
pub fn of_shares(metric: &str, before: (u64, u64), after: (u64, u64)) -> Change {
    let share = |(part, whole)| Share::new(part, whole).ok();
    let found = share(after).zip(share(before)).and_then(|(a, b)| newcombe(a, b, 0.95).ok());
    let Some(d) = found else {
        return Change { difference: None, low: None, high: None, verdict: "scarce" };
    };
    let verdict = if before.1 < FEWEST || after.1 < FEWEST {
        "scarce"
    } else if d.low > 0.0 || d.high < 0.0 {
        if (d.difference > 0.0) == more_is_better(metric) { "better" } else { "worse" }
    } else {
        "unclear"
    };
    Change { difference: Some(d.difference), low: Some(d.low), high: Some(d.high), verdict }
}

/// Two averages compared; without an interval the verdict stays open.
pub fn of_averages(before: Side, after: Side) -> Change {
    let difference = after.value.zip(before.value).map(|(a, b)| a - b);
    let verdict = if difference.is_none() { "scarce" } else { "unclear" };
    Change { difference, low: None, high: None, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spans_are_equally_long_and_touch_at_the_day() {
        assert_eq!(spans(100, 99), None);
        for today in 100..400 {
            let (before, after) = spans(100, today).unwrap();
            assert_eq!(before.to - before.from, after.to - after.from);
            assert_eq!((before.to, after.from), (99, 100));
            assert!(after.to <= today && after.to - after.from < LONGEST);
        }
    }

    #[test]
    fn a_verdict_needs_enough_events_and_an_interval_beyond_zero() {
        assert_eq!(of_shares("reason_share", (8, 19), (1, 60)).verdict, "scarce");
        assert_eq!(of_shares("reason_share", (38, 100), (10, 100)).verdict, "better");
        assert_eq!(of_shares("reason_share", (10, 100), (38, 100)).verdict, "worse");
        assert_eq!(of_shares("consent", (10, 100), (38, 100)).verdict, "better");
        assert_eq!(of_shares("churn", (10, 100), (11, 100)).verdict, "unclear");
        assert_eq!(of_shares("churn", (0, 0), (11, 100)).verdict, "scarce");
    }
}
