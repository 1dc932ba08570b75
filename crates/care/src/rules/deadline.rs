//! Until when somebody has to answer, in hours of the clock: weekends and nights count.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const SEVERITIES: [&str; 3] = ["low", "normal", "high"];

const HOUR: i64 = 3_600_000;

/// What a workspace promises itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CareSettings {
    /// A rating up to this one is negative.
    pub negative_rating: i64,
    /// Hours to the first reply to a mention, a review or a letter.
    pub reply_hours: i64,
    /// Hours of a case by its severity.
    pub low_hours: i64,
    pub normal_hours: i64,
    pub high_hours: i64,
    /// The same topic again within so many days: it was not solved at first contact.
    pub repeat_days: i64,
}

impl Default for CareSettings {
    fn default() -> Self {
        Self {
            negative_rating: 2,
            reply_hours: 24,
            low_hours: 72,
            normal_hours: 24,
            high_hours: 4,
            repeat_days: 7,
        }
    }
}

impl CareSettings {
    /// The first field that is out of range, with what it may be.
    #[must_use]
    pub fn odd(&self) -> Option<(&'static str, &'static str)> {
        let hours = |n: i64| (1..=2160).contains(&n);
        if !(1..=4).contains(&self.negative_rating) {
            return Some(("negative_rating", "1 to 4"));
        }
        if !(1..=60).contains(&self.repeat_days) {
            return Some(("repeat_days", "1 to 60"));
        }
        [
            ("reply_hours", self.reply_hours),
            ("low_hours", self.low_hours),
            ("normal_hours", self.normal_hours),
            ("high_hours", self.high_hours),
        ]
        .into_iter()
        .find(|(_, n)| !hours(*n))
        .map(|(name, _)| (name, "1 to 2160 hours"))
    }

    #[must_use]
    pub fn is_negative(&self, rating: Option<i64>) -> bool {
        rating.is_some_and(|rating| rating <= self.negative_rating)
    }

    /// The deadline of something that came at a moment; cases have hours of their own.
    #[must_use]
    pub fn due(&self, kind: &str, severity: &str, came_at: i64) -> i64 {
        let hours = match (kind, severity) {
            ("case", "high") => self.high_hours,
            ("case", "low") => self.low_hours,
            ("case", _) => self.normal_hours,
            _ => self.reply_hours,
        };
        came_at.saturating_add(hours.saturating_mul(HOUR))
    }
}

/// How the first reply stands against its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    InTime,
    Late,
    /// No answer, the deadline is ahead.
    Waiting,
    /// No answer, the deadline has passed.
    Breached,
}

impl Reply {
    #[must_use]
    pub const fn of(answered_at: Option<i64>, due_at: i64, now: i64) -> Self {
        match answered_at {
            Some(at) if at <= due_at => Self::InTime,
            Some(_) => Self::Late,
            None if now <= due_at => Self::Waiting,
            None => Self::Breached,
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InTime => "in_time",
            Self::Late => "late",
            Self::Waiting => "waiting",
            Self::Breached => "breached",
        }
    }
}

/// The middle one; of an even number the mean of both.
#[must_use]
pub fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values.get(middle - 1).map(|lower| lower + (upper - lower) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_high_case_is_due_first() {
        let s = CareSettings::default();
        assert_eq!(s.due("case", "high", 0), 4 * HOUR);
        assert_eq!(s.due("case", "low", 0), 72 * HOUR);
        assert_eq!(s.due("review", "high", 0), 24 * HOUR);
        assert!(s.is_negative(Some(2)) && !s.is_negative(Some(3)) && !s.is_negative(None));
        assert_eq!(CareSettings { reply_hours: 0, ..s }.odd(), Some(("reply_hours", "1 to 2160 hours")));
        assert_eq!(s.odd(), None);
    }

    proptest! {
        #[test]
        fn every_item_is_of_one_sort(answered in proptest::option::of(0_i64..100), due in 0_i64..100, now in 0_i64..100) {
            let reply = Reply::of(answered, due, now);
            prop_assert_eq!(answered.is_some(), matches!(reply, Reply::InTime | Reply::Late));
            prop_assert_eq!(reply == Reply::Breached, answered.is_none() && now > due);
        }

        #[test]
        fn half_lie_on_each_side_of_the_median(values in proptest::collection::vec(-1000_i64..1000, 1..40)) {
            let m = median(values.clone()).unwrap();
            let half = values.len() / 2;
            prop_assert!(values.iter().filter(|v| **v < m).count() <= half);
            prop_assert!(values.iter().filter(|v| **v > m).count() <= half);
        }
    }
}
