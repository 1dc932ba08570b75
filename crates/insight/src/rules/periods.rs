//! Metrics of a period: who was active, who crossed the lapse threshold, what was sold to whom.

use super::lifecycle::mean_gap;
use super::model::Base;
use super::occasions::Occasion;
use super::purchases::Purchases;
use rayon::prelude::*;
use serde::Serialize;

/// Counts of one period, from the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Period {
    /// Last purchase within the threshold on the day before the period.
    pub active_at_start: u64,
    /// The same on the last day of the period.
    pub active_at_end: u64,
    /// Active at the start, new or returned in the period, each once.
    pub active: u64,
    /// First purchase in the period.
    pub new_customers: u64,
    /// Of the new ones, still active at the end.
    pub new_active_at_end: u64,
    /// Crossed the threshold in the period.
    pub lapsed: u64,
    /// Of those active at the start, crossed the threshold in the period: the numerator of churn.
    pub churned: u64,
    /// Bought in the period after having lapsed.
    pub returned: u64,
    /// Bought in the period.
    pub buyers: u64,
    /// Made a purchase in the period that was not their first.
    pub repeat_buyers: u64,
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
    pub churned: bool,
    pub returned: bool,
    pub bought: bool,
    pub bought_again: bool,
    pub became_repeat: bool,
    pub one_time_at_start: bool,
}

impl InPeriod {
    /// Whether revenue of the period is spread over this customer too.
    #[must_use]
    pub const fn was_active(&self) -> bool {
        self.active_at_start || self.new || self.returned
    }
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
        bought_again: until > before.max(1),
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
    result.churned = result.active_at_start && result.lapsed;
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
        sum.active += u64::from(one.was_active());
        sum.new_customers += u64::from(one.new);
        sum.new_active_at_end += u64::from(one.new && one.active_at_end);
        sum.lapsed += u64::from(one.lapsed);
        sum.churned += u64::from(one.churned);
        sum.returned += u64::from(one.returned);
        sum.repeat_buyers += u64::from(one.bought_again);
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

/// Sums neighbouring periods in one walk over the base: the n-th begins on `starts[n]` and ends on the day before
/// the next, the last one on `end`. The same figures as [`period`] gives for each.
#[must_use]
pub fn neighbours(purchases: &Purchases, starts: &[i32], end: i32, lapse_days: f64) -> Vec<Period> {
    walk(purchases, purchases.base().customers(), |i| i, starts, end, lapse_days)
}

/// The same of some customers, by their places.
#[must_use]
pub fn neighbours_of(
    purchases: &Purchases,
    places: &[usize],
    starts: &[i32],
    end: i32,
    lapse_days: f64,
) -> Vec<Period> {
    walk(purchases, places.len(), |i| places[i], starts, end, lapse_days)
}

fn walk(
    purchases: &Purchases,
    customers: usize,
    place: impl Fn(usize) -> usize + Sync,
    starts: &[i32],
    end: i32,
    lapse_days: f64,
) -> Vec<Period> {
    const CHUNK: usize = 32_768;
    let chunks: Vec<usize> = (0..customers).step_by(CHUNK).collect();
    let parts: Vec<Vec<Period>> = chunks
        .into_par_iter()
        .map(|from| {
            let mut sums = Neighbours::new(starts, end, lapse_days);
            for i in from..(from + CHUNK).min(customers) {
                let at = place(i);
                sums.add(purchases.base().of(at), purchases.orders(at));
            }
            sums.finish()
        })
        .collect();
    let mut all = vec![Period::default(); starts.len()];
    for part in parts {
        for (sum, one) in all.iter_mut().zip(part) {
            sum.add(&one);
        }
    }
    all
}

impl Period {
    fn add(&mut self, other: &Self) {
        self.active_at_start += other.active_at_start;
        self.active_at_end += other.active_at_end;
        self.active += other.active;
        self.new_customers += other.new_customers;
        self.new_active_at_end += other.new_active_at_end;
        self.lapsed += other.lapsed;
        self.churned += other.churned;
        self.returned += other.returned;
        self.repeat_buyers += other.repeat_buyers;
        self.buyers += other.buyers;
        self.orders += other.orders;
        self.revenue_minor = self.revenue_minor.saturating_add(other.revenue_minor);
        self.revenue_new_minor = self.revenue_new_minor.saturating_add(other.revenue_new_minor);
        self.became_repeat += other.became_repeat;
        self.one_time_at_start += other.one_time_at_start;
    }
}

/// Counts that hold for a run of periods, as differences: +1 where the run begins, −1 behind its end.
#[derive(Debug)]
struct Runs(Vec<i64>);

impl Runs {
    /// Periods from the first to the last, both included; places may lie outside.
    fn add(&mut self, first: isize, last: isize) {
        let periods = self.0.len().cast_signed() - 1;
        let (first, last) = (first.max(0), last.min(periods - 1));
        if first <= last {
            self.0[first.unsigned_abs()] += 1;
            self.0[last.unsigned_abs() + 1] -= 1;
        }
    }

    fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().scan(0i64, |sum, step| {
            *sum += step;
            Some(sum.unsigned_abs())
        })
    }
}

struct Neighbours<'a> {
    starts: &'a [i32],
    end: i32,
    lapse: i32,
    sums: Vec<Period>,
    active_at_start: Runs,
    active_at_end: Runs,
    one_time_at_start: Runs,
}

impl<'a> Neighbours<'a> {
    fn new(starts: &'a [i32], end: i32, lapse_days: f64) -> Self {
        let runs = || Runs(vec![0; starts.len() + 1]);
        #[expect(clippy::cast_possible_truncation, reason = "days, clamped")]
        let lapse = lapse_days.floor().clamp(0.0, 1e6) as i32;
        let sums = vec![Period::default(); starts.len()];
        let (active_at_start, active_at_end, one_time_at_start) = (runs(), runs(), runs());
        Self { starts, end, lapse, sums, active_at_start, active_at_end, one_time_at_start }
    }

    /// The period of a day; −1 before the first, and behind the last their number.
    fn at(&self, day: i32) -> isize {
        if day > self.end {
            return self.starts.len().cast_signed();
        }
        self.starts.partition_point(|start| *start <= day).cast_signed() - 1
    }

    fn sum(&mut self, at: isize) -> Option<&mut Period> {
        usize::try_from(at).ok().and_then(|at| self.sums.get_mut(at))
    }

    /// Whether a customer is active on the day before the period.
    fn active_before(&self, at: isize, occasions: &[Occasion]) -> bool {
        let Some(start) = usize::try_from(at).ok().and_then(|at| self.starts.get(at)) else { return false };
        let seen = occasions.partition_point(|o| o.day < *start);
        seen > 0 && start - 1 - occasions[seen - 1].day <= self.lapse
    }

    fn last_day(&self, at: isize) -> i32 {
        let next = usize::try_from(at + 1).ok().and_then(|next| self.starts.get(next));
        next.map_or(self.end, |start| start - 1)
    }

    fn add(&mut self, occasions: &[Occasion], orders: &[u32]) {
        let Some(first) = occasions.first() else { return };
        let before_all = isize::MIN;
        let (mut bought, mut lapsed, mut returned) = (before_all, before_all, before_all);
        let mut again = before_all;
        for (i, o) in occasions.iter().enumerate() {
            let at = self.at(o.day);
            let next = occasions.get(i + 1).map(|n| n.day);
            let newcomer = i == 0 && {
                let last = self.last_day(at);
                let seen = occasions.partition_point(|o| o.day <= last);
                seen > 0 && last - occasions[seen - 1].day <= self.lapse
            };
            if let Some(sum) = self.sum(at) {
                sum.buyers += u64::from(at != bought);
                sum.orders += u64::from(orders[i]);
                sum.revenue_minor = sum.revenue_minor.saturating_add(o.minor);
                sum.became_repeat += u64::from(i == 1);
                sum.repeat_buyers += u64::from(i > 0 && at != again);
                if i == 0 {
                    sum.active += 1;
                    sum.new_customers += 1;
                    sum.new_active_at_end += u64::from(newcomer);
                    sum.revenue_new_minor = sum.revenue_new_minor.saturating_add(o.minor);
                }
            }
            bought = at;
            if i > 0 {
                again = at;
            }
            // Active from this day until the next purchase or the threshold.
            let crossing = o.day.saturating_add(self.lapse).saturating_add(1);
            let until = next.map_or(crossing, |n| n.min(crossing));
            self.active_at_start.add(at + 1, self.at(until).min(self.starts.len().cast_signed() - 1));
            let ends = if until > self.end { self.starts.len().cast_signed() } else { self.at(until) };
            self.active_at_end.add(at, ends - 1);
            if next.is_none_or(|n| n >= crossing) {
                let left = self.at(crossing);
                if left != lapsed {
                    lapsed = left;
                    let active = self.active_before(left, occasions);
                    if let Some(sum) = self.sum(left) {
                        sum.lapsed += 1;
                        sum.churned += u64::from(active);
                    }
                }
                let back = next.map_or(before_all, |n| self.at(n));
                if back != returned && next.is_some() {
                    returned = back;
                    let counted = back == self.at(first.day) || self.active_before(back, occasions);
                    if let Some(sum) = self.sum(back) {
                        sum.returned += 1;
                        sum.active += u64::from(!counted);
                    }
                }
            }
        }
        let second = occasions.get(1).map_or(i32::MAX, |o| o.day);
        let first = self.at(first.day);
        let last = self.at(second).min(self.starts.len().cast_signed() - 1);
        self.one_time_at_start.add(first + 1, last);
    }

    fn finish(mut self) -> Vec<Period> {
        let counts = self
            .active_at_start
            .counts()
            .zip(self.active_at_end.counts())
            .zip(self.one_time_at_start.counts());
        for (sum, ((start, end), once)) in self.sums.iter_mut().zip(counts) {
            (sum.active_at_start, sum.active_at_end, sum.one_time_at_start) = (start, end, once);
            sum.active += start;
        }
        self.sums
    }
}

impl Period {
    /// Churn: of those active at the start, the share that crossed the threshold. Absent when nobody was active, and
    /// for a period that ended before `first_lapse`, the first day on which anybody of this base could lapse.
    #[must_use]
    pub fn churn(&self, to: i32, first_lapse: Option<i32>) -> Option<f64> {
        first_lapse.filter(|day| *day <= to)?;
        ratio(self.churned as f64, self.active_at_start as f64)
    }
}

/// The first day on which anybody could have crossed the threshold: nothing is known of those who left before the
/// history begins.
#[must_use]
pub fn first_lapse(base: Base<'_>, lapse_days: f64) -> Option<i32> {
    let first = base.iter().filter_map(|o| o.first()).map(|o| o.day).min()?;
    #[expect(clippy::cast_possible_truncation, reason = "days, clamped")]
    let lapse = lapse_days.floor().clamp(0.0, 1e6) as i32;
    Some(first.saturating_add(lapse).saturating_add(1))
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
    use crate::rules::purchases::DayRow;
    use proptest::prelude::*;

    fn days(days: &[i32]) -> Vec<Occasion> {
        days.iter().map(|d| Occasion { day: *d, minor: 100 }).collect()
    }

    #[test]
    fn one_customer() {
        let o = days(&[0, 10, 200]);
        let p = in_period(&o, 100, 130, 100.0);
        assert!(p.active_at_start && p.lapsed && p.churned && !p.bought && !p.active_at_end && !p.returned);
        // Who came and left within one period was not there to be lost at its start.
        let p = in_period(&days(&[10]), 5, 300, 100.0);
        assert!(p.new && p.lapsed && !p.churned && !p.bought_again);
        assert!(in_period(&days(&[10, 20]), 5, 300, 100.0).bought_again);
        let p = in_period(&o, 190, 210, 100.0);
        assert!(!p.active_at_start && p.bought && p.returned && p.active_at_end && !p.lapsed && !p.new);
        let p = in_period(&o, 0, 5, 100.0);
        assert!(p.new && !p.became_repeat && p.active_at_end);
        let p = in_period(&o, 1, 10, 100.0);
        assert!(p.became_repeat && p.one_time_at_start);
    }

    #[test]
    fn churn_is_unknown_while_nobody_could_lapse() {
        let rows = [DayRow { customer: 0, day: 10, minor: 1, orders: 1 }];
        let purchases = Purchases::assemble(vec![0], &rows, &[]);
        let first = first_lapse(purchases.base(), 50.0);
        assert_eq!(first, Some(61));
        let (before, after) = (period(&purchases, 20, 60, 50.0), period(&purchases, 20, 61, 50.0));
        assert_eq!((before.churn(60, first), after.churn(61, first)), (None, Some(1.0)));
        assert_eq!(period(&purchases, 1, 5, 50.0).churn(5, first), None);
        assert_eq!(first_lapse(Purchases::default().base(), 50.0), None);
    }

    proptest! {
        /// One walk gives what each period gives by itself.
        #[test]
        fn neighbours_equal_their_periods(
            bases in prop::collection::vec(prop::collection::vec(0i32..300, 0..7), 1..12),
            mut starts in prop::collection::vec(1i32..280, 1..7),
            last in 0i32..60,
            lapse in 0.5f64..90.0,
        ) {
            starts.sort_unstable();
            starts.dedup();
            let end = starts[starts.len() - 1] + last;
            let mut rows = Vec::new();
            for (customer, days) in (0i64..).zip(&bases) {
                let mut days: Vec<i32> = days.iter().copied().filter(|d| *d <= end).collect();
                days.sort_unstable();
                days.dedup();
                rows.extend(days.iter().map(|day| DayRow { customer, day: *day, minor: i64::from(*day), orders: 2 }));
            }
            let ids = (0i64..).take(bases.len()).collect();
            let purchases = Purchases::assemble(ids, &rows, &[]);
            let all = neighbours(&purchases, &starts, end, lapse);
            for (n, from) in starts.iter().enumerate() {
                let to = starts.get(n + 1).map_or(end, |next| next - 1);
                prop_assert_eq!(all[n], period(&purchases, *from, to, lapse), "{} of {:?}", n, starts);
            }
        }

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
