//! Orders grouped by customer. The kernel scatters orders into buckets of neighbouring customers that fit the
//! processor's cache, then walks each customer's days in order. Sums are of integer minor units, so their order
//! cannot change a result.

mod desk;
mod histories;

use super::occasions::Occasion;
pub use desk::{fold_customers, per_customer};
pub use histories::histories;

/// One order: the customer's code, the shop-local day since 1970-01-01, the amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub minor: i64,
    pub customer: u32,
    pub day: i32,
}

/// Customers of one bucket: their counters stay in the first-level cache, their orders in the second.
const BUCKET_BITS: u32 = 14;
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

#[cfg(test)]
mod tests {
    use super::super::occasions::History;
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
            until in prop_oneof![4 => 20i32..50, 1 => any::<i32>()],
            sorted in any::<bool>(),
        ) {
            let mut orders: Vec<Order> =
                orders.into_iter().chain(crowd.into_iter().flat_map(|o| std::iter::repeat_n(o, repeat))).collect();
            if sorted {
                orders.sort_by_key(|order| order.day);
            }
            let mut truth: BTreeMap<u32, BTreeMap<i32, i64>> = BTreeMap::new();
            for order in &orders {
                *truth.entry(order.customer).or_default().entry(order.day).or_default() += order.minor;
            }
            let join = || {
                let (mut scatter, mut other) = (Scatter::new(20_000), Scatter::new(20_000));
                for (i, order) in orders.iter().enumerate() {
                    if i < cut { scatter.push(*order) } else { other.push(*order) }
                }
                scatter.append(other);
                scatter
            };
            let visited = per_customer(join(), |c, o| History::of(c, o, until));
            prop_assert_eq!(histories(join(), until), visited);
            let got = per_customer(join(), |c, o| Some((c, o.to_vec())));
            let want: Vec<(u32, Vec<Occasion>)> = truth
                .into_iter()
                .map(|(c, days)| (c, days.into_iter().map(|(day, minor)| Occasion { day, minor }).collect()))
                .collect();
            prop_assert_eq!(got, want);
        }
    }
}
