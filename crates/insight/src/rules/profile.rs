//! What the orders of one customer say on one day under one version of the model: stage, forecast, risk and
//! its reasons. A pure function, so that an incremental refresh equals a full one.

use super::btyd::PurchaseModel;
use super::btyd::gamma_gamma::GammaGamma;
use super::forecast_tables::{Alive, Memory};
use super::lifecycle::{Stage, mean_gap};
use super::model::{HORIZON_DAYS, Model};
use super::occasions::{History, Occasion};
use serde::{Deserialize, Serialize};

/// A sign of leaving; the numbers are what the sentence on the card is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "snake_case")]
pub enum Signal {
    /// Silent for `days`, `ratio` times the usual gap of `usual_days`.
    Overdue { days: i32, usual_days: f64, ratio: f64 },
    /// Silent for longer than the base's threshold.
    PastThreshold { days: i32, threshold_days: f64 },
    /// The model doubts that they are still a customer.
    UnlikelyAlive { probability: f64 },
    /// A regular rhythm broke: gaps used to vary by `variation` of their mean only.
    RhythmBroken { variation: f64 },
    /// The last gap was `ratio` times the mean of those before.
    SlowingDown { ratio: f64 },
    /// The last purchases are worth `ratio` of the earlier ones.
    SpendingLess { ratio: f64 },
    /// One purchase only, past the time when half of those who return have returned.
    NeverCameBack { days: i32, usual_days: f64 },
    /// Cancelled or returned `orders`, the last `days` ago, and no purchase since.
    BadExperience { orders: u32, days: i32 },
    /// Complained, or refused because of service, delivery or product: `complaints` times, the last `days` ago, and
    /// no purchase since.
    Complained { complaints: u32, days: i32 },
}

impl Signal {
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Overdue { .. } => "overdue",
            Self::PastThreshold { .. } => "past_threshold",
            Self::UnlikelyAlive { .. } => "unlikely_alive",
            Self::RhythmBroken { .. } => "rhythm_broken",
            Self::SlowingDown { .. } => "slowing_down",
            Self::SpendingLess { .. } => "spending_less",
            Self::NeverCameBack { .. } => "never_came_back",
            Self::BadExperience { .. } => "bad_experience",
            Self::Complained { .. } => "complained",
        }
    }
}

/// Bad experience of a customer: cancelled and returned orders, complaints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trouble {
    pub orders: u32,
    /// Of the last such order.
    pub last_day: i32,
    pub complaints: u32,
    pub complained_day: i32,
}

/// The profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub purchases: u32,
    pub first_day: Option<i32>,
    pub last_day: Option<i32>,
    pub revenue_minor: i64,
    pub mean_gap: Option<f64>,
    pub stage: Stage,
    pub p_alive: Option<f64>,
    /// Purchases expected in the next twelve months.
    pub expected_orders: Option<f64>,
    pub expected_value_minor: Option<i64>,
    /// What the next twelve months would bring if they surely stayed, times the risk.
    pub value_at_risk_minor: i64,
    /// 1 − P(alive) × min(1, 1.5 ÷ overdue ratio).
    pub risk: Option<f64>,
    pub signals: Vec<Signal>,
}

impl Profile {
    /// Of a customer about whom nothing can be said.
    #[must_use]
    pub const fn without_purchases(stage: Stage) -> Self {
        Self {
            purchases: 0,
            first_day: None,
            last_day: None,
            revenue_minor: 0,
            mean_gap: None,
            stage,
            p_alive: None,
            expected_orders: None,
            expected_value_minor: None,
            value_at_risk_minor: 0,
            risk: None,
            signals: Vec::new(),
        }
    }
}

/// Models made ready once for a whole base, with the part of the forecast that depends only on (x, T)
/// remembered.
pub struct Forecaster<'m> {
    model: &'m Model,
    purchases: Option<PurchaseModel>,
    alive: Option<Alive>,
    spend: Option<GammaGamma>,
    /// What an earlier forecaster of the same model has computed.
    known: Option<&'m Memory>,
    if_alive: Memory,
}

impl<'m> Forecaster<'m> {
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Self {
            model,
            purchases: model.purchase_model(),
            alive: model.purchase_model().map(Alive::new),
            spend: model.spend_model(),
            known: None,
            if_alive: Memory::default(),
        }
    }

    /// With what an earlier forecaster of the same model has computed.
    #[must_use]
    pub fn knowing(model: &'m Model, known: &'m Memory) -> Self {
        Self { known: Some(known), ..Self::new(model) }
    }

    /// What it has computed itself.
    #[must_use]
    pub fn into_memory(self) -> Memory {
        self.if_alive
    }

    /// Purchases in twelve months of a customer who is surely alive.
    #[inline]
    fn purchases_if_alive(&mut self, x: u32, t: u32) -> Option<f64> {
        let known = self.known.and_then(|memory| memory.get(x, t)).or_else(|| self.if_alive.get(x, t));
        known.or_else(|| self.compute_if_alive(x, t))
    }

    #[cold]
    fn compute_if_alive(&mut self, x: u32, t: u32) -> Option<f64> {
        // BG/BB is not fitted to orders in days.
        let purchases = self.purchases?.purchases_if_alive(x, f64::from(t), HORIZON_DAYS).unwrap_or(0.0);
        self.if_alive.insert(x, t, purchases);
        Some(purchases)
    }

    /// Expected value of a purchase in minor units.
    fn value_of_purchase(&self, history: &History) -> f64 {
        let mean =
            if history.paid == 0 { 0.0 } else { history.repeat_minor as f64 / f64::from(history.paid) };
        self.spend.and_then(|m| m.expected_value(history.paid, mean)).unwrap_or(self.model.mean_minor)
    }

    /// The profile on the day `as_of`; `occasions` are sorted, those after the day are ignored.
    #[must_use]
    pub fn profile(&mut self, occasions: &[Occasion], trouble: Trouble, as_of: i32) -> Profile {
        let occasions = &occasions[..occasions.partition_point(|o| o.day <= as_of)];
        let stage = Stage::of(occasions, as_of, self.model.lapse_days);
        let Some(history) = History::of(0, occasions, as_of) else {
            return Profile::without_purchases(stage);
        };
        let p_alive = self.alive.as_mut().map(|alive| alive.of(history.x, history.t_x, history.t));
        let if_alive = self.purchases_if_alive(history.x, history.t);
        let worth = self.value_of_purchase(&history);
        let expected_orders = p_alive.zip(if_alive).map(|(p, n)| p * n);
        let silent = as_of - occasions.last().map_or(as_of, |o| o.day);
        let usual = self.usual_gap(occasions);
        let overdue = f64::from(silent) / usual;
        let risk = p_alive.map(|p| 1.0 - p * (1.5 / overdue.max(1e-9)).min(1.0));
        let value_if_alive = if_alive.map_or(0.0, |n| n * worth);
        Profile {
            purchases: history.x + 1,
            first_day: occasions.first().map(|o| o.day),
            last_day: occasions.last().map(|o| o.day),
            revenue_minor: occasions.iter().map(|o| o.minor).sum(),
            mean_gap: mean_gap(occasions),
            stage,
            p_alive,
            expected_orders,
            expected_value_minor: expected_orders.map(|n| to_minor(n * worth)),
            value_at_risk_minor: to_minor(risk.unwrap_or(0.0) * value_if_alive),
            risk,
            signals: self.signals(occasions, trouble, as_of, p_alive, usual),
        }
    }

    /// P(alive), purchases and value in minor units of the next twelve months; `None` without a model.
    #[inline]
    #[must_use]
    pub fn score(&mut self, history: &History) -> Option<(f64, f64, f64)> {
        let alive = self.alive.as_mut()?.of(history.x, history.t_x, history.t);
        let purchases = alive * self.purchases_if_alive(history.x, history.t)?;
        Some((alive, purchases, purchases * self.value_of_purchase(history)))
    }

    /// The gap to expect: the own mean, drawn to the base's median while it rests on fewer than three gaps.
    fn usual_gap(&self, occasions: &[Occasion]) -> f64 {
        let gaps = occasions.len().saturating_sub(1).min(3) as f64;
        let own = mean_gap(occasions).unwrap_or(0.0);
        ((gaps * own + (3.0 - gaps) * self.model.median_gap) / 3.0).max(1.0)
    }

    fn signals(
        &self,
        occasions: &[Occasion],
        trouble: Trouble,
        as_of: i32,
        p_alive: Option<f64>,
        usual: f64,
    ) -> Vec<Signal> {
        let mut signals = Vec::new();
        let Some(last) = occasions.last() else { return signals };
        let silent = as_of - last.day;
        let ratio = f64::from(silent) / usual;
        if f64::from(silent) > self.model.lapse_days {
            signals.push(Signal::PastThreshold { days: silent, threshold_days: self.model.lapse_days });
        }
        if occasions.len() == 1 {
            if f64::from(silent) > self.model.median_gap {
                signals.push(Signal::NeverCameBack { days: silent, usual_days: self.model.median_gap });
            }
        } else if ratio > 1.5 {
            signals.push(Signal::Overdue { days: silent, usual_days: usual, ratio });
        }
        if let Some(probability) = p_alive.filter(|p| *p < 0.5) {
            signals.push(Signal::UnlikelyAlive { probability });
        }
        let gaps = occasions.windows(2).map(|w| f64::from(w[1].day - w[0].day));
        if let (3.., Some(latest)) = (gaps.len(), gaps.clone().next_back()) {
            let (sum, count) = (gaps.clone().sum::<f64>(), gaps.len() as f64);
            let mean = sum / count;
            let spread = (gaps.map(|g| (g - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
            let variation = spread / mean.max(1.0);
            if variation < 0.5 && ratio > 1.5 {
                signals.push(Signal::RhythmBroken { variation });
            }
            // Days are whole numbers: their sums are exact.
            let usual_before = ((sum - latest) / (count - 1.0)).max(1.0);
            if latest > 2.0 * usual_before {
                signals.push(Signal::SlowingDown { ratio: latest / usual_before });
            }
        }
        if occasions.len() >= 4 {
            let mean =
                |part: &[Occasion]| part.iter().map(|o| o.minor as f64).sum::<f64>() / part.len() as f64;
            let (early, late) = occasions.split_at(occasions.len() - 2);
            let earlier = mean(early);
            if earlier > 0.0 && mean(late) < 0.6 * earlier {
                signals.push(Signal::SpendingLess { ratio: mean(late) / earlier });
            }
        }
        if trouble.orders > 0 && trouble.last_day >= last.day && trouble.last_day <= as_of {
            signals.push(Signal::BadExperience { orders: trouble.orders, days: as_of - trouble.last_day });
        }
        if trouble.complaints > 0 && trouble.complained_day >= last.day && trouble.complained_day <= as_of {
            let days = as_of - trouble.complained_day;
            signals.push(Signal::Complained { complaints: trouble.complaints, days });
        }
        signals
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to a range that both types hold")]
fn to_minor(value: f64) -> i64 {
    if value.is_finite() { value.clamp(-9e15, 9e15).round() as i64 } else { 0 }
}
