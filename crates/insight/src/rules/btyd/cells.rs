//! Customers with the same history are one cell with a weight: the likelihood of ten million customers is
//! a sum over some hundred thousand cells.

use rayon::prelude::*;

/// `weight` customers with `x` repeat purchases, the last at `t_x`, observed for `t`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub t_x: f64,
    pub t: f64,
    pub weight: f64,
    pub x: u32,
}

impl Cell {
    #[must_use]
    pub const fn one(x: u32, t_x: f64, t: f64) -> Self {
        Self { x, t_x, t, weight: 1.0 }
    }
}

/// Merges equal histories. Exact times that hardly repeat are left as they are: sorting would cost more
/// than it saves.
#[must_use]
pub fn compress(mut cells: Vec<Cell>) -> Vec<Cell> {
    if cells.len() > 100_000 && distinct_share(&cells) > 0.6 {
        return cells;
    }
    cells.par_sort_unstable_by(|a, b| a.x.cmp(&b.x).then(a.t.total_cmp(&b.t)).then(a.t_x.total_cmp(&b.t_x)));
    cells.dedup_by(|next, kept| {
        let same = next.x == kept.x && next.t == kept.t && next.t_x == kept.t_x;
        if same {
            kept.weight += next.weight;
        }
        same
    });
    cells
}

fn distinct_share(cells: &[Cell]) -> f64 {
    const SAMPLE: usize = 20_000;
    let step = (cells.len() / SAMPLE).max(1);
    let mut times: Vec<u64> = cells
        .iter()
        .step_by(step)
        .filter(|c| c.x > 0)
        .map(|c| c.t_x.to_bits() ^ c.t.to_bits().rotate_left(17))
        .collect();
    if times.is_empty() {
        return 0.0;
    }
    let all = times.len();
    times.sort_unstable();
    times.dedup();
    times.len() as f64 / all as f64
}

/// Histories in whole days, merged: `units_per_day` is 1 for a fit in days, 1/7 for weeks. Ten million rows become a
/// few hundred thousand cells, in the order of x, T and t_x.
#[must_use]
pub fn compress_days(x: &[u32], t_x: &[u32], t: &[u32], units_per_day: f64) -> Vec<Cell> {
    let Some(keys) = Keys::of(x, t_x, t) else {
        let cell = |((&x, &t_x), &t): ((&u32, &u32), &u32)| {
            Cell::one(x, f64::from(t_x) * units_per_day, f64::from(t) * units_per_day)
        };
        return compress(x.iter().zip(t_x).zip(t).map(cell).collect());
    };
    // Most customers never came back: their cells are a plain histogram of ages. Every row is written to both
    // places and counts in one: who came back cannot be foretold, and a wrong guess costs more than a write.
    let mut once = vec![0u64; t.iter().max().map_or(0, |t| *t as usize + 1)];
    let mut repeated = vec![0u64; x.len()];
    let mut len = 0;
    for ((&x, &t_x), &t) in x.iter().zip(t_x).zip(t) {
        once[t as usize] += u64::from(x == 0);
        repeated[len] = keys.pack(x, t_x, t);
        len += usize::from(x > 0);
    }
    repeated.truncate(len);
    let mut cells: Vec<Cell> = once
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(day, n)| Cell { x: 0, t_x: 0.0, t: day as f64 * units_per_day, weight: *n as f64 })
        .collect();
    cells.extend(sorted(repeated, keys.bits()).chunk_by(|a, b| a == b).map(|run| {
        let (x, t_x, t) = keys.unpack(run[0]);
        Cell {
            x,
            t_x: f64::from(t_x) * units_per_day,
            t: f64::from(t) * units_per_day,
            weight: run.len() as f64,
        }
    }));
    cells
}

/// x, T and t_x as one number of as few bits as the largest of them need.
#[derive(Debug, Clone, Copy)]
struct Keys {
    count_bits: u32,
    time_bits: u32,
}

impl Keys {
    /// `None` when they do not fit.
    fn of(x: &[u32], t_x: &[u32], t: &[u32]) -> Option<Self> {
        let width = |values: &[u32]| u32::BITS - values.iter().fold(0, |all, v| all | v).leading_zeros();
        let keys = Self { count_bits: width(x), time_bits: width(t).max(width(t_x)) };
        (keys.bits() < u64::BITS).then_some(keys)
    }

    const fn bits(self) -> u32 {
        self.count_bits + 2 * self.time_bits
    }

    fn pack(self, x: u32, t_x: u32, t: u32) -> u64 {
        u64::from(x) << (2 * self.time_bits) | u64::from(t) << self.time_bits | u64::from(t_x)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "each part was packed from a u32 and is masked to its bits"
    )]
    fn unpack(self, key: u64) -> (u32, u32, u32) {
        let mask = (1u64 << self.time_bits) - 1;
        let (x, t) = (key >> (2 * self.time_bits), key >> self.time_bits & mask);
        (x as u32, (key & mask) as u32, t as u32)
    }
}

/// Sorts by the lowest `bits`, some at a time: few bits of many keys cost less to count than to compare.
fn sorted(mut keys: Vec<u64>, bits: u32) -> Vec<u64> {
    const MOST: u32 = 11;
    if keys.len() < 1 << MOST {
        keys.sort_unstable();
        return keys;
    }
    // Digits of one size: the fewer places one is written to, the more of them stay in the cache.
    let passes = bits.div_ceil(MOST).max(1);
    let width = bits.div_ceil(passes);
    #[expect(clippy::cast_possible_truncation, reason = "masked to eleven bits")]
    let digit = |key: u64, pass: u32| (key >> (pass * width)) as usize & ((1 << width) - 1);
    let mut other = vec![0; keys.len()];
    for pass in 0..passes {
        let mut starts = [0usize; 1 << MOST];
        for key in &keys {
            starts[digit(*key, pass)] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for key in &keys {
            let start = &mut starts[digit(*key, pass)];
            other[*start] = *key;
            *start += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_sort(keys in prop::collection::vec(0u64..1 << 29, 0..6000)) {
            let mut want = keys.clone();
            want.sort_unstable();
            prop_assert_eq!(sorted(keys, 29), want);
        }

        #[test]
        fn both_ways_of_compressing_agree(rows in prop::collection::vec((0u32..4, 0u32..9, 0u32..5), 0..200)) {
            let rows: Vec<(u32, u32, u32)> =
                rows.into_iter().map(|(x, a, b)| if x == 0 { (0, 0, a + b) } else { (x, a, a + b) }).collect();
            let x: Vec<u32> = rows.iter().map(|r| r.0).collect();
            let t_x: Vec<u32> = rows.iter().map(|r| r.1).collect();
            let t: Vec<u32> = rows.iter().map(|r| r.2).collect();
            let mut fast = compress_days(&x, &t_x, &t, 1.0);
            fast.sort_by(|a, b| a.x.cmp(&b.x).then(a.t.total_cmp(&b.t)).then(a.t_x.total_cmp(&b.t_x)));
            let slow = compress(
                rows.iter().map(|r| Cell::one(r.0, f64::from(r.1), f64::from(r.2))).collect(),
            );
            prop_assert_eq!(&fast, &slow);
            prop_assert_eq!(fast.iter().map(|c| c.weight).sum::<f64>(), rows.len() as f64);
        }
    }
}
