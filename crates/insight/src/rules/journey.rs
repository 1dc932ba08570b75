//! The path of a customer: first touch → lead → first, second, regular purchase → lapsed → returned.

use super::occasions::Occasion;

/// A step of the path, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Any record of the person.
    Touched,
    /// Known before the first purchase, or without one.
    Lead,
    First,
    Second,
    /// The third purchase.
    Regular,
    /// Silent for longer than the threshold, once at least.
    Lapsed,
    /// Bought again after that.
    Returned,
}

impl Step {
    pub const ALL: [Self; 7] =
        [Self::Touched, Self::Lead, Self::First, Self::Second, Self::Regular, Self::Lapsed, Self::Returned];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Touched => "touched",
            Self::Lead => "lead",
            Self::First => "first",
            Self::Second => "second",
            Self::Regular => "regular",
            Self::Lapsed => "lapsed",
            Self::Returned => "returned",
        }
    }

    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The step that its conversion and its days are counted from. Not everybody is a lead before buying, and a lapse may
    /// follow any purchase.
    #[must_use]
    pub const fn before(self) -> Option<Self> {
        match self {
            Self::Touched => None,
            Self::Lead | Self::First => Some(Self::Touched),
            Self::Second | Self::Lapsed => Some(Self::First),
            Self::Regular => Some(Self::Second),
            Self::Returned => Some(Self::Lapsed),
        }
    }
}

/// The days on which a customer took the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    days: [Option<i32>; Step::ALL.len()],
}

impl Path {
    /// `touch` is the day of the first record, `contact` of the first one that is no order; both may be missing or later than a
    /// purchase that tells of an earlier day. `occasions` are sorted by day.
    #[must_use]
    pub fn of(
        occasions: &[Occasion],
        touch: Option<i32>,
        contact: Option<i32>,
        as_of: i32,
        lapse_days: f64,
    ) -> Self {
        let day = |n: usize| occasions.get(n).map(|o| o.day);
        let first = day(0);
        let touched = touch.into_iter().chain(first).min().unwrap_or(as_of).min(as_of);
        let lead = match first {
            None => Some(touched),
            Some(first) => contact.filter(|day| *day < first),
        };
        let long = |from: i32, to: i32| f64::from(to - from) > lapse_days;
        #[expect(clippy::cast_possible_truncation, reason = "a threshold of days")]
        let crossed = |from: i32| from + lapse_days.floor() as i32 + 1;
        let gap = occasions.windows(2).find(|pair| long(pair[0].day, pair[1].day));
        let silent = occasions.last().filter(|last| long(last.day, as_of));
        let lapsed = gap.map(|pair| crossed(pair[0].day)).or_else(|| silent.map(|last| crossed(last.day)));
        let returned = gap.map(|pair| pair[1].day);
        Self { days: [Some(touched), lead, first, day(1), day(2), lapsed, returned] }
    }

    #[must_use]
    pub const fn day(&self, step: Step) -> Option<i32> {
        self.days[step as usize]
    }

    /// Days from the step before; never below zero.
    #[must_use]
    pub fn took(&self, step: Step) -> Option<i32> {
        Some((self.day(step)? - self.day(step.before()?)?).max(0))
    }
}

/// The middle of some days; the mean of both middles of an even number.
#[must_use]
pub fn median(mut days: Vec<i32>) -> Option<f64> {
    if days.is_empty() {
        return None;
    }
    days.sort_unstable();
    let (low, high) = (days[(days.len() - 1) / 2], days[days.len() / 2]);
    Some(f64::midpoint(f64::from(low), f64::from(high)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(days: &[i32], touch: Option<i32>, contact: Option<i32>) -> Path {
        let occasions: Vec<Occasion> = days.iter().map(|day| Occasion { day: *day, minor: 1 }).collect();
        Path::of(&occasions, touch, contact, 1_000, 100.0)
    }

    #[test]
    fn who_was_known_before_buying_was_a_lead() {
        let lead = path(&[50, 60], Some(10), Some(10));
        assert_eq!((lead.day(Step::Lead), lead.took(Step::First)), (Some(10), Some(40)));
        let direct = path(&[50, 60], Some(50), Some(70));
        assert_eq!((direct.day(Step::Lead), direct.day(Step::Touched)), (None, Some(50)));
        let never = path(&[], Some(10), Some(10));
        assert_eq!(
            (never.day(Step::Lead), never.day(Step::First), never.day(Step::Lapsed)),
            (Some(10), None, None)
        );
    }

    #[test]
    fn a_lapse_is_the_day_after_the_threshold_and_a_return_the_purchase_behind_it() {
        let p = path(&[0, 100, 201, 950], None, None);
        assert_eq!((p.day(Step::Lapsed), p.day(Step::Returned)), (Some(201), Some(201)));
        assert_eq!(p.day(Step::Regular), Some(201));
        let silent = path(&[0, 100], None, None);
        assert_eq!((silent.day(Step::Lapsed), silent.day(Step::Returned)), (Some(201), None));
        assert_eq!(path(&[900], None, None).day(Step::Lapsed), None);
    }

    #[test]
    fn the_middle_of_days() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9, 1, 4]), Some(4.0));
        assert_eq!(median(vec![9, 1, 4, 5]), Some(4.5));
    }

    proptest! {
        #[test]
        fn a_step_is_never_taken_without_the_one_it_is_counted_from(
            mut days in prop::collection::vec(0_i32..1_000, 0..6), touch in prop::option::of(0_i32..2_000), contact in prop::option::of(0_i32..2_000),
        ) {
            days.sort_unstable();
            days.dedup();
            let p = path(&days, touch, contact);
            for step in Step::ALL {
                if let (Some(_), Some(before)) = (p.day(step), step.before()) {
                    prop_assert!(p.day(before).is_some());
                }
            }
            prop_assert!(p.day(Step::Touched).unwrap() <= days.first().copied().unwrap_or(1_000));
        }
    }
}
