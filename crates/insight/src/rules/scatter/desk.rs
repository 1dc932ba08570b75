//! Orders of a bucket sorted by customer, each customer's days in order.

use super::{BUCKET_BITS, CUSTOMERS, Order, Scatter, occasion_of, place_of};
use crate::rules::occasions::{Occasion, merge_days};
use rayon::prelude::*;

/// Calls `visit(code, occasions)` for each customer with orders and collects what it returns, in the order
/// of codes. Buckets run in parallel.
pub fn per_customer<T: Send>(
    scatter: Scatter,
    visit: impl Fn(u32, &[Occasion]) -> Option<T> + Sync,
) -> Vec<T> {
    per_bucket(scatter, |scatter, desk: &mut Desk, bucket, out| {
        out.reserve(desk.sort(scatter, bucket));
        desk.walk(|code, occasions| out.extend(visit(code, occasions)));
    })
}

/// What `fill` makes of each bucket, in their order; `S` is its own desk, kept from bucket to bucket.
pub(super) fn per_bucket<S: Default, T: Send>(
    scatter: Scatter,
    fill: impl Fn(&Scatter, &mut S, usize, &mut Vec<T>) + Sync,
) -> Vec<T> {
    /// Buckets worked on before their results are put together: their memory serves the next ones.
    const ROUND: usize = 64;
    let scatter = scatter.sealed();
    let buckets = scatter.heads.len();
    let mut all = Vec::new();
    for first in (0..buckets).step_by(ROUND) {
        let parts: Vec<Vec<T>> = (first..buckets.min(first + ROUND))
            .into_par_iter()
            .map_init(S::default, |desk, bucket| {
                let mut out = Vec::new();
                fill(&scatter, desk, bucket, &mut out);
                out
            })
            .collect();
        if first == 0 {
            // Most buckets are alike.
            let some: usize = parts.iter().map(Vec::len).sum();
            all.reserve_exact(some * buckets.div_ceil(parts.len().max(1)));
        }
        parts.into_iter().for_each(|part| all.extend(part));
    }
    all
}

/// Folds each customer into an accumulator per thread, then merges them.
pub fn fold_customers<A: Send>(
    scatter: Scatter,
    empty: impl Fn() -> A + Sync + Send,
    fold: impl Fn(&mut A, u32, &[Occasion]) + Sync + Send,
    merge: impl Fn(A, A) -> A + Sync + Send,
) -> A {
    let scatter = scatter.sealed();
    (0..scatter.heads.len())
        .into_par_iter()
        .fold(
            || (empty(), Desk::default()),
            |(mut acc, mut desk), bucket| {
                desk.sort(&scatter, bucket);
                desk.walk(|code, occasions| fold(&mut acc, code, occasions));
                (acc, desk)
            },
        )
        .map(|(acc, _)| acc)
        .reduce(&empty, merge)
}

/// Where the orders of one bucket are sorted by customer; kept from bucket to bucket.
#[derive(Default)]
pub(super) struct Desk {
    base: u32,
    ends: Vec<u32>,
    sorted: Vec<u64>,
    wide: Vec<Order>,
    days: Vec<Occasion>,
}

impl Desk {
    /// Counting sort by customer; answers how many customers have orders.
    pub(super) fn sort(&mut self, scatter: &Scatter, bucket: usize) -> usize {
        self.base = u32::try_from(bucket << BUCKET_BITS).unwrap_or(u32::MAX);
        self.ends.clear();
        self.ends.resize(CUSTOMERS, 0);
        self.wide.clear();
        self.wide.extend_from_slice(scatter.wide(bucket));
        for block in scatter.blocks(bucket) {
            for packed in block {
                self.ends[place_of(*packed)] += 1;
            }
        }
        let (mut sum, mut customers) = (0, self.wide.len());
        for end in &mut self.ends {
            customers += usize::from(*end > 0);
            sum += std::mem::replace(end, sum);
        }
        // Every place is written below.
        self.sorted.resize(sum as usize, 0);
        // Each start moves to the end of its customer, where the next one starts.
        for block in scatter.blocks(bucket) {
            for packed in block {
                let slot = &mut self.ends[place_of(*packed)];
                self.sorted[*slot as usize] = *packed;
                *slot += 1;
            }
        }
        customers
    }

    pub(super) fn walk(&mut self, mut visit: impl FnMut(u32, &[Occasion])) {
        let mut start = 0;
        let mut wide = self.wide.as_slice();
        for (place, end) in self.ends.iter().enumerate() {
            let orders = &mut self.sorted[start..*end as usize];
            start = *end as usize;
            let code = self.base + u32::try_from(place).unwrap_or(0);
            let own = wide.iter().take_while(|order| order.customer == code).count();
            if own > 0 {
                let (mine, rest) = wide.split_at(own);
                wide = rest;
                self.days.clear();
                self.days.extend(mine.iter().map(|o| Occasion { day: o.day, minor: o.minor }));
                self.days.extend(orders.iter().map(|packed| occasion_of(*packed)));
                let merged = merge_days(&mut self.days);
                visit(code, &self.days[..merged]);
            } else if !orders.is_empty() {
                if !unpack_days(orders, &mut self.days) {
                    // By day, then by amount: the customer is the same.
                    orders.sort_unstable();
                    unpack_days(orders, &mut self.days);
                }
                visit(code, &self.days);
            }
        }
    }
}

/// Occasions of orders, equal days as one; no when a day comes before an earlier one.
fn unpack_days(orders: &[u64], days: &mut Vec<Occasion>) -> bool {
    days.clear();
    let mut orders = orders.iter().map(|packed| occasion_of(*packed));
    let Some(mut now) = orders.next() else { return true };
    for order in orders {
        if order.day == now.day {
            now.minor += order.minor;
        } else if order.day < now.day {
            return false;
        } else {
            days.push(now);
            now = order;
        }
    }
    days.push(now);
    true
}
