//! "Buy till you die" models: how often customers buy while they are customers, when they silently leave,
//! what they spend. Maximum likelihood, in the time unit of the data.
//!
//! Sources: BG/NBD Fader, Hardie & Lee 2005; MBG/NBD Batislam, Denizel & Filiztekin 2007;
//! Pareto/NBD Schmittlein, Morrison & Colombo 1987; BG/BB Fader, Hardie & Shang 2010;
//! sBG Fader & Hardie 2007; Gamma-Gamma Fader & Hardie 2013.

pub mod bg_bb;
pub mod bg_nbd;
pub mod cells;
pub mod gamma_gamma;
pub mod pareto_nbd;
pub mod sbg;

use super::numeric::optimum::Optimum;
pub use cells::Cell;
use std::fmt;

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelKind {
    BgNbd,
    MbgNbd,
    ParetoNbd,
    GammaGamma,
    BgBb,
    Sbg,
}

impl ModelKind {
    pub const ALL: [Self; 6] =
        [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd, Self::GammaGamma, Self::BgBb, Self::Sbg];

    /// The name used on the command line, in files and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg-nbd",
            Self::MbgNbd => "mbg-nbd",
            Self::ParetoNbd => "pareto-nbd",
            Self::GammaGamma => "gamma-gamma",
            Self::BgBb => "bg-bb",
            Self::Sbg => "sbg",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Names of the parameters, in order.
    #[must_use]
    pub const fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::BgNbd | Self::MbgNbd => &["r", "alpha", "a", "b"],
            Self::ParetoNbd => &["r", "alpha", "s", "beta"],
            Self::GammaGamma => &["p", "q", "gamma"],
            Self::BgBb => &["alpha", "beta", "gamma", "delta"],
            Self::Sbg => &["alpha", "beta"],
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The outcome of a fit: estimates, their standard errors (square roots of the inverse observed
/// information's diagonal) and whether the maximum was reached.
#[derive(Debug, Clone)]
pub struct Fit {
    pub model: ModelKind,
    pub parameters: Vec<f64>,
    /// Covariance of the estimates, row by row; empty when the information matrix is not positive definite.
    pub covariance: Vec<Vec<f64>>,
    pub log_likelihood: f64,
    pub customers: u64,
    pub converged: bool,
    pub iterations: u32,
}

impl Fit {
    fn from_optimum<const N: usize>(model: ModelKind, optimum: &Optimum<N>, customers: u64) -> Self {
        Self {
            model,
            parameters: optimum.parameters.to_vec(),
            covariance: optimum
                .covariance
                .map(|rows| rows.iter().map(|row| row.to_vec()).collect())
                .unwrap_or_default(),
            log_likelihood: optimum.log_likelihood,
            customers,
            converged: optimum.converged,
            iterations: optimum.iterations,
        }
    }

    /// Standard error of each parameter; `None` where the data does not determine it.
    #[must_use]
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        (0..self.parameters.len())
            .map(|i| self.covariance.get(i).and_then(|row| row.get(i)).map(|v| v.sqrt()))
            .collect()
    }

    /// Parameter by its name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let index = self.model.parameter_names().iter().position(|n| *n == name)?;
        self.parameters.get(index).copied()
    }
}

/// Why a fit could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    #[error("there are no customers to fit")]
    Empty,
    #[error("{0}")]
    Unsuitable(String),
    #[error(
        "{model} did not converge after {iterations} iterations: {hint}",
        hint = "the data does not determine its parameters (too few repeat purchases, or nobody leaves)"
    )]
    NotConverged { model: ModelKind, iterations: u32 },
}

impl Fit {
    /// A fit that may be used: an unconverged one is an error, never a number.
    ///
    /// # Errors
    /// `NotConverged` when the maximum was not reached.
    pub fn require_converged(self) -> Result<Self, FitError> {
        if self.converged {
            Ok(self)
        } else {
            Err(FitError::NotConverged { model: self.model, iterations: self.iterations })
        }
    }
}

/// A fitted model of purchases, ready to answer about a customer with `x` repeat purchases, the last at
/// `t_x`, observed for `t`, all in the fit's own time unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PurchaseModel {
    BgNbd(bg_nbd::BgNbd),
    ParetoNbd(pareto_nbd::ParetoNbd),
    BgBb(bg_bb::BgBb),
}

impl PurchaseModel {
    /// From parameters in the order of [`ModelKind::parameter_names`]; `None` for models of something else
    /// than purchases or a wrong number of parameters.
    #[must_use]
    pub fn new(kind: ModelKind, parameters: &[f64]) -> Option<Self> {
        let &[p0, p1, p2, p3] = parameters else { return None };
        match kind {
            ModelKind::BgNbd => Some(Self::BgNbd(bg_nbd::BgNbd {
                r: p0,
                alpha: p1,
                a: p2,
                b: p3,
                dropout: bg_nbd::Dropout::AfterRepeat,
            })),
            ModelKind::MbgNbd => Some(Self::BgNbd(bg_nbd::BgNbd {
                r: p0,
                alpha: p1,
                a: p2,
                b: p3,
                dropout: bg_nbd::Dropout::AfterAny,
            })),
            ModelKind::ParetoNbd => {
                Some(Self::ParetoNbd(pareto_nbd::ParetoNbd { r: p0, alpha: p1, s: p2, beta: p3 }))
            }
            ModelKind::BgBb => Some(Self::BgBb(bg_bb::BgBb { alpha: p0, beta: p1, gamma: p2, delta: p3 })),
            ModelKind::GammaGamma | ModelKind::Sbg => None,
        }
    }

    #[must_use]
    pub fn from_fit(fit: &Fit) -> Option<Self> {
        Self::new(fit.model, &fit.parameters)
    }

    /// Probability that the customer is still a customer.
    #[must_use]
    pub fn p_alive(&self, x: u32, t_x: f64, t: f64) -> f64 {
        match self {
            Self::BgNbd(m) => m.p_alive(x, t_x, t),
            Self::ParetoNbd(m) => m.p_alive(x, t_x, t),
            Self::BgBb(m) => m.p_alive(x, t_x, t),
        }
    }

    /// Expected purchases in `horizon` of a customer known to be alive: they depend on (x, T) only, so that a base of
    /// millions has some ten thousand of these. `None` for BG/BB, whose forecast is not such a product.
    #[must_use]
    pub fn purchases_if_alive(&self, x: u32, t: f64, horizon: f64) -> Option<f64> {
        match self {
            Self::BgNbd(m) => Some(m.purchases_if_alive(x, t, horizon)),
            Self::ParetoNbd(m) => Some(m.purchases_if_alive(x, t, horizon)),
            Self::BgBb(_) => None,
        }
    }

    /// Expected purchases in the next `horizon`.
    #[must_use]
    pub fn expected_purchases(&self, x: u32, t_x: f64, t: f64, horizon: f64) -> f64 {
        match self {
            Self::BgNbd(m) => m.p_alive(x, t_x, t) * m.purchases_if_alive(x, t, horizon),
            Self::ParetoNbd(m) => m.p_alive(x, t_x, t) * m.purchases_if_alive(x, t, horizon),
            Self::BgBb(m) => m.expected_purchases(x, t_x, t, horizon),
        }
    }

    /// Expected repeat purchases of a new customer within `horizon` of the first purchase.
    #[must_use]
    pub fn expected_purchases_new(&self, horizon: f64) -> f64 {
        match self {
            Self::BgNbd(m) => m.expected_purchases_new(horizon),
            Self::ParetoNbd(m) => m.expected_purchases_new(horizon),
            Self::BgBb(m) => m.expected_purchases_new(horizon),
        }
    }
}
