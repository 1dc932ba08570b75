//! BG/NBD and MBG/NBD. They differ in one thing: in BG/NBD a customer can leave only after a repeat
//! purchase (so every one-time buyer is surely alive), in MBG/NBD after any purchase, the first included.

mod histories;
mod sums;

use super::{Cell, Fit, FitError, ModelKind};
use crate::rules::numeric::optimum::{LogPrior, Optimum, maximise, maximise_with, polish};
use crate::rules::numeric::special::{legendre, ln_beta, ln_gamma, logistic, softplus};
use histories::Histories;

/// When a customer may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropout {
    /// BG/NBD.
    AfterRepeat,
    /// MBG/NBD.
    AfterAny,
}

impl Dropout {
    /// Chances to leave that a customer has survived or used: x, or x + 1 with the first purchase.
    fn chances(self, x: u32) -> f64 {
        f64::from(x) + if self == Self::AfterAny { 1.0 } else { 0.0 }
    }
}

/// Parameters: purchase rates λ ~ Gamma(r, α), dropout probabilities p ~ Beta(a, b).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
    pub dropout: Dropout,
}

impl BgNbd {
    fn chances(&self, x: u32) -> f64 {
        self.dropout.chances(x)
    }

    #[must_use]
    pub fn p_alive(&self, x: u32, t_x: f64, t: f64) -> f64 {
        let chances = self.chances(x);
        if chances == 0.0 {
            return 1.0;
        }
        let left = self.log_odds(x) + (self.r + f64::from(x)) * ((t - t_x) / (self.alpha + t_x)).ln_1p();
        logistic(-left)
    }

    /// The part of the log odds of having left that does not depend on time; of customers who may have left.
    pub(in crate::rules) fn log_odds(&self, x: u32) -> f64 {
        (self.a / (self.b + self.chances(x) - 1.0)).ln()
    }

    /// Whether a customer may have left without a repeat purchase.
    pub(in crate::rules) fn may_leave_at_once(&self) -> bool {
        self.chances(0) > 0.0
    }

    /// Expected purchases in `horizon` of a customer known to be alive at `t`. Does not depend on the last
    /// purchase, so a table by (x, t) serves a whole base.
    #[must_use]
    pub fn purchases_if_alive(&self, x: u32, t: f64, horizon: f64) -> f64 {
        purchases(self.r + f64::from(x), self.alpha + t, self.a, self.b + self.chances(x), horizon)
    }

    #[must_use]
    pub fn expected_purchases_new(&self, horizon: f64) -> f64 {
        match self.dropout {
            Dropout::AfterRepeat => purchases(self.r, self.alpha, self.a, self.b, horizon),
            Dropout::AfterAny => {
                self.b / (self.a + self.b) * purchases(self.r, self.alpha, self.a, self.b + 1.0, horizon)
            }
        }
    }

    /// P(X(t) = n) of a new customer: n repeat purchases within `t` of the first one.
    #[must_use]
    pub fn probability_of_count(&self, n: u32, t: f64) -> f64 {
        let count = f64::from(n);
        let (r, alpha, a, b) = (self.r, self.alpha, self.a, self.b);
        let negative_binomial = |k: f64| {
            (ln_gamma(r + k) - ln_gamma(r) - ln_gamma(k + 1.0)
                + r * (alpha / (alpha + t)).ln()
                + k * (t / (alpha + t)).ln())
            .exp()
        };
        // P(at least n Poisson-gamma events by t) − handled as 1 − Σ_{j<n}.
        let at_least: f64 = (1.0 - (0..n).map(|k| negative_binomial(f64::from(k))).sum::<f64>()).max(0.0);
        let chances = self.chances(n);
        let stays = if chances == 0.0 { 1.0 } else { (ln_beta(a, b + chances) - ln_beta(a, b)).exp() };
        let leaves =
            if chances == 0.0 { 0.0 } else { (ln_beta(a + 1.0, b + chances - 1.0) - ln_beta(a, b)).exp() };
        stays * negative_binomial(count) + leaves * at_least
    }
}

/// E[(1 − e^{−λpt}) / p] over λ ~ Gamma(rate, scale), p ~ Beta(a, b): purchases until t of a customer who
/// leaves with probability p after each.
///
/// The published form (a+b−1)/(a−1)·[1 − …₂F₁] after Euler's transform, with (a − 1) and (a + b − 1) divided
/// out of the series, so it has no singularity at a = 1 or a + b = 1 and converges fast for long histories.
fn purchases(rate: f64, scale: f64, a: f64, b: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return 0.0;
    }
    let log_rest = -(t / scale).ln_1p();
    // The series grows like (1 − z)^−a before it is scaled back: past this it would overflow.
    if a * -log_rest > 30.0 {
        return purchases_by_quadrature(rate, scale, a, b, t);
    }
    let z = t / (scale + t);
    let c = a + b - 1.0;
    let first = c - rate;
    let power = (a - 1.0) * log_rest;
    let head = if (a - 1.0).abs() < 1e-9 {
        // −expm1(y) / (a − 1) with y = (a − 1)·L, to second order.
        -log_rest * (1.0 + 0.5 * power)
    } else {
        -power.exp_m1() / (a - 1.0)
    };
    let mut term = first * z;
    let mut sum = term;
    let mut n = 1.0;
    while n < 500_000.0 {
        term *= (first + n) * (a + n - 1.0) / ((a + b + n - 1.0) * (n + 1.0)) * z;
        sum += term;
        n += 1.0;
        // The rest of the series is below term·z/(1−z) once its ratio is near z.
        if term.abs() <= 1e-17 * (sum.abs() + 1e-300) * (1.0 - z).max(1e-6) {
            break;
        }
    }
    (c * head - power.exp() * sum).max(0.0)
}

/// The same expectation as a weighted mean over p, for sharply peaked Beta(a, b): Gauss-Legendre panels in
/// logit p, widening away from the mode.
fn purchases_by_quadrature(rate: f64, scale: f64, a: f64, b: f64, t: f64) -> f64 {
    let mode = (a / b).ln();
    let width = ((a + b) / (a * b)).sqrt().min(1.0);
    let log_density = |v: f64| {
        // ln(pᵃ(1 − p)ᵇ) for p = 1 / (1 + e⁻ᵛ): the Beta density with the Jacobian of the logit.
        -a * softplus(-v) - b * softplus(v)
    };
    let top = log_density(mode);
    let (mut mass, mut sum) = (0.0, 0.0);
    for direction in [-1.0, 1.0] {
        let mut from = 0.0;
        let mut span = width;
        loop {
            let mut panel = 0.0;
            for &(node, weight) in legendre() {
                let v = mode + direction * (from + span * node);
                let w = weight * span * (log_density(v) - top).exp();
                let p = logistic(v);
                let value =
                    if p > 0.0 { -(-rate * (p * t / scale).ln_1p()).exp_m1() / p } else { rate * t / scale };
                panel += w;
                sum += w * value;
            }
            mass += panel;
            if panel < 1e-17 * mass {
                break;
            }
            from += span;
            span = (span * 1.5).min(4.0);
        }
    }
    sum / mass
}

/// Fits BG/NBD or MBG/NBD.
///
/// # Errors
/// `Empty` without customers. A search that did not reach the maximum is returned with `converged: false`.
pub fn fit(dropout: Dropout, cells: &[Cell], penalty: f64) -> Result<Fit, FitError> {
    let model = match dropout {
        Dropout::AfterRepeat => ModelKind::BgNbd,
        Dropout::AfterAny => ModelKind::MbgNbd,
    };
    let all = Histories::new(dropout, cells);
    if all.customers == 0.0 {
        return Err(FitError::Empty);
    }
    let age = cells.iter().map(|c| c.weight * c.t).sum::<f64>() / all.customers;
    let start = [0.5, (age / 2.0).max(1e-3), 0.7, 2.0];
    // A sample gives a start so near that a larger one, and then the whole, need only the last steps.
    let near = all.sample(1 << 13).map(|some| maximise(&some, &start, penalty)).filter(|o| o.converged);
    let nearer = near.as_ref().and_then(|near| {
        let some = all.sample((all.len() / 16).max(1 << 17))?;
        Some(polish(&some, &near.parameters, penalty)).filter(|o| o.converged)
    });
    let mut optimum: Optimum<4> = match nearer.or(near) {
        Some(near) => polish(&all, &near.parameters, penalty),
        None => maximise(&all, &start, penalty),
    };
    if optimum.may_retry() {
        let retry = maximise(&all, &[1.0, age.max(1e-3), 1.0, 1.0], penalty);
        if retry.converged {
            optimum = retry;
        }
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of positive counts")]
    let customers = all.customers.round() as u64;
    Ok(Fit::from_optimum(model, &optimum, customers))
}

/// Fits with a weak prior on the logs of the parameters, for bases whose likelihood has no maximum (all leave
/// with one probability, say, and a and b run to infinity together). Not a maximum-likelihood fit, and said so.
///
/// # Errors
/// `Empty` without customers.
pub fn fit_with_prior(dropout: Dropout, cells: &[Cell]) -> Result<Fit, FitError> {
    let model = match dropout {
        Dropout::AfterRepeat => ModelKind::BgNbd,
        Dropout::AfterAny => ModelKind::MbgNbd,
    };
    let all = Histories::new(dropout, cells);
    if all.customers == 0.0 {
        return Err(FitError::Empty);
    }
    let age = cells.iter().map(|c| c.weight * c.t).sum::<f64>() / all.customers;
    let start = [0.5, (age / 2.0).max(1e-3), 0.7, 2.0];
    let optimum = maximise_with(&all, &start, 0.0, Some(LogPrior { standard_deviation: 1.5 }));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of positive counts")]
    let customers = all.customers.round() as u64;
    Ok(Fit::from_optimum(model, &optimum, customers))
}

/// Log-likelihood of one history, for checks against other implementations.
#[must_use]
pub fn log_likelihood(model: &BgNbd, cell: &Cell) -> f64 {
    let x = f64::from(cell.x);
    let m = model.chances(cell.x);
    let base = ln_gamma(model.r + x) - ln_gamma(model.r) + model.r * model.alpha.ln()
        - (model.r + x) * (model.alpha + cell.t).ln();
    if m == 0.0 {
        return cell.weight * base;
    }
    let u = (model.a / (model.b + m - 1.0)).ln()
        + (model.r + x) * ((model.alpha + cell.t) / (model.alpha + cell.t_x)).ln();
    cell.weight * (base + ln_beta(model.a, model.b + m) - ln_beta(model.a, model.b) + softplus(u))
}
