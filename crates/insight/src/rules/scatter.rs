//! Orders grouped by customer. The kernel scatters orders into buckets of neighbouring customers that fit the
//! processor's cache, then walks each customer's days in order. Sums are of integer minor units, so their order
//! cannot change a result.

use super::occasions::{Occasion, merge_days};
use rayon::prelude::*;

/// One order: the customer's code, the shop-local day since 1970-01-01, the amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub minor: i64,
    pub customer: u32,
    pub day: i32,
}

/// Customers of one bucket: their counters stay in the first-level cache, their orders in the second.
const BUCKET_BITS: u32 = 13;
const CUSTOMERS: usize = 1 << BUCKET_BITS;
/// Orders are packed into eight bytes: the customer within the bucket, the day, the amount. Half the memory of
/// the whole order, and half the traffic.
const DAY_BITS: u32 = 16;
const MINOR_BITS: u32 = 64 - BUCKET_BITS - DAY_BITS;
/// The first day that packs: in 1880. The last is in 2059.
const FIRST_DAY: i32 = -32_768;
/// Orders of one block, a bucket's share of a slab.
const BLOCK_BITS: u32 = 10;
const BLOCK: usize = 1 << BLOCK_BITS;
/// Orders of one slab: what is asked of the allocator at once.
const SLAB_BITS: u32 = 17;
const SLAB: usize = 1 << SLAB_BITS;

/// The customer's place in the bucket is the caller's.
#[inline]
fn packed(order: Order) -> Option<u64> {
    let day = u64::from(order.day.wrapping_sub(FIRST_DAY).cast_unsigned());
    let minor = order.minor.cast_unsigned();
    let place = u64::from(order.customer) & (CUSTOMERS as u64 - 1);
    (day < 1 << DAY_BITS && minor < 1 << MINOR_BITS)
        .then_some(place << (DAY_BITS + MINOR_BITS) | day << MINOR_BITS | minor)
}

const fn place_of(packed: u64) -> usize {
    (packed >> (DAY_BITS + MINOR_BITS)) as usize
}

const fn occasion_of(packed: u64) -> Occasion {
    let day = ((packed >> MINOR_BITS) as u32 & ((1 << DAY_BITS) - 1)).cast_signed() + FIRST_DAY;
    Occasion { day, minor: (packed & ((1 << MINOR_BITS) - 1)).cast_signed() }
}

/// Part of a slab.
#[derive(Debug, Clone, Copy)]
struct Block {
    at: usize,
    len: usize,
}

/// Orders scattered by customer. Blocks of fixed size instead of growing vectors: a hundred million orders
/// never need twice their own memory.
#[derive(Debug)]
pub struct Scatter {
    slabs: Vec<Vec<u64>>,
    /// Where the next order of each bucket goes; at the start of a block there is none yet.
    heads: Vec<usize>,
    /// Closed blocks by bucket.
    closed: Vec<Vec<Block>>,
    /// The next block that no bucket has.
    free: usize,
    /// Orders that do not pack: before 1880, after 2059, or of three hundred million and more.
    wide: Vec<Order>,
}

impl Scatter {
    /// For customer codes below `codes`.
    #[must_use]
    pub fn new(codes: usize) -> Self {
        let buckets = (codes >> BUCKET_BITS) + 1;
        Self {
            slabs: Vec::new(),
            heads: vec![0; buckets],
            closed: vec![Vec::new(); buckets],
            free: 0,
            wide: Vec::new(),
        }
    }

    #[inline]
    pub fn push(&mut self, order: Order) {
        let Some(packed) = packed(order) else {
            self.wide.push(order);
            return;
        };
        let bucket = (order.customer >> BUCKET_BITS) as usize;
        let mut at = self.heads[bucket];
        if at & (BLOCK - 1) == 0 {
            at = self.open(bucket);
        }
        self.slabs[at >> SLAB_BITS][at & (SLAB - 1)] = packed;
        self.heads[bucket] = at + 1;
    }

    /// Many orders: each id is the base and a code, each day one of `i32`, no amount is negative.
    pub fn push_all(&mut self, base: i64, ids: &[i64], days: &[i64], minors: &[i64]) {
        let rows = ids.iter().zip(days).zip(minors).map(|((id, day), minor)| (id - base, *day, *minor));
        let from_first = |day: i64| (day - i64::from(FIRST_DAY)).cast_unsigned();
        let bits = |bits: (u64, u64), row: (i64, i64, i64)| {
            (bits.0 | from_first(row.1), bits.1 | row.2.cast_unsigned())
        };
        let (day_bits, minor_bits) = rows.clone().fold((0, 0), bits);
        if day_bits >> DAY_BITS != 0 || minor_bits >> MINOR_BITS != 0 {
            for (code, day, minor) in rows {
                let customer = u32::try_from(code).unwrap_or(u32::MAX);
                self.push(Order { minor, customer, day: i32::try_from(day).unwrap_or(i32::MAX) });
            }
            return;
        }
        for (code, day, minor) in rows {
            let place = code.cast_unsigned() & (CUSTOMERS as u64 - 1);
            let packed =
                place << (DAY_BITS + MINOR_BITS) | from_first(day) << MINOR_BITS | minor.cast_unsigned();
            let bucket = usize::try_from(code >> BUCKET_BITS).unwrap_or(usize::MAX);
            let mut at = self.heads[bucket];
            if at & (BLOCK - 1) == 0 {
                at = self.open(bucket);
            }
            self.slabs[at >> SLAB_BITS][at & (SLAB - 1)] = packed;
            self.heads[bucket] = at + 1;
        }
    }

    /// A new block for a bucket whose last one is full.
    #[cold]
    fn open(&mut self, bucket: usize) -> usize {
        self.close(bucket);
        let at = self.free;
        self.free += BLOCK;
        if self.slabs.len() << SLAB_BITS < self.free {
            self.slabs.push(vec![0; SLAB]);
        }
        at
    }

    fn close(&mut self, bucket: usize) {
        let end = std::mem::take(&mut self.heads[bucket]);
        if end > 0 {
            let at = (end - 1) & !(BLOCK - 1);
            self.closed[bucket].push(Block { at, len: end - at });
        }
    }

    /// Joins the scatter of another thread, whose orders come after these.
    pub fn append(&mut self, mut other: Self) {
        let moved = self.slabs.len() << SLAB_BITS;
        for bucket in 0..self.heads.len().min(other.heads.len()) {
            self.close(bucket);
            other.close(bucket);
            self.closed[bucket]
                .extend(other.closed[bucket].iter().map(|b| Block { at: b.at + moved, len: b.len }));
        }
        self.slabs.append(&mut other.slabs);
        self.free = self.slabs.len() << SLAB_BITS;
        self.wide.append(&mut other.wide);
    }

    fn sealed(mut self) -> Self {
        for bucket in 0..self.heads.len() {
            self.close(bucket);
        }
        self.wide.sort_by_key(|order| order.customer);
        self
    }

    fn blocks(&self, bucket: usize) -> impl Iterator<Item = &[u64]> {
        self.closed[bucket].iter().map(|block| {
            let from = block.at & (SLAB - 1);
            &self.slabs[block.at >> SLAB_BITS][from..from + block.len]
        })
    }

    fn wide(&self, bucket: usize) -> &[Order] {
        let of = |order: &Order| (order.customer >> BUCKET_BITS) as usize;
        &self.wide
            [self.wide.partition_point(|o| of(o) < bucket)..self.wide.partition_point(|o| of(o) <= bucket)]
    }
}

/// Calls `visit(code, occasions)` for each customer with orders and collects what it returns, in the order
/// of codes. Buckets run in parallel.
pub fn per_customer<T: Send>(
    scatter: Scatter,
    visit: impl Fn(u32, &[Occasion]) -> Option<T> + Sync,
) -> Vec<T> {
    let scatter = scatter.sealed();
    let parts: Vec<Vec<T>> = (0..scatter.heads.len())
        .into_par_iter()
        .map(|bucket| {
            let mut desk = Desk::default();
            let mut out = Vec::with_capacity(desk.sort(&scatter, bucket));
            desk.walk(|code, occasions| out.extend(visit(code, occasions)));
            out
        })
        .collect();
    drop(scatter);
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for part in parts {
        all.extend(part);
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
struct Desk {
    base: u32,
    ends: Vec<u32>,
    sorted: Vec<u64>,
    wide: Vec<Order>,
    days: Vec<Occasion>,
}

impl Desk {
    /// Counting sort by customer; answers how many customers have orders.
    fn sort(&mut self, scatter: &Scatter, bucket: usize) -> usize {
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
        self.sorted.clear();
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

    fn walk(&mut self, mut visit: impl FnMut(u32, &[Occasion])) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn any_order() -> impl Strategy<Value = Order> {
        // Most pack; some are too early, too late, too large or negative.
        let day = prop_oneof![20 => 0i32..40, 1 => -40_000i32..40_000];
        let minor = prop_oneof![20 => 0i64..1000, 1 => -5i64..1 << 50, 1 => (1i64 << MINOR_BITS) - 1..=1 << MINOR_BITS];
        (0u32..20_000, day, minor).prop_map(|(customer, day, minor)| Order { minor, customer, day })
    }

    proptest! {
        /// The kernel against the definition, on any order of the orders, by one thread or by two.
        #[test]
        fn kernel_equals_definition(
            orders in prop::collection::vec(any_order(), 0..300),
            crowd in prop::collection::vec(any_order(), 0..3),
            repeat in 1usize..2500,
            cut in 0usize..300,
        ) {
            let orders: Vec<Order> =
                orders.into_iter().chain(crowd.into_iter().flat_map(|o| std::iter::repeat_n(o, repeat))).collect();
            let mut truth: BTreeMap<u32, BTreeMap<i32, i64>> = BTreeMap::new();
            for order in &orders {
                *truth.entry(order.customer).or_default().entry(order.day).or_default() += order.minor;
            }
            let (mut scatter, mut other) = (Scatter::new(20_000), Scatter::new(20_000));
            for (i, order) in orders.iter().enumerate() {
                if i < cut { scatter.push(*order) } else { other.push(*order) }
            }
            scatter.append(other);
            let got = per_customer(scatter, |c, o| Some((c, o.to_vec())));
            let want: Vec<(u32, Vec<Occasion>)> = truth
                .into_iter()
                .map(|(c, days)| (c, days.into_iter().map(|(day, minor)| Occasion { day, minor }).collect()))
                .collect();
            prop_assert_eq!(got, want);
        }
    }
}
