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
    // Most customers never came back: their cells are a plain histogram of ages.
    let mut once: Vec<u64> = Vec::new();
    let mut keys: Vec<u64> = Vec::with_capacity(x.len() / 2);
    for ((&x, &t_x), &t) in x.iter().zip(t_x).zip(t) {
        if x == 0 {
            let index = t as usize;
            if index >= once.len() {
                once.resize(index + 1, 0);
            }
            once[index] += 1;
        } else {
            keys.push(pack(x, t_x, t));
        }
    }
    keys.par_sort_unstable();
    let mut cells: Vec<Cell> = once
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(day, n)| Cell { x: 0, t_x: 0.0, t: day as f64 * units_per_day, weight: *n as f64 })
        .collect();
    cells.extend(keys.chunk_by(|a, b| a == b).map(|run| {
        let (x, t_x, t) = unpack(run[0]);
        Cell {
            x,
            t_x: f64::from(t_x) * units_per_day,
            t: f64::from(t) * units_per_day,
            weight: run.len() as f64,
        }
    }));
    cells
}

/// Days of a time: five thousand years.
const TIME_BITS: u32 = 21;

fn pack(x: u32, t_x: u32, t: u32) -> u64 {
    u64::from(x) << (2 * TIME_BITS) | u64::from(t) << TIME_BITS | u64::from(t_x)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "each part was packed from a u32 and is masked to its bits"
)]
fn unpack(key: u64) -> (u32, u32, u32) {
    let mask = (1u64 << TIME_BITS) - 1;
    ((key >> (2 * TIME_BITS)) as u32, (key & mask) as u32, ((key >> TIME_BITS) & mask) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
