//! From orders to purchase occasions: orders of one customer on one day are one occasion. The kernel
//! scatters orders into buckets of neighbouring customers that fit the processor's cache, then walks each
//! customer's days in order. Sums are of integer minor units, so their order cannot change a result.

use rayon::prelude::*;

/// One order: the customer's code, the shop-local day since 1970-01-01, the amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub minor: i64,
    pub customer: u32,
    pub day: i32,
}

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

const BLOCK: usize = 2048;
/// Customers of one bucket are counted in an array of this size, so it stays in the first-level cache.
const BUCKET_BITS: u32 = 12;

/// Orders scattered by customer. Blocks of fixed size instead of growing vectors: a hundred million orders
/// never need twice their own memory.
#[derive(Debug)]
pub struct Scatter {
    buckets: Vec<Vec<Vec<Order>>>,
}

impl Scatter {
    /// For customer codes below `codes`.
    #[must_use]
    pub fn new(codes: usize) -> Self {
        Self { buckets: (0..(codes >> BUCKET_BITS) + 1).map(|_| Vec::new()).collect() }
    }

    #[inline]
    pub fn push(&mut self, order: Order) {
        let bucket = &mut self.buckets[(order.customer >> BUCKET_BITS) as usize];
        match bucket.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(order),
            _ => {
                let mut block = Vec::with_capacity(if bucket.is_empty() { 64 } else { BLOCK });
                block.push(order);
                bucket.push(block);
            }
        }
    }

    /// Joins the scatter of another thread.
    pub fn append(&mut self, other: Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            mine.extend(theirs);
        }
    }
}

/// Calls `visit(code, occasions)` for each customer with orders and collects what it returns, in the order
/// of codes. Buckets run in parallel; each is freed as soon as it is done.
pub fn per_customer<T: Send>(
    scatter: Scatter,
    visit: impl Fn(u32, &[Occasion]) -> Option<T> + Sync,
) -> Vec<T> {
    let parts: Vec<Vec<T>> = scatter
        .buckets
        .into_par_iter()
        .enumerate()
        .map(|(bucket, blocks)| {
            let mut out = Vec::new();
            let base = u32::try_from(bucket << BUCKET_BITS).unwrap_or(u32::MAX);
            walk_bucket(base, blocks, |code, occasions| out.extend(visit(code, occasions)));
            out
        })
        .collect();
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for part in parts {
        all.extend(part);
    }
    all
}

/// Folds each customer into an accumulator per bucket, then merges them.
pub fn fold_customers<A: Send>(
    scatter: Scatter,
    empty: impl Fn() -> A + Sync + Send,
    fold: impl Fn(&mut A, u32, &[Occasion]) + Sync + Send,
    merge: impl Fn(A, A) -> A + Sync + Send,
) -> A {
    scatter
        .buckets
        .into_par_iter()
        .enumerate()
        .fold(&empty, |mut acc, (bucket, blocks)| {
            let base = u32::try_from(bucket << BUCKET_BITS).unwrap_or(u32::MAX);
            walk_bucket(base, blocks, |code, occasions| fold(&mut acc, code, occasions));
            acc
        })
        .reduce(&empty, merge)
}

fn walk_bucket(base: u32, blocks: Vec<Vec<Order>>, mut visit: impl FnMut(u32, &[Occasion])) {
    const CUSTOMERS: usize = 1 << BUCKET_BITS;
    let orders: usize = blocks.iter().map(Vec::len).sum();
    if orders == 0 {
        return;
    }
    // Counting sort by customer.
    let mut ends = vec![0u32; CUSTOMERS + 1];
    for order in blocks.iter().flatten() {
        ends[(order.customer - base) as usize + 1] += 1;
    }
    for i in 0..CUSTOMERS {
        ends[i + 1] += ends[i];
    }
    let mut sorted = vec![Occasion { day: 0, minor: 0 }; orders];
    let mut next = ends.clone();
    for order in blocks.iter().flatten() {
        let slot = &mut next[(order.customer - base) as usize];
        sorted[*slot as usize] = Occasion { day: order.day, minor: order.minor };
        *slot += 1;
    }
    drop(blocks);
    for (offset, pair) in ends.windows(2).enumerate() {
        let days = &mut sorted[pair[0] as usize..pair[1] as usize];
        if days.is_empty() {
            continue;
        }
        let merged = merge_days(days);
        visit(base + u32::try_from(offset).unwrap_or(0), &days[..merged]);
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
        let seen = &occasions[..occasions.partition_point(|o| o.day <= until)];
        let (first, last) = (seen.first()?, seen.last()?);
        let days = |n: i32| u32::try_from(n).unwrap_or(0);
        Some(Self {
            customer,
            x: u32::try_from(seen.len() - 1).unwrap_or(u32::MAX),
            t_x: days(last.day - first.day),
            t: days(until - first.day),
            repeat_minor: seen[1..].iter().map(|o| o.minor).sum(),
            paid: u32::try_from(seen[1..].iter().filter(|o| o.minor > 0).count()).unwrap_or(u32::MAX),
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
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The kernel against the definition, on any order of the orders.
        #[test]
        fn kernel_equals_definition(orders in prop::collection::vec((0u32..9000, 0i32..40, -5i64..1000), 0..300)) {
            let mut scatter = Scatter::new(9000);
            let mut truth: BTreeMap<u32, BTreeMap<i32, i64>> = BTreeMap::new();
            for &(customer, day, minor) in &orders {
                scatter.push(Order { customer, day, minor });
                *truth.entry(customer).or_default().entry(day).or_default() += minor;
            }
            let got = per_customer(scatter, |c, o| Some((c, o.to_vec())));
            let want: Vec<(u32, Vec<Occasion>)> = truth
                .into_iter()
                .map(|(c, days)| (c, days.into_iter().map(|(day, minor)| Occasion { day, minor }).collect()))
                .collect();
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn history_counts_up_to_the_end_only() {
        let days = [(10, 5), (17, 100), (24, 0), (90, 7)].map(|(day, minor)| Occasion { day, minor });
        let h = History::of(3, &days, 30).unwrap();
        assert_eq!((h.x, h.t_x, h.t, h.repeat_minor, h.paid), (2, 14, 20, 100, 1));
        assert_eq!(History::of(3, &days, 9), None);
    }
}
