//! The hold-out check on the user's own data: models are fitted to the first two thirds of the history and
//! asked about the last third.

use super::btyd::{ModelKind, PurchaseModel};
use super::forecast_tables::Forecasts;
use super::model::{Base, Candidate, fit_purchases, fit_with_prior, histories};
use super::occasions::History;
use serde::{Deserialize, Serialize};

/// Expected against actual purchases of customers with the same number of repeat purchases before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrequencyBin {
    /// Repeat purchases in the calibration; the last bin holds this many and more.
    pub repeats: u32,
    pub customers: u64,
    pub expected: f64,
    pub actual: f64,
}

/// Repeat purchases of the whole base up to a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackPoint {
    pub day: i32,
    pub expected: f64,
    pub actual: f64,
}

/// How the chosen model did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub calibration_end: i32,
    pub holdout_end: i32,
    pub customers: u64,
    pub bins: Vec<FrequencyBin>,
    pub track: Vec<TrackPoint>,
}

pub(super) struct Trial {
    pub candidates: Vec<Candidate>,
    pub chosen: ModelKind,
    pub check: Check,
}

const LAST_BIN: u32 = 7;

/// The fallback among the candidates: MBG/NBD held by a weak prior, where no likelihood has a maximum of its own.
pub const WITH_PRIOR: &str = "mbg-nbd+prior";

/// `None` when the history is too short, or nobody came back in either part, or no model converged.
pub(super) fn check(base: Base<'_>, as_of: i32) -> Option<Trial> {
    let first = base.iter().filter_map(|o| o.first()).map(|o| o.day).min()?;
    if as_of - first < 90 {
        return None;
    }
    let cut = first + (as_of - first) * 2 / 3;
    let horizon = f64::from(as_of - cut);
    let known = histories(base, cut);
    let actual: Vec<u32> = known
        .iter()
        .map(|h| {
            let days = base.of(h.customer as usize);
            let from = days.partition_point(|o| o.day <= cut);
            let to = days.partition_point(|o| o.day <= as_of);
            u32::try_from(to - from).unwrap_or(u32::MAX)
        })
        .collect();
    let total: u64 = actual.iter().map(|n| u64::from(*n)).sum();
    if known.len() < 20 || total == 0 || known.iter().all(|h| h.x == 0) {
        return None;
    }
    let mut candidates = Vec::new();
    let mut best: Option<(f64, ModelKind, PurchaseModel)> = None;
    for kind in [ModelKind::MbgNbd, ModelKind::BgNbd, ModelKind::ParetoNbd] {
        let fit = fit_purchases(kind, &known);
        let model = fit.as_ref().filter(|f| f.converged).and_then(PurchaseModel::from_fit);
        let (rmse, expected) = match &model {
            Some(model) => {
                let (rmse, expected) = miss(model, &known, &actual, horizon);
                (Some(rmse), Some(expected))
            }
            None => (None, None),
        };
        if let (Some(rmse), Some(model)) = (rmse, model)
            && best.is_none_or(|(least, ..)| rmse < least * 0.995)
        {
            best = Some((rmse, kind, model));
        }
        candidates.push(Candidate {
            model: kind.name().to_string(),
            converged: fit.as_ref().is_some_and(|f| f.converged),
            log_likelihood: fit.as_ref().filter(|f| f.converged).map(|f| f.log_likelihood),
            holdout_rmse: rmse,
            holdout_expected: expected,
            holdout_actual: Some(total as f64),
            chosen: false,
        });
    }
    // No maximum to compare: the fallback is checked as it will be used.
    let (_, chosen, model) = match best {
        Some(best) => best,
        None => {
            let fit = fit_with_prior(&known)?;
            let model = PurchaseModel::new(ModelKind::MbgNbd, &fit.parameters)?;
            let (rmse, expected) = miss(&model, &known, &actual, horizon);
            candidates.push(Candidate {
                model: WITH_PRIOR.to_owned(),
                converged: true,
                log_likelihood: Some(fit.log_likelihood),
                holdout_rmse: Some(rmse),
                holdout_expected: Some(expected),
                holdout_actual: Some(total as f64),
                chosen: true,
            });
            (rmse, ModelKind::MbgNbd, model)
        }
    };
    for candidate in &mut candidates {
        candidate.chosen |= candidate.converged && candidate.model == chosen.name();
    }
    let mut bins: Vec<FrequencyBin> = (0..=LAST_BIN)
        .map(|repeats| FrequencyBin { repeats, customers: 0, expected: 0.0, actual: 0.0 })
        .collect();
    let mut forecasts = Forecasts::new(&model, horizon);
    for (h, n) in known.iter().zip(&actual) {
        let bin = &mut bins[h.x.min(LAST_BIN) as usize];
        bin.customers += 1;
        bin.expected += forecasts.of_days(h);
        bin.actual += f64::from(*n);
    }
    for bin in bins.iter_mut().filter(|b| b.customers > 0) {
        bin.expected /= bin.customers as f64;
        bin.actual /= bin.customers as f64;
    }
    bins.retain(|b| b.customers > 0);
    let customers = known.len() as u64;
    let track = track(base, &model, first, cut, as_of);
    Some(Trial {
        candidates,
        chosen,
        check: Check { calibration_end: cut, holdout_end: as_of, customers, bins, track },
    })
}

/// Root mean squared error of a model on the days it had not seen, and the sum it expected.
fn miss(model: &PurchaseModel, known: &[History], actual: &[u32], horizon: f64) -> (f64, f64) {
    let (mut squares, mut sum) = (0.0, 0.0);
    let mut forecasts = Forecasts::new(model, horizon);
    for (h, n) in known.iter().zip(actual) {
        let e = forecasts.of_days(h);
        sum += e;
        squares += (e - f64::from(*n)).powi(2);
    }
    ((squares / known.len() as f64).sqrt(), sum)
}

/// Cumulative repeat purchases by week, of the customers who came before the cut.
fn track(base: Base<'_>, model: &PurchaseModel, first: i32, cut: i32, until: i32) -> Vec<TrackPoint> {
    let span = usize::try_from(until - first + 1).unwrap_or(0);
    let mut born = vec![0.0; span];
    let mut bought = vec![0.0; span];
    for occasions in base.iter() {
        let Some(start) = occasions.first().filter(|o| o.day <= cut) else { continue };
        born[usize::try_from(start.day - first).unwrap_or(0)] += 1.0;
        for o in occasions[1..].iter().filter(|o| o.day <= until) {
            bought[usize::try_from(o.day - first).unwrap_or(0)] += 1.0;
        }
    }
    let of_age: Vec<f64> = (0..span).map(|age| model.expected_purchases_new(age as f64)).collect();
    let mut points = Vec::new();
    let mut actual = 0.0;
    for day in 0..span {
        actual += bought[day];
        if day % 7 == 6 || day + 1 == span {
            let expected = (0..=day).map(|b| born[b] * of_age[day - b]).sum();
            points.push(TrackPoint { day: first + i32::try_from(day).unwrap_or(0), expected, actual });
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{occasions::Occasion, purchases::Span};

    /// Everybody orders on the same rhythm and nobody leaves: no rate differs from another, and no likelihood has a maximum.
    #[test]
    fn a_base_without_a_maximum_is_checked_by_what_is_used() {
        let (mut spans, mut occasions) = (Vec::new(), Vec::new());
        for customer in 0..60_i32 {
            let start = u32::try_from(occasions.len()).unwrap();
            occasions.extend((0..10).map(|n| Occasion { day: customer % 7 + 30 * n, minor: 10_000 }));
            spans.push(Span { start, len: 10 });
        }
        let base = Base { spans: &spans, occasions: &occasions };
        let trial = check(base, 280).unwrap();
        assert!(trial.candidates[..3].iter().all(|c| !c.converged), "{:?}", trial.candidates);
        let last = trial.candidates.last().unwrap();
        assert_eq!((last.model.as_str(), last.chosen, last.converged), (WITH_PRIOR, true, true));
        // Three orders each in the ninety-three days.
        assert_eq!(last.holdout_actual, Some(180.0));
        let expected = last.holdout_expected.unwrap();
        assert!((120.0..240.0).contains(&expected), "{expected}");
        assert_eq!(trial.candidates.iter().filter(|c| c.chosen).count(), 1);
    }
}
