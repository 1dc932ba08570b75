//! A customer before and after a moment: what was spent, what was to be expected, whether the customer has left since.

use super::lifecycle::Stage;
use super::occasions::Occasion;

/// Days of the year before, and of the forecast.
pub const YEAR: i32 = 365;

/// Amounts are in minor units of the workspace's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    pub day: i32,
    /// In the year up to the day, the day included.
    pub before_minor: i64,
    /// In the twelve months after the day, by what was known on it; `None` without a model.
    pub expected_minor: Option<i64>,
    /// In the twelve months after the day, as far as they have passed.
    pub came_minor: i64,
    /// Neither lapsed nor without purchases on the day.
    pub active_then: bool,
    /// Active then, and silent for longer than the lapse threshold after that.
    pub left_since: bool,
    pub last_day: Option<i32>,
}

impl Since {
    /// What was expected and has not come; nothing when more came.
    #[must_use]
    pub fn at_risk_minor(&self) -> i64 {
        self.expected_minor.map_or(0, |expected| (expected - self.came_minor).max(0))
    }
}

/// `occasions` are sorted; those after `as_of` are not known yet.
#[must_use]
pub fn since(
    occasions: &[Occasion],
    day: i32,
    as_of: i32,
    lapse_days: f64,
    expected_minor: Option<i64>,
) -> Since {
    let occasions = &occasions[..occasions.partition_point(|o| o.day <= as_of)];
    let (until, after) = occasions.split_at(occasions.partition_point(|o| o.day <= day));
    let sum = |part: &[Occasion], from: i32, to: i32| -> i64 {
        part.iter().filter(|o| o.day > from && o.day <= to).map(|o| o.minor).sum()
    };
    let active_then = !matches!(Stage::of(until, day, lapse_days), Stage::None | Stage::Lapsed);
    let last_then = until.last().map(|o| o.day);
    let days = last_then.into_iter().chain(after.iter().map(|o| o.day));
    let next = after.iter().map(|o| o.day).chain([as_of.max(day)]);
    let silent = days.zip(next).any(|(from, to)| f64::from(to - from) > lapse_days);
    Since {
        day,
        before_minor: sum(until, day.saturating_sub(YEAR), day),
        expected_minor,
        came_minor: sum(after, day, day.saturating_add(YEAR)),
        active_then,
        left_since: active_then && silent,
        last_day: occasions.last().map(|o| o.day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bought(days: &[i32]) -> Vec<Occasion> {
        days.iter().map(|&day| Occasion { day, minor: 100 }).collect()
    }

    #[test]
    fn a_customer_leaves_when_the_threshold_is_crossed_after_the_day() {
        let at = |days: &[i32], day, as_of| since(&bought(days), day, as_of, 50.0, Some(500));
        assert_eq!(
            (at(&[10, 100], 110, 140).active_then, at(&[10, 100], 110, 140).left_since),
            (true, false)
        );
        assert!(at(&[10, 100], 110, 151).left_since);
        // Bought again in time, then fell silent.
        assert!(!at(&[100, 130], 110, 170).left_since);
        assert!(at(&[100, 130], 110, 190).left_since);
        // Who had left before the day cannot leave because of it.
        let gone = at(&[10], 110, 400);
        assert_eq!((gone.active_then, gone.left_since), (false, false));
        let s = at(&[10, 100, 120], 110, 140);
        assert_eq!((s.before_minor, s.came_minor, s.at_risk_minor()), (200, 100, 400));
    }

    proptest! {
        #[test]
        fn before_and_after_are_parts_of_all(mut days in proptest::collection::vec(0_i32..900, 0..12), day in 0_i32..900, later in 0_i32..400) {
            days.sort_unstable();
            days.dedup();
            let as_of = day + later;
            let s = since(&bought(&days), day, as_of, 90.0, None);
            let all = 100 * i64::try_from(days.iter().filter(|d| **d <= as_of).count()).unwrap();
            prop_assert!(s.before_minor + s.came_minor <= all);
            prop_assert!(!s.left_since || s.active_then);
            prop_assert_eq!(s.at_risk_minor(), 0);
        }
    }
}
