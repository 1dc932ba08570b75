//! Maximum of a concave-enough log-likelihood over positive parameters: damped Newton steps in the logs
//! of the parameters, with exact gradients and Hessians. Says when it did not get there.

/// Value, gradient and Hessian of a function of `N` parameters at one point.
#[derive(Debug, Clone, Copy)]
pub struct Jet<const N: usize> {
    pub value: f64,
    pub gradient: [f64; N],
    pub hessian: [[f64; N]; N],
}

impl<const N: usize> Jet<N> {
    pub const ZERO: Self = Self { value: 0.0, gradient: [0.0; N], hessian: [[0.0; N]; N] };

    /// Sum of two jets: likelihoods of independent customers.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.add(other, 1.0);
        self
    }

    pub fn add(&mut self, other: &Self, weight: f64) {
        self.value += weight * other.value;
        for i in 0..N {
            self.gradient[i] += weight * other.gradient[i];
            for j in 0..N {
                self.hessian[i][j] += weight * other.hessian[i][j];
            }
        }
    }
}

/// Sum of exponentials of log terms with their derivatives, folded without overflow: the likelihood of a
/// mixture ("still alive" or "left after the k-th period") as one jet of its logarithm.
#[derive(Debug, Clone, Copy)]
pub struct Mixture<const N: usize> {
    top: f64,
    mass: f64,
    first: [f64; N],
    second: [[f64; N]; N],
}

impl<const N: usize> Mixture<N> {
    #[must_use]
    pub fn new() -> Self {
        Self { top: f64::NEG_INFINITY, mass: 0.0, first: [0.0; N], second: [[0.0; N]; N] }
    }

    /// Adds exp(`log`), where `gradient` and `hessian` are those of `log`.
    pub fn push(&mut self, log: f64, gradient: &[f64; N], hessian: &[[f64; N]; N]) {
        if log > self.top {
            let shrink = (self.top - log).exp();
            self.mass *= shrink;
            for i in 0..N {
                self.first[i] *= shrink;
                for j in 0..N {
                    self.second[i][j] *= shrink;
                }
            }
            self.top = log;
        }
        let p = (log - self.top).exp();
        self.mass += p;
        for i in 0..N {
            self.first[i] += p * gradient[i];
            for j in 0..N {
                self.second[i][j] += p * (hessian[i][j] + gradient[i] * gradient[j]);
            }
        }
    }

    /// ln of the sum so far.
    #[must_use]
    pub fn log(&self) -> f64 {
        self.top + self.mass.ln()
    }

    #[must_use]
    pub fn jet(&self) -> Jet<N> {
        let mut jet = Jet { value: self.log(), ..Jet::ZERO };
        for i in 0..N {
            jet.gradient[i] = self.first[i] / self.mass;
        }
        for i in 0..N {
            for j in 0..N {
                jet.hessian[i][j] = self.second[i][j] / self.mass - jet.gradient[i] * jet.gradient[j];
            }
        }
        jet
    }
}

impl<const N: usize> Default for Mixture<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Optimum<N> {
    /// Whether another start is worth a try: not when the parameters ran away along a ridge.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        !self.converged && self.parameters.iter().all(|p| p.ln().abs() < 10.0)
    }
}

/// A log-likelihood in its natural, positive parameters.
pub trait Likelihood<const N: usize>: Sync {
    /// Total log-likelihood with derivatives.
    fn jet(&self, parameters: &[f64; N]) -> Jet<N>;
    /// How many customers it sums over.
    fn customers(&self) -> f64;
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub struct Optimum<const N: usize> {
    pub parameters: [f64; N],
    pub log_likelihood: f64,
    /// Inverse of the observed information; `None` where it is not positive definite.
    pub covariance: Option<[[f64; N]; N]>,
    pub iterations: u32,
    pub converged: bool,
}

/// Natural parameters beyond these have run away: the data does not hold them.
const LOG_BOUND: f64 = 16.0;

/// Relative to the diagonal of the Hessian, where nothing is known of the start.
const FIRST_DAMPING: f64 = 1e-3;

/// The step in the logs of the parameters after which a search ends.
const LAST_STEP: f64 = 1e-4;

/// A standard error of a parameter's logarithm beyond this says that the data does not determine it: the
/// likelihood is flat towards infinity, and stopping there is not a maximum.
const LOG_ERROR_BOUND: f64 = 10.0;

/// A weak normal prior on the logs of the parameters, around the start of the search.
#[derive(Debug, Clone, Copy)]
pub struct LogPrior {
    pub standard_deviation: f64,
}

/// Maximises `likelihood − penalty × customers × Σθ²` from `start`.
#[must_use]
pub fn maximise<const N: usize>(
    likelihood: &impl Likelihood<N>,
    start: &[f64; N],
    penalty: f64,
) -> Optimum<N> {
    climb(likelihood, start, penalty, None, FIRST_DAMPING)
}

/// As [`maximise`], from a start so near that Newton's own steps lead up.
#[must_use]
pub fn polish<const N: usize>(likelihood: &impl Likelihood<N>, start: &[f64; N], penalty: f64) -> Optimum<N> {
    climb(likelihood, start, penalty, None, 0.0)
}

/// As [`maximise`], with a prior for data whose maximum does not exist.
#[must_use]
pub fn maximise_with<const N: usize>(
    likelihood: &impl Likelihood<N>,
    start: &[f64; N],
    penalty: f64,
    prior: Option<LogPrior>,
) -> Optimum<N> {
    climb(likelihood, start, penalty, prior, FIRST_DAMPING)
}

fn climb<const N: usize>(
    likelihood: &impl Likelihood<N>,
    start: &[f64; N],
    penalty: f64,
    prior: Option<LogPrior>,
    mut damping: f64,
) -> Optimum<N> {
    let centre = start.map(f64::ln);
    let weight = prior.map_or(0.0, |p| 0.5 / (p.standard_deviation * p.standard_deviation));
    let mut eta = start.map(f64::ln);
    let customers = likelihood.customers().max(1.0);
    let evaluate = |eta: &[f64; N]| {
        let theta = eta.map(f64::exp);
        let mut jet = likelihood.jet(&theta);
        let likelihood = jet.value;
        penalise(&mut jet, &theta, penalty * customers);
        let mut jet = to_log_scale(jet, &theta);
        for i in 0..N {
            let away = eta[i] - centre[i];
            jet.value -= weight * away * away;
            jet.gradient[i] -= 2.0 * weight * away;
            jet.hessian[i][i] -= 2.0 * weight;
        }
        (jet, likelihood)
    };
    let (mut here, mut log_likelihood) = evaluate(&eta);
    let mut iterations = 0;
    let mut converged = false;
    while iterations < 200 && here.value.is_finite() {
        iterations += 1;
        let (step, gain) = damped_step(&here, damping);
        let (newton, undamped) = damped_step(&here, 0.0);
        let concave = undamped.is_finite() && undamped >= 0.0 && is_concave(&here);
        // Newton's error is about the square of his step: past so short a one there is nothing to evaluate.
        if concave && newton.iter().all(|s| s.abs() < LAST_STEP) {
            (0..N).for_each(|i| eta[i] += newton[i]);
            log_likelihood += undamped;
            converged = eta.iter().all(|e| e.abs() < LOG_BOUND);
            break;
        }
        // What a full Newton step could still add to the whole log-likelihood, against its rounding noise.
        let noise = 1e-13 * here.value.abs();
        if concave && undamped < (1e-9f64).max(noise) {
            converged = eta.iter().all(|e| e.abs() < LOG_BOUND);
            break;
        }
        // On a flat ridge to infinity nothing is gained any more: there is no maximum to walk to.
        if undamped.abs() < 1e-6 && eta.iter().any(|e| e.abs() > 10.0) {
            break;
        }
        let longest = step.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        let scale = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        let mut next = eta;
        for i in 0..N {
            next[i] += scale * step[i];
        }
        let (there, there_likelihood) = evaluate(&next);
        if there.value.is_finite() && there.value >= here.value - noise && gain.is_finite() {
            damping = if damping < 1e-12 { 0.0 } else { damping * 0.1 };
            (eta, here, log_likelihood) = (next, there, there_likelihood);
            if eta.iter().any(|e| e.abs() > LOG_BOUND + 4.0) {
                break;
            }
        } else {
            damping = (damping * 8.0).max(1e-6);
            if damping > 1e12 {
                break;
            }
        }
    }
    let parameters = eta.map(f64::exp);
    // At the maximum the information in the logs is that of the parameters, scaled by them.
    let of_logs = invert_positive(&here.hessian.map(|row| row.map(|v| -v)));
    let determined = of_logs.is_some_and(|c| (0..N).all(|i| c[i][i].sqrt() < LOG_ERROR_BOUND));
    let covariance = of_logs.map(|mut c| {
        for i in 0..N {
            for j in 0..N {
                c[i][j] *= parameters[i] * parameters[j];
            }
        }
        c
    });
    Optimum {
        parameters,
        log_likelihood,
        converged: converged && determined && log_likelihood.is_finite(),
        covariance,
        iterations,
    }
}

fn penalise<const N: usize>(jet: &mut Jet<N>, theta: &[f64; N], weight: f64) {
    for (i, value) in theta.iter().enumerate() {
        jet.value -= weight * value * value;
        jet.gradient[i] -= 2.0 * weight * value;
        jet.hessian[i][i] -= 2.0 * weight;
    }
}

fn to_log_scale<const N: usize>(jet: Jet<N>, theta: &[f64; N]) -> Jet<N> {
    let mut out = jet;
    for i in 0..N {
        out.gradient[i] = jet.gradient[i] * theta[i];
        for j in 0..N {
            out.hessian[i][j] = jet.hessian[i][j] * theta[i] * theta[j];
        }
        out.hessian[i][i] += jet.gradient[i] * theta[i];
    }
    out
}

/// Solves (−H + μ·diag) step = g; returns the step and the gain that the quadratic model expects.
fn damped_step<const N: usize>(jet: &Jet<N>, damping: f64) -> ([f64; N], f64) {
    let mut matrix = jet.hessian.map(|row| row.map(|v| -v));
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += damping * row[i].abs().max(1e-9);
    }
    let mut lift = 0.0;
    let scale = (0..N).fold(1e-12f64, |m, i| m.max(matrix[i][i].abs()));
    for _ in 0..60 {
        let mut lifted = matrix;
        for (i, row) in lifted.iter_mut().enumerate() {
            row[i] += lift;
        }
        if let Some(lower) = cholesky(&lifted) {
            let step = solve(&lower, &jet.gradient);
            let gain = 0.5 * (0..N).map(|i| step[i] * jet.gradient[i]).sum::<f64>();
            return (step, gain);
        }
        lift = if lift == 0.0 { 1e-8 * scale } else { lift * 4.0 };
    }
    ([0.0; N], f64::NAN)
}

fn is_concave<const N: usize>(jet: &Jet<N>) -> bool {
    cholesky(&jet.hessian.map(|row| row.map(|v| -v))).is_some()
}

fn cholesky<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - dot;
            if i == j {
                if !(rest > 1e-14 * matrix[i][i].abs() && rest.is_finite()) {
                    return None;
                }
                lower[i][i] = rest.sqrt();
            } else {
                lower[i][j] = rest / lower[j][j];
            }
        }
    }
    Some(lower)
}

fn solve<const N: usize>(lower: &[[f64; N]; N], right: &[f64; N]) -> [f64; N] {
    let mut y = [0.0; N];
    for i in 0..N {
        let dot: f64 = (0..i).map(|k| lower[i][k] * y[k]).sum();
        y[i] = (right[i] - dot) / lower[i][i];
    }
    let mut x = [0.0; N];
    for i in (0..N).rev() {
        let dot: f64 = (i + 1..N).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (y[i] - dot) / lower[i][i];
    }
    x
}

/// Inverse of a symmetric positive definite matrix; `None` when it is not one. Rows are scaled to a unit
/// diagonal first, because parameters of one model differ by orders of magnitude.
#[must_use]
pub fn invert_positive<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut scale = [0.0; N];
    for i in 0..N {
        if !(matrix[i][i] > 0.0 && matrix[i][i].is_finite()) {
            return None;
        }
        scale[i] = matrix[i][i].sqrt();
    }
    let mut unit = *matrix;
    for i in 0..N {
        for j in 0..N {
            unit[i][j] /= scale[i] * scale[j];
        }
    }
    let lower = cholesky(&unit)?;
    let mut inverse = [[0.0; N]; N];
    for i in 0..N {
        let mut one = [0.0; N];
        one[i] = 1.0;
        let column = solve(&lower, &one);
        for j in 0..N {
            inverse[j][i] = column[j] / (scale[i] * scale[j]);
        }
    }
    inverse.iter().flatten().all(|v| v.is_finite()).then_some(inverse)
}
