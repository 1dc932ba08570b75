//! Pareto/NBD. The published likelihood holds A₀, a difference of two near-equal hypergeometric terms. Here
//! the integral it stands for, ∫ s·(α+u)^−(r+x)·(β+u)^−(s+1) du over the silent time, is summed by
//! Gauss-Legendre panels in log time: all terms are positive, nothing cancels, and the derivatives are
//! moments of the same sum.

use super::{Cell, Fit, FitError, ModelKind};
use crate::rules::numeric::optimum::{Jet, Likelihood, Mixture, maximise};
use crate::rules::numeric::special::{digamma, legendre, ln_gamma, trigamma};
use rayon::prelude::*;

/// Purchase rates λ ~ Gamma(r, α), dropout rates μ ~ Gamma(s, β).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParetoNbd {
    pub r: f64,
    pub alpha: f64,
    pub s: f64,
    pub beta: f64,
}

/// Calls `visit(u, ln(weight))` for the quadrature of ∫_{t_x}^{t} f(u) du, where f falls like
/// (α+u)^−(r+x)·(β+u)^−(s+1): panels in v = ln(δ+u), δ = min(α, β), the first as wide as ten e-foldings,
/// each next twice as wide.
fn quadrature(m: &ParetoNbd, x: f64, t_x: f64, t: f64, mut visit: impl FnMut(f64, f64)) {
    let shift = m.alpha.min(m.beta);
    let (mut from, to) = ((shift + t_x).ln(), (shift + t).ln());
    let mut width = 10.0 / (m.r + x + m.s + 1.0);
    while from < to {
        let until = (from + width.min(3.0)).min(to);
        // A sliver left over would cost a panel of its own.
        let until = if to - until < 0.1 * (until - from) { to } else { until };
        let span = until - from;
        for &(node, weight) in legendre() {
            let v = from + span * node;
            visit((v.exp() - shift).clamp(t_x, t), (weight * span).ln() + v);
        }
        from = until;
        width *= 2.0;
    }
}

impl ParetoNbd {
    /// ln of (alive term, alive + left), both without the common factor.
    fn terms(&self, x: f64, t_x: f64, t: f64) -> (f64, f64) {
        let alive = -(self.r + x) * (self.alpha + t).ln() - self.s * (self.beta + t).ln();
        let mut total = Mixture::<0>::new();
        total.push(alive, &[], &[]);
        quadrature(self, x, t_x, t, |u, weight| {
            let log =
                self.s.ln() - (self.r + x) * (self.alpha + u).ln() - (self.s + 1.0) * (self.beta + u).ln();
            total.push(log + weight, &[], &[]);
        });
        (alive, total.log())
    }

    #[must_use]
    pub fn log_likelihood(&self, x: u32, t_x: f64, t: f64) -> f64 {
        let x = f64::from(x);
        ln_gamma(self.r + x) - ln_gamma(self.r)
            + self.r * self.alpha.ln()
            + self.s * self.beta.ln()
            + self.terms(x, t_x, t).1
    }

    #[must_use]
    pub fn p_alive(&self, x: u32, t_x: f64, t: f64) -> f64 {
        let (alive, total) = self.terms(f64::from(x), t_x, t);
        (alive - total).exp().min(1.0)
    }

    /// Expected purchases in `horizon` of a customer known to be alive at `t`.
    #[must_use]
    pub fn purchases_if_alive(&self, x: u32, t: f64, horizon: f64) -> f64 {
        (self.r + f64::from(x)) / (self.alpha + t) * lifetime(self.s, self.beta + t, horizon)
    }

    #[must_use]
    pub fn expected_purchases_new(&self, horizon: f64) -> f64 {
        self.r / self.alpha * lifetime(self.s, self.beta, horizon)
    }
}

/// E[min(lifetime, t)] for μ ~ Gamma(s, β): β/(s−1)·[1 − (β/(β+t))^(s−1)], without the singularity at s = 1.
fn lifetime(s: f64, beta: f64, t: f64) -> f64 {
    let log_rest = -(t / beta).ln_1p();
    let power = (s - 1.0) * log_rest;
    if (s - 1.0).abs() < 1e-9 {
        -beta * log_rest * (1.0 + 0.5 * power)
    } else {
        -beta * power.exp_m1() / (s - 1.0)
    }
}

struct Histories<'a>(&'a [Cell]);

fn cell_jet(m: &ParetoNbd, cell: &Cell) -> Jet<4> {
    let x = f64::from(cell.x);
    let shape = m.r + x;
    let mut mixture = Mixture::<4>::new();
    let (end_a, end_b) = (m.alpha + cell.t, m.beta + cell.t);
    let mut hessian = [[0.0; 4]; 4];
    hessian[0][1] = -1.0 / end_a;
    hessian[1][0] = hessian[0][1];
    hessian[1][1] = shape / (end_a * end_a);
    hessian[2][3] = -1.0 / end_b;
    hessian[3][2] = hessian[2][3];
    hessian[3][3] = m.s / (end_b * end_b);
    mixture.push(
        -shape * end_a.ln() - m.s * end_b.ln(),
        &[-end_a.ln(), -shape / end_a, -end_b.ln(), -m.s / end_b],
        &hessian,
    );
    let log_s = m.s.ln();
    quadrature(m, x, cell.t_x, cell.t, |u, weight| {
        let (at_a, at_b) = (m.alpha + u, m.beta + u);
        let (log_a, log_b) = (at_a.ln(), at_b.ln());
        let mut hessian = [[0.0; 4]; 4];
        hessian[0][1] = -1.0 / at_a;
        hessian[1][0] = hessian[0][1];
        hessian[1][1] = shape / (at_a * at_a);
        hessian[2][2] = -1.0 / (m.s * m.s);
        hessian[2][3] = -1.0 / at_b;
        hessian[3][2] = hessian[2][3];
        hessian[3][3] = (m.s + 1.0) / (at_b * at_b);
        mixture.push(
            log_s - shape * log_a - (m.s + 1.0) * log_b + weight,
            &[-log_a, -shape / at_a, 1.0 / m.s - log_b, -(m.s + 1.0) / at_b],
            &hessian,
        );
    });
    let mut jet = mixture.jet();
    jet.value += ln_gamma(shape) - ln_gamma(m.r) + m.r * m.alpha.ln() + m.s * m.beta.ln();
    jet.gradient[0] += digamma(shape) - digamma(m.r) + m.alpha.ln();
    jet.gradient[1] += m.r / m.alpha;
    jet.gradient[2] += m.beta.ln();
    jet.gradient[3] += m.s / m.beta;
    jet.hessian[0][0] += trigamma(shape) - trigamma(m.r);
    jet.hessian[0][1] += 1.0 / m.alpha;
    jet.hessian[1][0] += 1.0 / m.alpha;
    jet.hessian[1][1] -= m.r / (m.alpha * m.alpha);
    jet.hessian[2][3] += 1.0 / m.beta;
    jet.hessian[3][2] += 1.0 / m.beta;
    jet.hessian[3][3] -= m.s / (m.beta * m.beta);
    jet
}

impl Likelihood<4> for Histories<'_> {
    fn jet(&self, theta: &[f64; 4]) -> Jet<4> {
        let [r, alpha, s, beta] = *theta;
        let model = ParetoNbd { r, alpha, s, beta };
        let parts: Vec<Jet<4>> = self
            .0
            .par_chunks(256)
            .map(|chunk| {
                let mut sum = Jet::ZERO;
                for cell in chunk {
                    sum.add(&cell_jet(&model, cell), cell.weight);
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

/// Fits Pareto/NBD.
///
/// # Errors
/// `Empty` without customers. A search that did not reach the maximum is returned with `converged: false`.
pub fn fit(cells: &[Cell], penalty: f64) -> Result<Fit, FitError> {
    let all = Histories(cells);
    let customers = all.customers();
    if customers == 0.0 {
        return Err(FitError::Empty);
    }
    let age = (cells.iter().map(|c| c.weight * c.t).sum::<f64>() / customers).max(1e-3);
    let mut start = [0.5, age / 2.0, 0.6, age / 2.0];
    const THIN: usize = 4_000;
    if cells.len() > 8 * THIN {
        let thin: Vec<Cell> = cells.iter().copied().step_by(cells.len() / THIN).collect();
        let rough = maximise(&Histories(&thin), &start, penalty);
        if rough.converged {
            start = rough.parameters;
        }
    }
    let mut optimum = maximise(&all, &start, penalty);
    if optimum.may_retry() {
        let retry = maximise(&all, &[1.0, age, 1.0, age], penalty);
        if retry.converged {
            optimum = retry;
        }
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of positive counts")]
    let customers = customers.round() as u64;
    Ok(Fit::from_optimum(ModelKind::ParetoNbd, &optimum, customers))
}
