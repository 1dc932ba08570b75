//! BG/BB: purchases and leaving at regular opportunities (a yearly gift, a season, an issue).

use super::{Fit, FitError, ModelKind};
use crate::rules::numeric::optimum::{Jet, Likelihood, Mixture, maximise};
use crate::rules::numeric::special::{digamma, ln_beta, trigamma};
use rayon::prelude::*;

/// Purchase probabilities ~ Beta(α, β), dropout probabilities ~ Beta(γ, δ), per opportunity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgBb {
    pub alpha: f64,
    pub beta: f64,
    pub gamma: f64,
    pub delta: f64,
}

/// `weight` customers with `x` purchases in `periods` opportunities, the last at opportunity `t_x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opportunities {
    pub x: u32,
    pub t_x: u32,
    pub periods: u32,
    pub weight: f64,
}

/// Adds `sign` × ln B(p + i, q + j) to a jet of logs, where p and q are parameters `at` and `at + 1`.
pub(super) fn add_log_beta<const N: usize>(
    jet: &mut Jet<N>,
    at: usize,
    (p, q): (f64, f64),
    (i, j): (f64, f64),
    sign: f64,
) {
    let (p, q) = (p + i, q + j);
    jet.value += sign * ln_beta(p, q);
    let (sum, tri) = (digamma(p + q), trigamma(p + q));
    jet.gradient[at] += sign * (digamma(p) - sum);
    jet.gradient[at + 1] += sign * (digamma(q) - sum);
    jet.hessian[at][at] += sign * (trigamma(p) - tri);
    jet.hessian[at + 1][at + 1] += sign * (trigamma(q) - tri);
    jet.hessian[at][at + 1] -= sign * tri;
    jet.hessian[at + 1][at] -= sign * tri;
}

impl BgBb {
    fn buys(&self, x: f64, misses: f64) -> f64 {
        ln_beta(self.alpha + x, self.beta + misses) - ln_beta(self.alpha, self.beta)
    }

    fn stays(&self, periods: f64) -> f64 {
        ln_beta(self.gamma, self.delta + periods) - ln_beta(self.gamma, self.delta)
    }

    #[must_use]
    pub fn log_likelihood(&self, x: f64, t_x: f64, n: f64) -> f64 {
        let mut sum = Mixture::<0>::new();
        sum.push(self.buys(x, n - x) + self.stays(n), &[], &[]);
        let mut i = 0.0;
        while i < n - t_x {
            let leaves = ln_beta(self.gamma + 1.0, self.delta + t_x + i) - ln_beta(self.gamma, self.delta);
            sum.push(self.buys(x, t_x - x + i) + leaves, &[], &[]);
            i += 1.0;
        }
        sum.log()
    }

    /// Probability of being alive at the next opportunity, n + 1 (eq. 11 of the paper).
    #[must_use]
    pub fn p_alive(&self, x: u32, t_x: f64, n: f64) -> f64 {
        let x = f64::from(x);
        (self.buys(x, n - x) + self.stays(n + 1.0) - self.log_likelihood(x, t_x, n)).exp()
    }

    /// Expected purchases at the next `horizon` opportunities: a sum over them, which has no singularity at
    /// γ = 1.
    #[must_use]
    pub fn expected_purchases(&self, x: u32, t_x: f64, n: f64, horizon: f64) -> f64 {
        let x = f64::from(x);
        let base = ln_beta(self.alpha + x + 1.0, self.beta + n - x)
            - ln_beta(self.alpha, self.beta)
            - self.log_likelihood(x, t_x, n);
        self.sum_of_stays(n, horizon, base)
    }

    #[must_use]
    pub fn expected_purchases_new(&self, horizon: f64) -> f64 {
        self.sum_of_stays(0.0, horizon, (self.alpha / (self.alpha + self.beta)).ln())
    }

    fn sum_of_stays(&self, n: f64, horizon: f64, base: f64) -> f64 {
        let mut sum = 0.0;
        let mut k = 1.0;
        while k <= horizon {
            sum += (base + self.stays(n + k)).exp();
            k += 1.0;
        }
        sum
    }
}

struct Histories<'a>(&'a [Opportunities]);

impl Likelihood<4> for Histories<'_> {
    fn jet(&self, theta: &[f64; 4]) -> Jet<4> {
        let (buy, leave) = ((theta[0], theta[1]), (theta[2], theta[3]));
        let parts: Vec<Jet<4>> = self
            .0
            .par_chunks(64)
            .map(|chunk| {
                let mut sum = Jet::ZERO;
                for c in chunk {
                    let (x, t_x, n) = (f64::from(c.x), f64::from(c.t_x), f64::from(c.periods));
                    let mut mixture = Mixture::<4>::new();
                    let mut alive = Jet::ZERO;
                    add_log_beta(&mut alive, 0, buy, (x, n - x), 1.0);
                    add_log_beta(&mut alive, 2, leave, (0.0, n), 1.0);
                    mixture.push(alive.value, &alive.gradient, &alive.hessian);
                    for i in 0..c.periods - c.t_x {
                        let at = t_x + f64::from(i);
                        let mut left = Jet::ZERO;
                        add_log_beta(&mut left, 0, buy, (x, at - x), 1.0);
                        add_log_beta(&mut left, 2, leave, (1.0, at), 1.0);
                        mixture.push(left.value, &left.gradient, &left.hessian);
                    }
                    let mut jet = mixture.jet();
                    add_log_beta(&mut jet, 0, buy, (0.0, 0.0), -1.0);
                    add_log_beta(&mut jet, 2, leave, (0.0, 0.0), -1.0);
                    sum.add(&jet, c.weight);
                }
                sum
            })
            .collect();
        parts.iter().fold(Jet::ZERO, Jet::plus)
    }

    fn customers(&self) -> f64 {
        self.0.iter().map(|c| c.weight).sum()
    }
}

/// Fits BG/BB.
///
/// # Errors
/// `Empty` without customers, `Unsuitable` for impossible histories.
pub fn fit(cells: &[Opportunities], penalty: f64) -> Result<Fit, FitError> {
    let all = Histories(cells);
    if all.customers() <= 0.0 {
        return Err(FitError::Empty);
    }
    if let Some(c) = cells.iter().find(|c| c.x > c.t_x || c.t_x > c.periods || (c.x == 0) != (c.t_x == 0)) {
        return Err(FitError::Unsuitable(format!(
            "{} purchases, the last at opportunity {} of {}, cannot be",
            c.x, c.t_x, c.periods
        )));
    }
    let mut optimum = maximise(&all, &[1.0, 1.0, 0.7, 2.5], penalty);
    if optimum.may_retry() {
        let retry = maximise(&all, &[0.5, 0.5, 1.0, 10.0], penalty);
        if retry.converged {
            optimum = retry;
        }
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of positive counts")]
    let customers = all.customers().round() as u64;
    Ok(Fit::from_optimum(ModelKind::BgBb, &optimum, customers))
}
