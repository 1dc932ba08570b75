//! One version of everything that profiles are computed with: the base's rhythm and the fitted models. Under
//! one version, profiles depend only on the customer's own orders and the day.

use super::btyd::bg_nbd::Dropout;
use super::btyd::gamma_gamma::{GammaGamma, Spend, frequency_spend_correlation};
use super::btyd::{Cell, Fit, ModelKind, PurchaseModel, bg_nbd, cells, gamma_gamma, pareto_nbd};
use super::check::{Check, check};
use super::occasions::{History, Occasion};
use super::purchases::Span;
use super::rhythm::Rhythm;
use serde::{Deserialize, Serialize};

/// Days ahead of every forecast: twelve months.
pub const HORIZON_DAYS: f64 = 365.0;

/// A fit as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptFit {
    pub model: String,
    pub parameters: Vec<f64>,
    pub standard_errors: Vec<Option<f64>>,
    pub covariance: Vec<Vec<f64>>,
    pub log_likelihood: f64,
    pub customers: u64,
    pub converged: bool,
    pub iterations: u32,
    /// Fitted with a weak prior, because the likelihood alone has no maximum.
    #[serde(default)]
    pub with_prior: bool,
}

impl From<&Fit> for KeptFit {
    fn from(fit: &Fit) -> Self {
        Self {
            model: fit.model.name().to_string(),
            parameters: fit.parameters.clone(),
            standard_errors: fit.standard_errors(),
            covariance: fit.covariance.clone(),
            log_likelihood: fit.log_likelihood,
            customers: fit.customers,
            converged: fit.converged,
            iterations: fit.iterations,
            with_prior: false,
        }
    }
}

/// The published model of a base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub version: i64,
    /// The last day of the data it was made from.
    pub made_day: i32,
    pub customers: u64,
    /// 80th percentile of the gaps between purchases, in days.
    pub lapse_days: f64,
    /// True when nobody came back yet and the threshold is a default.
    pub lapse_is_default: bool,
    /// The gaps that the threshold rests on.
    pub gaps: u64,
    pub median_gap: f64,
    /// The day on which the threshold was learnt or set; in older versions the day of the version.
    #[serde(default)]
    pub lapse_day: Option<i32>,
    /// A person has set the threshold.
    #[serde(default)]
    pub lapse_by_hand: bool,
    /// Gaps that a campaign ended, left out of the threshold.
    #[serde(default)]
    pub campaign_gaps: u64,
    /// The purchase model in use, in days; absent when none converged, and then nothing is forecast.
    pub purchases: Option<KeptFit>,
    /// Gamma-Gamma in minor units.
    pub spend: Option<KeptFit>,
    pub spend_correlation: Option<f64>,
    /// Mean value of a purchase: what is expected when there is no spend model.
    pub mean_minor: f64,
    /// Every model tried, with its hold-out check.
    pub candidates: Vec<Candidate>,
    pub check: Option<Check>,
}

/// A model that was tried, and how it did on days it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub model: String,
    pub converged: bool,
    pub log_likelihood: Option<f64>,
    /// Root mean squared error of purchases per customer in the hold-out.
    pub holdout_rmse: Option<f64>,
    pub holdout_expected: Option<f64>,
    pub holdout_actual: Option<f64>,
    pub chosen: bool,
}

/// Purchases by customer: a span of the occasions for each.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    pub spans: &'a [Span],
    pub occasions: &'a [Occasion],
}

impl<'a> Base<'a> {
    #[must_use]
    pub fn customers(&self) -> usize {
        self.spans.len()
    }

    #[must_use]
    pub fn of(&self, i: usize) -> &'a [Occasion] {
        &self.occasions[self.spans[i].range()]
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [Occasion]> + '_ {
        (0..self.customers()).map(|i| self.of(i))
    }
}

/// Histories in days, up to and including `until`.
#[must_use]
pub fn histories(base: Base<'_>, until: i32) -> Vec<History> {
    (0..base.customers())
        .filter_map(|i| History::of(u32::try_from(i).unwrap_or(u32::MAX), base.of(i), until))
        .collect()
}

pub(super) fn cell_of(history: &History) -> Cell {
    Cell::one(history.x, f64::from(history.t_x), f64::from(history.t))
}

/// Fits one purchase model in days; the slow one sees a sample of a large base.
pub(super) fn fit_purchases(kind: ModelKind, histories: &[History]) -> Option<Fit> {
    const PARETO_SAMPLE: usize = 5_000;
    let x: Vec<u32> = histories.iter().map(|h| h.x).collect();
    let t_x: Vec<u32> = histories.iter().map(|h| h.t_x).collect();
    let t: Vec<u32> = histories.iter().map(|h| h.t).collect();
    match kind {
        ModelKind::BgNbd => {
            bg_nbd::fit(Dropout::AfterRepeat, &cells::compress_days(&x, &t_x, &t, 1.0), 0.0).ok()
        }
        ModelKind::MbgNbd => {
            bg_nbd::fit(Dropout::AfterAny, &cells::compress_days(&x, &t_x, &t, 1.0), 0.0).ok()
        }
        ModelKind::ParetoNbd => {
            let step = histories.len().div_ceil(PARETO_SAMPLE).max(1);
            let sample: Vec<Cell> = histories.iter().step_by(step).map(cell_of).collect();
            pareto_nbd::fit(&cells::compress(sample), 0.0).ok()
        }
        _ => None,
    }
}

/// MBG/NBD with a weak prior; not for bases in which nobody came back, which tell nothing of a rhythm.
pub(super) fn fit_with_prior(histories: &[History]) -> Option<KeptFit> {
    if histories.iter().filter(|h| h.x > 0).count() < 5 {
        return None;
    }
    let cells = cells::compress(histories.iter().map(cell_of).collect());
    let fit = bg_nbd::fit_with_prior(Dropout::AfterAny, &cells).ok().filter(|fit| fit.converged)?;
    Some(KeptFit { with_prior: true, ..KeptFit::from(&fit) })
}

impl Model {
    /// Learns from all purchases up to the day `as_of`; stages are judged by `rhythm`.
    #[must_use]
    pub fn learn(version: i64, base: Base<'_>, as_of: i32, rhythm: &Rhythm) -> Self {
        let (mut total, mut purchases) = (0i64, 0u64);
        for occasions in base.iter() {
            for occasion in occasions {
                total = total.saturating_add(occasion.minor);
                purchases += u64::from(occasion.minor > 0);
            }
        }
        let histories = histories(base, as_of);
        let trial = check(base, as_of);
        let (candidates, chosen, check) = match trial {
            Some(trial) => (trial.candidates, Some(trial.chosen), Some(trial.check)),
            None => (Vec::new(), None, None),
        };
        // MBG first where the base is too young for a hold-out: it alone can doubt a one-time buyer.
        let order = match chosen {
            Some(kind) => vec![kind, ModelKind::MbgNbd, ModelKind::BgNbd, ModelKind::ParetoNbd],
            None => vec![ModelKind::MbgNbd, ModelKind::BgNbd, ModelKind::ParetoNbd],
        };
        let purchases_fit = order
            .into_iter()
            .find_map(|kind| fit_purchases(kind, &histories).filter(|fit| fit.converged))
            .map(|fit| KeptFit::from(&fit))
            .or_else(|| fit_with_prior(&histories));
        let spends: Vec<Spend> = histories
            .iter()
            .filter(|h| h.paid > 0)
            .map(|h| Spend { x: h.paid, mean: h.repeat_minor as f64 / f64::from(h.paid), weight: 1.0 })
            .collect();
        let spend_fit = gamma_gamma::fit(&spends, 0.0).ok().filter(|fit| fit.converged);
        Self {
            version,
            made_day: as_of,
            customers: histories.len() as u64,
            lapse_days: rhythm.lapse_days,
            lapse_is_default: rhythm.is_default,
            gaps: rhythm.gaps,
            median_gap: rhythm.median_gap,
            lapse_day: Some(rhythm.day),
            lapse_by_hand: rhythm.by_hand,
            campaign_gaps: rhythm.campaign_gaps,
            purchases: purchases_fit,
            spend: spend_fit.as_ref().map(KeptFit::from),
            spend_correlation: frequency_spend_correlation(&spends),
            mean_minor: if purchases == 0 { 0.0 } else { total as f64 / purchases as f64 },
            candidates,
            check,
        }
    }

    /// What this version judges stages by.
    #[must_use]
    pub fn rhythm(&self) -> Rhythm {
        Rhythm {
            lapse_days: self.lapse_days,
            median_gap: self.median_gap,
            is_default: self.lapse_is_default,
            by_hand: self.lapse_by_hand,
            gaps: self.gaps,
            campaign_gaps: self.campaign_gaps,
            day: self.lapse_day.unwrap_or(self.made_day),
        }
    }

    /// The purchase model, ready to predict.
    #[must_use]
    pub fn purchase_model(&self) -> Option<PurchaseModel> {
        let fit = self.purchases.as_ref()?;
        PurchaseModel::new(ModelKind::from_name(&fit.model)?, &fit.parameters)
    }

    #[must_use]
    pub fn spend_model(&self) -> Option<GammaGamma> {
        match self.spend.as_ref()?.parameters.as_slice() {
            &[p, q, gamma] => Some(GammaGamma { p, q, gamma }),
            _ => None,
        }
    }
}
