//! Gamma-Gamma: what a purchase of a customer is worth, from the mean of the seen ones, drawn towards the
//! base's mean the more the fewer were seen. Assumes that spend and frequency are unrelated; the correlation
//! is reported beside every fit.

use super::{Fit, FitError, ModelKind};
use crate::rules::numeric::optimum::{Jet, Likelihood, maximise};
use crate::rules::numeric::special::{digamma, ln_gamma, trigamma};
use rayon::prelude::*;

/// Spend per purchase ~ Gamma(p, ν), ν ~ Gamma(q, γ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub gamma: f64,
}

/// `weight` customers whose `x` repeat purchases were worth `mean` on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    pub mean: f64,
    pub weight: f64,
    pub x: u32,
}

impl GammaGamma {
    #[must_use]
    pub fn from_fit(fit: &Fit) -> Option<Self> {
        match (fit.model, fit.parameters.as_slice()) {
            (ModelKind::GammaGamma, &[p, q, gamma]) => Some(Self { p, q, gamma }),
            _ => None,
        }
    }

    /// Expected value of the next purchase; with x = 0, the base's mean. `None` when the base's mean does
    /// not exist (q ≤ 1) and nothing was seen.
    #[must_use]
    pub fn expected_value(&self, x: u32, mean: f64) -> Option<f64> {
        let seen = self.p * f64::from(x);
        let rest = seen + self.q - 1.0;
        (rest > 0.0).then(|| self.p * (self.gamma + f64::from(x) * mean) / rest)
    }
}

struct Spends<'a> {
    /// Sorted by x, so that the gammas of one x are computed once per run.
    spends: &'a [Spend],
}

impl Spends<'_> {
    fn part(&self, spends: &[Spend], theta: &[f64; 3]) -> Jet<3> {
        let [p, q, g] = *theta;
        let (log_g, gamma_q, psi_q, tri_q) = (g.ln(), ln_gamma(q), digamma(q), trigamma(q));
        let mut jet = Jet::<3>::ZERO;
        let mut at = u32::MAX;
        let mut of_x = [0.0; 5];
        for spend in spends {
            let (w, x) = (spend.weight, f64::from(spend.x));
            if spend.x != at {
                at = spend.x;
                let (px, sum) = (p * x, p * x + q);
                of_x = [
                    ln_gamma(sum) - ln_gamma(px) - gamma_q + q * log_g,
                    digamma(sum),
                    digamma(px),
                    trigamma(sum),
                    trigamma(px),
                ];
            }
            let [base, psi_sum, psi_px, tri_sum, tri_px] = of_x;
            let total = x * spend.mean;
            let pool = g + total;
            let (log_mean, log_total, log_pool) = (spend.mean.ln(), total.ln(), pool.ln());
            let shape = p * x + q;
            jet.value += w * (base + p * x * log_total - log_mean - shape * log_pool);
            jet.gradient[0] += w * x * (psi_sum - psi_px + log_total - log_pool);
            jet.gradient[1] += w * (psi_sum - psi_q + log_g - log_pool);
            jet.gradient[2] += w * (q / g - shape / pool);
            jet.hessian[0][0] += w * x * x * (tri_sum - tri_px);
            jet.hessian[0][1] += w * x * tri_sum;
            jet.hessian[0][2] -= w * x / pool;
            jet.hessian[1][1] += w * (tri_sum - tri_q);
            jet.hessian[1][2] += w * (1.0 / g - 1.0 / pool);
            jet.hessian[2][2] += w * (shape / (pool * pool) - q / (g * g));
        }
        jet
    }
}

impl Likelihood<3> for Spends<'_> {
    fn jet(&self, theta: &[f64; 3]) -> Jet<3> {
        let parts: Vec<Jet<3>> =
            self.spends.par_chunks(16_384).map(|chunk| self.part(chunk, theta)).collect();
        let mut jet = parts.iter().fold(Jet::ZERO, Jet::plus);
        for i in 1..3 {
            for j in 0..i {
                jet.hessian[i][j] = jet.hessian[j][i];
            }
        }
        jet
    }

    fn customers(&self) -> f64 {
        self.spends.iter().map(|s| s.weight).sum()
    }
}

/// Fits Gamma-Gamma to customers with repeat purchases of a positive value; others are left out.
///
/// # Errors
/// `Empty` when nobody is left.
pub fn fit(spends: &[Spend], penalty: f64) -> Result<Fit, FitError> {
    let mut usable: Vec<Spend> =
        spends.iter().copied().filter(|s| s.x > 0 && s.mean > 0.0 && s.mean.is_finite()).collect();
    if usable.is_empty() {
        return Err(FitError::Empty);
    }
    usable.sort_unstable_by(|a, b| a.x.cmp(&b.x).then(a.mean.total_cmp(&b.mean)));
    // Money has its own scale (cents or thousands): fit in units of the mean, then put the scale back.
    let weight: f64 = usable.iter().map(|s| s.weight).sum();
    let unit = usable.iter().map(|s| s.weight * s.mean).sum::<f64>() / weight;
    for spend in &mut usable {
        spend.mean /= unit;
    }
    let all = Spends { spends: &usable };
    let scaled_penalty = penalty;
    let mut optimum = maximise(&all, &[2.0, 2.5, 1.0], scaled_penalty);
    if optimum.may_retry() {
        let retry = maximise(&all, &[6.0, 4.0, 0.5], scaled_penalty);
        if retry.converged {
            optimum = retry;
        }
    }
    optimum.parameters[2] *= unit;
    if let Some(covariance) = &mut optimum.covariance {
        covariance[2] = covariance[2].map(|v| v * unit);
        for row in covariance.iter_mut() {
            row[2] *= unit;
        }
    }
    // The density of a mean scales with the unit.
    optimum.log_likelihood -= weight * unit.ln();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of positive counts")]
    let customers = weight.round() as u64;
    Ok(Fit::from_optimum(ModelKind::GammaGamma, &optimum, customers))
}

/// Correlation of frequency and mean spend among repeat buyers: the model wants it near zero.
#[must_use]
pub fn frequency_spend_correlation(spends: &[Spend]) -> Option<f64> {
    let (mut n, mut mx, mut my, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for s in spends.iter().filter(|s| s.x > 0 && s.mean > 0.0 && s.mean.is_finite()) {
        n += s.weight;
        let (dx, dy) = (f64::from(s.x) - mx, s.mean - my);
        mx += s.weight * dx / n;
        my += s.weight * dy / n;
        xx += s.weight * dx * (f64::from(s.x) - mx);
        yy += s.weight * dy * (s.mean - my);
        xy += s.weight * dx * (s.mean - my);
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0).then(|| xy / scale)
}
