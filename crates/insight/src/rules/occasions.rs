//! Purchase occasions: orders of one customer on one day are one occasion, and what the models see of them.

/// One day on which a customer bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    pub day: i32,
    pub minor: i64,
}

/// What was left out, and why; shown to the user, never silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct LeftOut {
    /// Orders without a customer.
    pub guests: u64,
    /// Amounts below zero: returns and cancellations are not purchases.
    pub negative: u64,
    /// Orders dated after the end of the observation.
    pub later: u64,
    /// Orders without a date or an amount.
    pub blank: u64,
}

impl LeftOut {
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.guests + self.negative + self.later + self.blank
    }

    pub fn merge(&mut self, other: &Self) {
        self.guests += other.guests;
        self.negative += other.negative;
        self.later += other.later;
        self.blank += other.blank;
    }
}

/// Sorts by day and merges equal days in place; returns how many are left.
pub fn merge_days(days: &mut [Occasion]) -> usize {
    if !days.is_sorted_by_key(|o| o.day) {
        days.sort_unstable_by_key(|o| o.day);
    }
    let mut kept = 0;
    for i in 1..days.len() {
        if days[i].day == days[kept].day {
            days[kept].minor += days[i].minor;
        } else {
            kept += 1;
            days[kept] = days[i];
        }
    }
    kept + 1
}

/// A customer's history as the models see it, in whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    pub customer: u32,
    /// Repeat occasions.
    pub x: u32,
    /// Days from the first to the last occasion.
    pub t_x: u32,
    /// Days from the first occasion to the end of the observation.
    pub t: u32,
    /// Total of the repeat occasions.
    pub repeat_minor: i64,
    /// How many repeat occasions had a positive amount, and so count for the mean.
    pub paid: u32,
}

impl History {
    /// `None` for a customer without occasions up to `until`.
    #[must_use]
    pub fn of(customer: u32, occasions: &[Occasion], until: i32) -> Option<Self> {
        let seen = match occasions.last() {
            Some(last) if last.day <= until => occasions,
            _ => &occasions[..occasions.partition_point(|o| o.day <= until)],
        };
        let (first, repeats) = seen.split_first()?;
        let last = repeats.last().unwrap_or(first);
        let days = |n: i32| u32::try_from(n).unwrap_or(0);
        let (mut repeat_minor, mut paid) = (0, 0);
        for occasion in repeats {
            repeat_minor += occasion.minor;
            paid += u32::from(occasion.minor > 0);
        }
        Some(Self {
            customer,
            x: u32::try_from(repeats.len()).unwrap_or(u32::MAX),
            t_x: days(last.day - first.day),
            t: days(until - first.day),
            repeat_minor,
            paid,
        })
    }

    /// Mean spend of a repeat occasion in minor units; 0 without any.
    #[must_use]
    pub fn mean_minor(&self) -> f64 {
        if self.x == 0 { 0.0 } else { self.repeat_minor as f64 / f64::from(self.x) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_counts_up_to_the_end_only() {
        let days = [(10, 5), (17, 100), (24, 0), (90, 7)].map(|(day, minor)| Occasion { day, minor });
        let h = History::of(3, &days, 30).unwrap();
        assert_eq!((h.x, h.t_x, h.t, h.repeat_minor, h.paid), (2, 14, 20, 100, 1));
        assert_eq!(History::of(3, &days, 9), None);
    }
}
