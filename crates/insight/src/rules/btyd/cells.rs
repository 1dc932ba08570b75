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
    let mut tally = Tally::default();
    tally.add(x, t_x, t);
    tally.into_cells(units_per_day)
}

/// Counts histories in whole days as they come.
#[derive(Debug, Default)]
pub struct Tally {
    /// Customers who never came back, by age: most are of these.
    once: Vec<u64>,
    /// x, T and t_x of the others as one number.
    keys: Vec<u32>,
    /// Histories whose numbers are too large for that.
    wide: Vec<(u32, u32, u32)>,
}

const TIME_BITS: u32 = 12;
const COUNT_BITS: u32 = u32::BITS - 2 * TIME_BITS;

impl Tally {
    /// Some rows more.
    pub fn add(&mut self, x: &[u32], t_x: &[u32], t: &[u32]) {
        let rows = x.iter().zip(t_x).zip(t).map(|((x, t_x), t)| (*x, *t, *t_x));
        let (counts, times) =
            rows.clone().fold((0, 0), |(counts, times), (x, t, t_x)| (counts | x, times | t | t_x));
        if counts >> COUNT_BITS != 0 || times >> TIME_BITS != 0 {
            self.wide.extend(rows);
            return;
        }
        self.once.resize(1 << TIME_BITS, 0);
        // Every row is written to both places and counts in one: who came back cannot be foretold, and a wrong guess
        // costs more than a write.
        let before = self.keys.len();
        self.keys.resize(before + x.len(), 0);
        let mut next = before;
        for (x, t, t_x) in rows {
            self.once[t as usize] += u64::from(x == 0);
            self.keys[next] = x << (2 * TIME_BITS) | t << TIME_BITS | t_x;
            next += usize::from(x > 0);
        }
        self.keys.truncate(next);
    }

    /// Equal histories merged.
    #[must_use]
    pub fn into_cells(mut self, units_per_day: f64) -> Vec<Cell> {
        let once = (0..).zip(&self.once).filter(|(_, customers)| **customers > 0);
        let cell = |x: u32, t: u32, t_x: u32, weight: f64| Cell {
            x,
            t_x: f64::from(t_x) * units_per_day,
            t: f64::from(t) * units_per_day,
            weight,
        };
        let mut cells: Vec<Cell> = once.map(|(day, n)| cell(0, day, 0, *n as f64)).collect();
        let time = |bits: u32| bits & ((1 << TIME_BITS) - 1);
        cells.extend(sorted(self.keys).chunk_by(|a, b| a == b).map(|run| {
            let key = run[0];
            cell(key >> (2 * TIME_BITS), time(key >> TIME_BITS), time(key), run.len() as f64)
        }));
        if self.wide.is_empty() {
            return cells;
        }
        self.wide.par_sort_unstable();
        cells.extend(
            self.wide.chunk_by(|a, b| a == b).map(|run| cell(run[0].0, run[0].1, run[0].2, run.len() as f64)),
        );
        // Rows among the wide ones may be like others.
        compress(cells)
    }
}

/// Sorts by t_x, then by T, then by x: few values of many keys cost less to count than to compare.
fn sorted(mut keys: Vec<u32>) -> Vec<u32> {
    const FEW: usize = 1 << 11;
    if keys.len() < FEW {
        keys.sort_unstable();
        return keys;
    }
    let digit = |key: u32, pass: usize| match pass {
        0 => key & ((1 << TIME_BITS) - 1),
        1 => key >> TIME_BITS & ((1 << TIME_BITS) - 1),
        _ => key >> (2 * TIME_BITS),
    } as usize;
    let mut starts = [[0usize; 1 << TIME_BITS]; 3];
    for key in &keys {
        for (pass, starts) in starts.iter_mut().enumerate() {
            starts[digit(*key, pass)] += 1;
        }
    }
    let mut other = vec![0; keys.len()];
    for (pass, starts) in starts.iter_mut().enumerate() {
        let mut sum = 0;
        for start in starts.iter_mut() {
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
        fn digits_sort(keys in prop::collection::vec(any::<u32>(), 0..6000)) {
            let mut want = keys.clone();
            want.sort_unstable();
            prop_assert_eq!(sorted(keys), want);
        }

        #[test]
        fn both_ways_of_compressing_agree(
            rows in prop::collection::vec((0u32..4, 0u32..9, 0u32..5), 0..200),
            large in prop::collection::vec((0u32..300, 0u32..5000, 0u32..5), 0..20),
        ) {
            let rows: Vec<(u32, u32, u32)> = rows
                .into_iter()
                .chain(large)
                .map(|(x, a, b)| if x == 0 { (0, 0, a + b) } else { (x, a, a + b) })
                .collect();
            let x: Vec<u32> = rows.iter().map(|r| r.0).collect();
            let t_x: Vec<u32> = rows.iter().map(|r| r.1).collect();
            let t: Vec<u32> = rows.iter().map(|r| r.2).collect();
            let mut tally = Tally::default();
            for from in (0..x.len()).step_by(7) {
                let some = from..x.len().min(from + 7);
                tally.add(&x[some.clone()], &t_x[some.clone()], &t[some]);
            }
            let mut fast = tally.into_cells(1.0);
            prop_assert_eq!(&fast, &compress_days(&x, &t_x, &t, 1.0));
            fast.sort_by(|a, b| a.x.cmp(&b.x).then(a.t.total_cmp(&b.t)).then(a.t_x.total_cmp(&b.t_x)));
            let slow = compress(
                rows.iter().map(|r| Cell::one(r.0, f64::from(r.1), f64::from(r.2))).collect(),
            );
            prop_assert_eq!(&fast, &slow);
            prop_assert_eq!(fast.iter().map(|c| c.weight).sum::<f64>(), rows.len() as f64);
        }
    }
}
