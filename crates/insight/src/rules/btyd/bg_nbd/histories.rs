//! The likelihood of BG/NBD and MBG/NBD over many histories, with its derivatives.
//!
//! Its terms without time are summed by count, those of the end of observation by end, so that what is left for each
//! history is ln(1 + eᵘ), u = ln(a/(b+m−1)) + (r+x)·ln((α+T)/(α+t_x)): some at a time, side by side.

use super::Dropout;
use super::sums::{Block, Sums, WIDTH};
use crate::rules::btyd::Cell;
use crate::rules::numeric::optimum::{Jet, Likelihood};
use crate::rules::numeric::special::{digamma, ln_beta, ln_gamma, trigamma};
use crate::rules::numeric::wide;
use ahash::AHashMap;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Histories of one sum, in order: a result does not depend on the number of threads.
const CHUNK: usize = 16_384;
/// Counts below it have a place of their own in a table.
const COUNTS: usize = 1 << 10;

pub(super) struct Histories<'a> {
    dropout: Dropout,
    /// Customers by x.
    by_count: Vec<(u32, f64)>,
    form: Form<'a>,
    pub(super) customers: f64,
}

/// How the histories are held.
enum Form<'a> {
    /// Whole days hold a few hundred times: logarithms are taken of these alone.
    Few(Few),
    /// Exact times, as they come.
    Many(Cow<'a, [Cell]>),
}

#[derive(Default)]
struct Few {
    times: Vec<f64>,
    /// Customers, and their repeat purchases, by the end of observation.
    ends: Vec<(f64, f64)>,
    /// Histories of customers who may have left.
    leavers: Vec<Leaver>,
}

/// Times as places among the distinct ones.
#[derive(Clone, Copy)]
struct Leaver {
    weight: f64,
    x: u32,
    last: u16,
    end: u16,
}

impl<'a> Histories<'a> {
    pub(super) fn new(dropout: Dropout, cells: impl Into<Cow<'a, [Cell]>>) -> Self {
        let cells = cells.into();
        let mut small = vec![0.0; COUNTS];
        let mut large: BTreeMap<u32, f64> = BTreeMap::new();
        for cell in &*cells {
            match small.get_mut(cell.x as usize) {
                Some(sum) => *sum += cell.weight,
                None => *large.entry(cell.x).or_default() += cell.weight,
            }
        }
        let counted = (0..).zip(small).filter(|(_, weight)| *weight > 0.0);
        let by_count: Vec<(u32, f64)> = counted.chain(large).collect();
        let customers = by_count.iter().map(|(_, weight)| weight).sum();
        let form = Few::of(dropout, &cells).map_or(Form::Many(cells), Form::Few);
        Self { dropout, by_count, form, customers }
    }

    /// How many histories an evaluation looks at.
    pub(super) fn len(&self) -> usize {
        match &self.form {
            Form::Few(few) => few.leavers.len(),
            Form::Many(cells) => cells.len(),
        }
    }

    /// About `most` of the histories, for a start near the maximum; `None` when there are not many more. Of whole days
    /// the sums by count and by end stay those of all, and a sample of the rest decides little.
    pub(super) fn sample(&self, most: usize) -> Option<Self> {
        if self.len() < 4 * most {
            return None;
        }
        Some(match &self.form {
            Form::Few(all) => {
                let weight = all.leavers.iter().map(|leaver| leaver.weight).sum::<f64>();
                let every = weight / most as f64;
                // At even steps through the customers: a history stands for as many steps as fall on it.
                let (mut seen, mut taken) = (0.5 * every, 0.0);
                let step = |leaver: &Leaver| {
                    seen += leaver.weight;
                    let weight = (seen / every).floor() * every - taken;
                    taken += weight;
                    (weight > 0.0).then_some(Leaver { weight, ..*leaver })
                };
                let leavers: Vec<Leaver> = all.leavers.iter().filter_map(step).collect();
                let some = Few { times: all.times.clone(), ends: all.ends.clone(), leavers };
                Self { by_count: self.by_count.clone(), form: Form::Few(some), ..*self }
            }
            Form::Many(cells) => {
                let some: Vec<Cell> = cells.iter().copied().step_by(cells.len() / most).collect();
                Self::new(self.dropout, some)
            }
        })
    }

    fn timeless(&self, theta: &[f64; 4]) -> Jet<4> {
        let [r, alpha, a, b] = *theta;
        let mut jet = Jet::<4>::ZERO;
        for &(x, weight) in &self.by_count {
            let m = self.dropout.chances(x);
            let x = f64::from(x);
            jet.value += weight * (ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln());
            jet.gradient[0] += weight * (digamma(r + x) - digamma(r) + alpha.ln());
            jet.gradient[1] += weight * r / alpha;
            jet.hessian[0][0] += weight * (trigamma(r + x) - trigamma(r));
            jet.hessian[0][1] += weight / alpha;
            jet.hessian[1][1] -= weight * r / (alpha * alpha);
            if m > 0.0 {
                jet.value += weight * (ln_beta(a, b + m) - ln_beta(a, b));
                let (sum, sum_m) = (digamma(a + b), digamma(a + b + m));
                let (tri, tri_m) = (trigamma(a + b), trigamma(a + b + m));
                jet.gradient[2] += weight * (sum - sum_m);
                jet.gradient[3] += weight * (digamma(b + m) - digamma(b) + sum - sum_m);
                jet.hessian[2][2] += weight * (tri - tri_m);
                jet.hessian[2][3] += weight * (tri - tri_m);
                jet.hessian[3][3] += weight * (trigamma(b + m) - trigamma(b) + tri - tri_m);
            }
        }
        jet
    }
}

impl Few {
    /// `None` when there are too many times for a table.
    fn of(dropout: Dropout, cells: &[Cell]) -> Option<Self> {
        let mut places = Places::new();
        let mut few = Self::default();
        // Exact times show soon, and need no memory then.
        few.leavers.reserve(cells.len().min(CHUNK));
        for (i, cell) in cells.iter().enumerate() {
            if i == CHUNK {
                few.leavers.reserve(cells.len() - few.leavers.len());
            }
            let (end, last) = (places.of(cell.t)?, places.of(cell.t_x)?);
            few.ends.resize(few.ends.len().max(places.times.len()), (0.0, 0.0));
            let sums = &mut few.ends[usize::from(end)];
            sums.0 += cell.weight;
            sums.1 += cell.weight * f64::from(cell.x);
            if dropout.chances(cell.x) > 0.0 {
                few.leavers.push(Leaver { weight: cell.weight, x: cell.x, last, end });
            }
        }
        few.times = places.times;
        Some(few)
    }

    fn jet(&self, odds: &Odds, theta: &[f64; 4]) -> Jet<4> {
        let [r, alpha, ..] = *theta;
        let logs: Vec<(f64, f64)> =
            self.times.iter().map(|time| ((alpha + time).ln(), 1.0 / (alpha + time))).collect();
        let parts: Vec<Jet<4>> = self
            .leavers
            .par_chunks(CHUNK)
            .map(|chunk| {
                let (mut block, mut sums) = (Block::new(), Sums::default());
                for some in chunk.chunks(WIDTH) {
                    for (i, leaver) in some.iter().enumerate() {
                        (block.log_end[i], block.inverse_end[i]) = logs[usize::from(leaver.end)];
                        (block.log_last[i], block.inverse_last[i]) = logs[usize::from(leaver.last)];
                        block.set(i, odds.of(leaver.x), leaver.weight);
                    }
                    block.weight[some.len()..].fill(0.0);
                    sums.add(&block);
                }
                sums.jet(theta)
            })
            .collect();
        let mut jet = Jet::ZERO;
        parts.iter().for_each(|part| jet.add(part, 1.0));
        for (&(weight, repeats), &(log, inverse)) in self.ends.iter().zip(&logs) {
            let shapes = weight * r + repeats;
            jet.value -= shapes * log;
            jet.gradient[0] -= weight * log;
            jet.gradient[1] -= shapes * inverse;
            jet.hessian[0][1] -= weight * inverse;
            jet.hessian[1][1] += shapes * inverse * inverse;
        }
        jet
    }
}

/// Places of distinct times. Neighbours are alike: one slot for each of the last ones seen answers nearly all.
struct Places {
    times: Vec<f64>,
    all: AHashMap<u64, u16>,
    seen: Vec<(u64, u16)>,
}

impl Places {
    const SLOTS: usize = 1 << 11;
    /// More are not days.
    const MOST: usize = 1 << 14;

    fn new() -> Self {
        // No time has these bits: they are those of a NaN.
        Self { times: Vec::new(), all: AHashMap::new(), seen: vec![(u64::MAX, 0); Self::SLOTS] }
    }

    fn of(&mut self, time: f64) -> Option<u16> {
        let bits = time.to_bits();
        let slot = (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize;
        if self.seen[slot & (Self::SLOTS - 1)].0 != bits {
            let next = u16::try_from(self.times.len()).ok().filter(|_| self.times.len() < Self::MOST);
            let place = match self.all.get(&bits) {
                Some(place) => *place,
                None => *self.all.entry(bits).or_insert(next?),
            };
            if usize::from(place) == self.times.len() {
                self.times.push(time);
            }
            self.seen[slot & (Self::SLOTS - 1)] = (bits, place);
        }
        Some(self.seen[slot & (Self::SLOTS - 1)].1)
    }
}

/// What depends on the count alone: r + x, ln(a/(b+m−1)), 1/(b+m−1).
struct Odds {
    dropout: Dropout,
    theta: [f64; 4],
    table: Vec<[f64; 3]>,
}

impl Odds {
    fn new(dropout: Dropout, theta: &[f64; 4], by_count: &[(u32, f64)]) -> Self {
        let mut odds = Self { dropout, theta: *theta, table: Vec::new() };
        let most = by_count.last().map_or(0, |(x, _)| *x as usize + 1).min(COUNTS);
        odds.table = (0..).take(most).map(|x| odds.compute(x)).collect();
        odds
    }

    #[inline]
    fn of(&self, x: u32) -> [f64; 3] {
        self.table.get(x as usize).copied().unwrap_or_else(|| self.compute(x))
    }

    fn compute(&self, x: u32) -> [f64; 3] {
        let [r, _, a, b] = self.theta;
        let m = self.dropout.chances(x);
        if m == 0.0 {
            // Has surely not left: e to this power is nothing.
            return [r, -1e4, 0.0];
        }
        let base = b + m - 1.0;
        [r + f64::from(x), (a / base).ln(), 1.0 / base]
    }
}

/// Histories with times of their own.
fn jet_of_cells(cells: &[Cell], odds: &Odds, theta: &[f64; 4]) -> Jet<4> {
    let [r, alpha, ..] = *theta;
    let (mut block, mut sums) = (Block::new(), Sums::default());
    let mut ends = Jet::<4>::ZERO;
    for some in cells.chunks(WIDTH) {
        for (i, cell) in some.iter().enumerate() {
            (block.inverse_end[i], block.inverse_last[i]) = (alpha + cell.t, alpha + cell.t_x);
            block.set(i, odds.of(cell.x), cell.weight);
        }
        block.weight[some.len()..].fill(0.0);
        for i in 0..WIDTH {
            block.log_end[i] = wide::ln(block.inverse_end[i]);
            block.log_last[i] = wide::ln(block.inverse_last[i]);
            block.inverse_end[i] = 1.0 / block.inverse_end[i];
            block.inverse_last[i] = 1.0 / block.inverse_last[i];
        }
        sums.add(&block);
        for (i, cell) in some.iter().enumerate() {
            let (log, inverse) = (block.log_end[i], block.inverse_end[i]);
            let shapes = cell.weight * (r + f64::from(cell.x));
            ends.value -= shapes * log;
            ends.gradient[0] -= cell.weight * log;
            ends.gradient[1] -= shapes * inverse;
            ends.hessian[0][1] -= cell.weight * inverse;
            ends.hessian[1][1] += shapes * inverse * inverse;
        }
    }
    ends.plus(&sums.jet(theta))
}

impl Likelihood<4> for Histories<'_> {
    fn jet(&self, theta: &[f64; 4]) -> Jet<4> {
        let odds = Odds::new(self.dropout, theta, &self.by_count);
        let mut jet = self.timeless(theta);
        match &self.form {
            Form::Few(few) => jet.add(&few.jet(&odds, theta), 1.0),
            Form::Many(cells) => {
                // Chunks are added in order.
                let parts: Vec<Jet<4>> =
                    cells.par_chunks(CHUNK).map(|chunk| jet_of_cells(chunk, &odds, theta)).collect();
                parts.iter().for_each(|part| jet.add(part, 1.0));
            }
        }
        for i in 1..4 {
            for j in 0..i {
                jet.hessian[i][j] = jet.hessian[j][i];
            }
        }
        jet
    }

    fn customers(&self) -> f64 {
        self.customers
    }
}
