//! What forecasts of whole days have in common, looked up instead of computed: a base of millions has some thousand
//! different times and some ten thousand pairs of (x, T).

use super::btyd::PurchaseModel;
use super::btyd::bg_nbd::BgNbd;
use super::occasions::History;
use ahash::AHashMap;

/// Purchases in twelve months of a customer who is surely alive, by (x, T).
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// By x, then by T; not a number where nothing is known.
    rows: Vec<Vec<f64>>,
    /// Of the few with more purchases or a longer history than rows hold.
    rest: AHashMap<(u32, u32), f64>,
}

impl Memory {
    const ROWS: usize = 256;
    /// Forty years of days.
    const COLUMNS: usize = 14_610;

    #[inline]
    #[must_use]
    pub fn get(&self, x: u32, t: u32) -> Option<f64> {
        if let Some(value) = self.rows.get(x as usize).and_then(|row| row.get(t as usize)) {
            return (!value.is_nan()).then_some(*value);
        }
        if self.rest.is_empty() { None } else { self.rest.get(&(x, t)).copied() }
    }

    pub fn insert(&mut self, x: u32, t: u32, value: f64) {
        let (row, column) = (x as usize, t as usize);
        if row >= Self::ROWS || column >= Self::COLUMNS {
            self.rest.insert((x, t), value);
            return;
        }
        if row >= self.rows.len() {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let row = &mut self.rows[row];
        if column >= row.len() {
            row.resize(column + 1, f64::NAN);
        }
        row[column] = value;
    }

    /// Takes over what another one knows.
    pub fn extend(&mut self, other: Self) {
        if self.rows.len() < other.rows.len() {
            self.rows.resize_with(other.rows.len(), Vec::new);
        }
        for (mine, theirs) in self.rows.iter_mut().zip(other.rows) {
            if mine.is_empty() {
                *mine = theirs;
                continue;
            }
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), f64::NAN);
            }
            for (value, known) in mine.iter_mut().zip(theirs).filter(|(_, known)| !known.is_nan()) {
                *value = known;
            }
        }
        self.rest.extend(other.rest);
    }
}

/// P(alive) of histories in whole days.
#[derive(Debug, Clone)]
pub struct Alive {
    model: PurchaseModel,
    /// ln(α + day) by day and the log odds of leaving by x, for models that need no more.
    logs: Vec<f64>,
    odds: Vec<f64>,
}

impl Alive {
    /// A hundred and seventy years of days, or as many purchases.
    const MOST: usize = 1 << 16;

    #[must_use]
    pub const fn new(model: PurchaseModel) -> Self {
        Self { model, logs: Vec::new(), odds: Vec::new() }
    }

    #[inline]
    #[must_use]
    pub fn of(&mut self, x: u32, t_x: u32, t: u32) -> f64 {
        let PurchaseModel::BgNbd(model) = self.model else {
            return self.model.p_alive(x, f64::from(t_x), f64::from(t));
        };
        if x == 0 && !model.may_leave_at_once() {
            return 1.0;
        }
        let (last, end, count) = (t_x as usize, t as usize, x as usize);
        if last.max(end) >= self.logs.len() || count >= self.odds.len() {
            if last.max(end).max(count) >= Self::MOST {
                return self.model.p_alive(x, f64::from(t_x), f64::from(t));
            }
            self.grow(&model, last.max(end), count);
        }
        // As in the model, with the logarithm of a quotient as a difference: its error is that of one rounding.
        let left = self.odds[count] + (model.r + f64::from(x)) * (self.logs[end] - self.logs[last]);
        // No branch for the sign, which nobody can foretell; where the exponential overflows, the answer is 0.
        1.0 / (1.0 + left.exp())
    }

    /// A table to some day costs less than the forecasts that need it; it grows by doubling.
    #[cold]
    fn grow(&mut self, model: &BgNbd, day: usize, count: usize) {
        let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        while self.logs.len() <= day {
            let now = self.logs.len();
            self.logs.extend((now..(2 * now).max(64)).map(|day| (model.alpha + number(day)).ln()));
        }
        while self.odds.len() <= count {
            let now = self.odds.len();
            self.odds.extend(
                (now..(2 * now).max(16)).map(|x| model.log_odds(u32::try_from(x).unwrap_or(u32::MAX))),
            );
        }
    }
}

/// Forecasts of many customers over one horizon, in any unit of time.
pub struct Forecasts<'m> {
    model: &'m PurchaseModel,
    horizon: f64,
    /// The slow part, by x and the bits of T.
    if_alive: AHashMap<(u32, u64), Option<f64>>,
}

impl<'m> Forecasts<'m> {
    /// Exact times hardly repeat: they are not all remembered.
    const MOST: usize = 1 << 18;

    #[must_use]
    pub fn new(model: &'m PurchaseModel, horizon: f64) -> Self {
        Self { model, horizon, if_alive: AHashMap::new() }
    }

    /// Expected purchases and P(alive).
    #[must_use]
    pub fn of(&mut self, x: u32, t_x: f64, t: f64) -> (f64, f64) {
        let alive = self.model.p_alive(x, t_x, t);
        let key = (x, t.to_bits());
        let if_alive = match self.if_alive.get(&key) {
            Some(known) => *known,
            None => {
                let purchases = self.model.purchases_if_alive(x, t, self.horizon);
                if self.if_alive.len() < Self::MOST {
                    self.if_alive.insert(key, purchases);
                }
                purchases
            }
        };
        let purchases = match if_alive {
            Some(purchases) => alive * purchases,
            None => self.model.expected_purchases(x, t_x, t, self.horizon),
        };
        (purchases, alive)
    }

    /// Expected purchases after a history in days.
    #[must_use]
    pub fn of_days(&mut self, history: &History) -> f64 {
        self.of(history.x, f64::from(history.t_x), f64::from(history.t)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::btyd::ModelKind;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tables_agree_with_the_model(
            kind in prop_oneof![Just(ModelKind::BgNbd), Just(ModelKind::MbgNbd), Just(ModelKind::ParetoNbd)],
            parameters in prop::collection::vec((-3.0f64..4.0).prop_map(f64::exp), 4),
            rows in prop::collection::vec((0u32..300, 0u32..8000, 0u32..8000), 1..20),
            far in 0u32..200_000,
        ) {
            let model = PurchaseModel::new(kind, &parameters).unwrap();
            let mut alive = Alive::new(model);
            for (x, t_x, more) in rows.into_iter().chain([(far, far, far), (0, 0, far)]) {
                let t_x = if x == 0 { 0 } else { t_x };
                let t = t_x + more;
                let (got, want) = (alive.of(x, t_x, t), model.p_alive(x, f64::from(t_x), f64::from(t)));
                prop_assert!((got - want).abs() <= 1e-10 * want + 1e-300, "{x} {t_x} {t}: {got} {want}");
            }
        }

        #[test]
        fn memory_keeps_what_it_was_given(
            mine in prop::collection::vec((0u32..300, prop_oneof![0u32..50, 14_600u32..14_620], 0.0f64..9.0), 0..50),
            theirs in prop::collection::vec((0u32..300, prop_oneof![0u32..50, 14_600u32..14_620], 0.0f64..9.0), 0..50),
        ) {
            let mut truth = AHashMap::new();
            let (mut memory, mut other) = (Memory::default(), Memory::default());
            for &(x, t, value) in &mine {
                memory.insert(x, t, value);
                truth.insert((x, t), value);
            }
            for &(x, t, value) in &theirs {
                other.insert(x, t, value);
                truth.insert((x, t), value);
            }
            memory.extend(other);
            for (&(x, t), value) in &truth {
                prop_assert_eq!(memory.get(x, t), Some(*value));
            }
            prop_assert_eq!(memory.get(7, 51), None);
            prop_assert_eq!(memory.get(1000, 14_650), None);
        }
    }
}
