//! Metrics of a period: who was active, who crossed the lapse threshold, what was sold to whom.

use super::lifecycle::mean_gap;
use super::model::Base;
use super::occasions::Occasion;
use super::purchases::Purchases;
use serde::Serialize;

/// Counts of one period, from the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Period {
    /// Last purchase within the threshold on the day before the period.
    pub active_at_start: u64,
    /// The same on the last day of the period.
    pub active_at_end: u64,
    /// First purchase in the period.
    pub new_customers: u64,
    /// Of the new ones, still active at the end.
    pub new_active_at_end: u64,
    /// Crossed the threshold in the period.
    pub lapsed: u64,
    /// Bought in the period after having lapsed.
    pub returned: u64,
    /// Bought in the period.
    pub buyers: u64,
    /// Paid orders of the period.
    pub orders: u64,
    pub revenue_minor: i64,
    /// Revenue of first purchases.
    pub revenue_new_minor: i64,
    /// Customers whose second purchase fell in the period.
    pub became_repeat: u64,
    /// Customers with one purchase at the start of the period.
    pub one_time_at_start: u64,
}

/// What one customer did in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InPeriod {
    pub active_at_start: bool,
    pub active_at_end: bool,
    pub new: bool,
    pub lapsed: bool,
    pub returned: bool,
    pub bought: bool,
    pub became_repeat: bool,
    pub one_time_at_start: bool,
}

/// Looks at one customer.
#[must_use]
pub fn in_period(occasions: &[Occasion], from: i32, to: i32, lapse_days: f64) -> InPeriod {
    let active = |day: i32| {
        let seen = occasions.partition_point(|o| o.day <= day);
        seen > 0 && f64::from(day - occasions[seen - 1].day) <= lapse_days
    };
    let before = occasions.partition_point(|o| o.day < from);
    let until = occasions.partition_point(|o| o.day <= to);
    let mut result = InPeriod {
        active_at_start: active(from - 1),
        active_at_end: active(to),
        new: before == 0 && until > 0,
        bought: until > before,
        became_repeat: before <= 1 && until >= 2,
        one_time_at_start: before == 1,
        ..InPeriod::default()
    };
    for i in 0..until {
        // The first whole day past the threshold, unless the next purchase came before it.
        let crossing = f64::from(occasions[i].day) + lapse_days.floor() + 1.0;
        let next = occasions.get(i + 1).map_or(f64::INFINITY, |o| f64::from(o.day));
        if next >= crossing {
            result.lapsed |= crossing >= f64::from(from) && crossing <= f64::from(to);
            result.returned |= i + 1 < until && i + 1 >= before;
        }
    }
    result
}

/// Sums a period over a base.
#[must_use]
pub fn period(purchases: &Purchases, from: i32, to: i32, lapse_days: f64) -> Period {
    let base = purchases.base();
    let mut sum = Period::default();
    for i in 0..base.customers() {
        let occasions = base.of(i);
        if occasions.is_empty() {
            continue;
        }
        let one = in_period(occasions, from, to, lapse_days);
        sum.active_at_start += u64::from(one.active_at_start);
        sum.active_at_end += u64::from(one.active_at_end);
        sum.new_customers += u64::from(one.new);
        sum.new_active_at_end += u64::from(one.new && one.active_at_end);
        sum.lapsed += u64::from(one.lapsed);
        sum.returned += u64::from(one.returned);
        sum.buyers += u64::from(one.bought);
        sum.became_repeat += u64::from(one.became_repeat);
        sum.one_time_at_start += u64::from(one.one_time_at_start);
        let orders = purchases.orders(i);
        for (at, o) in occasions.iter().enumerate().filter(|(_, o)| o.day >= from && o.day <= to) {
            sum.orders += u64::from(orders[at]);
            sum.revenue_minor = sum.revenue_minor.saturating_add(o.minor);
            if at == 0 {
                sum.revenue_new_minor = sum.revenue_new_minor.saturating_add(o.minor);
            }
        }
    }
    sum
}

/// A ratio that is absent instead of not a number.
#[must_use]
pub fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// Mean of the customers' own mean gaps.
#[must_use]
pub fn usual_gap(base: Base<'_>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for gap in base.iter().filter_map(mean_gap) {
        sum += gap;
        n += 1.0;
    }
    ratio(sum, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn days(days: &[i32]) -> Vec<Occasion> {
        days.iter().map(|d| Occasion { day: *d, minor: 100 }).collect()
    }

    #[test]
    fn one_customer() {
        let o = days(&[0, 10, 200]);
        let p = in_period(&o, 100, 130, 100.0);
        assert!(p.active_at_start && p.lapsed && !p.bought && !p.active_at_end && !p.returned);
        let p = in_period(&o, 190, 210, 100.0);
        assert!(!p.active_at_start && p.bought && p.returned && p.active_at_end && !p.lapsed && !p.new);
        let p = in_period(&o, 0, 5, 100.0);
        assert!(p.new && !p.became_repeat && p.active_at_end);
        let p = in_period(&o, 1, 10, 100.0);
        assert!(p.became_repeat && p.one_time_at_start);
    }

    proptest! {
        /// Who was active at the start and did not lapse for good is active at the end: the books balance.
        #[test]
        fn books_balance(mut list in prop::collection::vec(0i32..400, 1..8), from in 1i32..300, length in 0i32..99) {
            list.sort_unstable();
            list.dedup();
            let o = days(&list);
            // With a period shorter than the threshold a customer crosses it at most once.
            let p = in_period(&o, from, from + length, 100.0);
            let end = i32::from(p.active_at_start) + i32::from(p.new) + i32::from(p.returned) - i32::from(p.lapsed);
            prop_assert_eq!(end, i32::from(p.active_at_end), "{:?} {:?}", list, p);
        }
    }
}
