//! sBG: how long subscribers stay when each renewal is a toss whose odds differ between people.

use super::bg_bb::add_log_beta;
use super::{Fit, FitError, ModelKind};
use crate::rules::numeric::optimum::{Jet, Likelihood, maximise};
use crate::rules::numeric::special::ln_beta;

/// Probabilities of leaving at a renewal ~ Beta(α, β).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sbg {
    pub alpha: f64,
    pub beta: f64,
}

impl Sbg {
    /// Share of a cohort left after `t` renewals.
    #[must_use]
    pub fn survival(&self, t: f64) -> f64 {
        (ln_beta(self.alpha, self.beta + t) - ln_beta(self.alpha, self.beta)).exp()
    }

    /// Of those left after `t` renewals, the share still left after `horizon` more.
    #[must_use]
    pub fn survival_from(&self, t: f64, horizon: f64) -> f64 {
        (ln_beta(self.alpha, self.beta + t + horizon) - ln_beta(self.alpha, self.beta + t)).exp()
    }

    /// Expected renewals within the next `horizon`, of one left after `t`.
    #[must_use]
    pub fn expected_renewals(&self, t: f64, horizon: f64) -> f64 {
        let mut sum = 0.0;
        let mut k = 1.0;
        while k <= horizon {
            sum += self.survival_from(t, k);
            k += 1.0;
        }
        sum
    }
}

struct Survivors<'a>(&'a [u64]);

impl Likelihood<2> for Survivors<'_> {
    fn jet(&self, theta: &[f64; 2]) -> Jet<2> {
        let base = (theta[0], theta[1]);
        let mut jet = Jet::ZERO;
        for (t, pair) in self.0.windows(2).enumerate() {
            let lost = (pair[0] - pair[1]) as f64;
            add_log_beta(&mut jet, 0, base, (1.0, t as f64), lost);
            add_log_beta(&mut jet, 0, base, (0.0, 0.0), -lost);
        }
        let left = self.0.last().copied().unwrap_or(0) as f64;
        add_log_beta(&mut jet, 0, base, (0.0, (self.0.len() - 1) as f64), left);
        add_log_beta(&mut jet, 0, base, (0.0, 0.0), -left);
        jet
    }

    fn customers(&self) -> f64 {
        self.0.first().copied().unwrap_or(0) as f64
    }
}

/// Fits sBG to the numbers left at the start and after each renewal.
///
/// # Errors
/// `Empty` without survivors at the start, `Unsuitable` when the numbers grow or there is no renewal.
pub fn fit(survivors: &[u64], penalty: f64) -> Result<Fit, FitError> {
    match survivors {
        [] | [0, ..] => return Err(FitError::Empty),
        [_] => return Err(FitError::Unsuitable("one row of survivors shows no renewal".into())),
        _ => {}
    }
    if let Some(at) = survivors.windows(2).position(|pair| pair[1] > pair[0]) {
        return Err(FitError::Unsuitable(format!(
            "survivors grow from {} to {} at renewal {}",
            survivors[at],
            survivors[at + 1],
            at + 1
        )));
    }
    let optimum = maximise(&Survivors(survivors), &[1.0, 2.0], penalty);
    Ok(Fit::from_optimum(ModelKind::Sbg, &optimum, survivors[0]))
}
