//! Looks before the end that keep their promise: mSPRT, asymptotic confidence sequences, group-sequential
//! boundaries.

use super::proportion::Share;
use super::{Difference, StatError, refuse};
use crate::rules::numeric::special::{normal_cdf, normal_quantile};
use serde::Serialize;

/// Mixture likelihood ratio and the always-valid p-value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Msprt {
    pub lambda: f64,
    pub p: f64,
}

/// Mixture SPRT of a mean difference after `n` pairs with a N(0, τ²) mixture (Johari et al. 2017):
/// Λ = √(V/(V+nτ²)) · exp(n²τ²D² / (2V(V+nτ²))), p = min(1, 1/Λ).
///
/// # Errors
/// A variance, τ² or n that is not positive.
pub fn msprt(n: u64, difference: f64, variance: f64, tau2: f64) -> Result<Msprt, StatError> {
    if n == 0 || variance <= 0.0 || tau2 <= 0.0 || !(difference * variance * tau2).is_finite() {
        return refuse("n, the variance and tau2 must be positive numbers");
    }
    let n = n as f64;
    let spread = variance + n * tau2;
    let log =
        0.5 * (variance / spread).ln() + n * n * tau2 * difference * difference / (2.0 * variance * spread);
    // A lambda past the range of a double is still a decision.
    Ok(Msprt { lambda: log.min(709.0).exp(), p: (-log).exp().min(1.0) })
}

/// Asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024) of p2 − p1, or of the
/// lift p2 ÷ p1 − 1, tightest when `tuning` people are in. A share of none or of all has no variance of its own: it
/// gets that of one success and one failure more (Agresti & Caffo 2000), for an interval of no width would be a lie.
///
/// # Errors
/// A tuning of zero, a level outside (0, 1), or a lift over a share of zero.
pub fn confidence_sequence(
    one: Share,
    two: Share,
    relative: bool,
    tuning: u64,
    level: f64,
) -> Result<Difference, StatError> {
    let (p1, p2) = (one.rate(), two.rate());
    let (v1, v2) = (sampling_variance(one), sampling_variance(two));
    let (difference, variance) = if relative {
        if p1 == 0.0 {
            return refuse("the first share is zero: a lift relative to it is not defined");
        }
        (p2 / p1 - 1.0, v2 / (p1 * p1) + p2 * p2 * v1 / p1.powi(4))
    } else {
        (p2 - p1, v1 + v2)
    };
    let half = sequence_half_width(variance, one.n + two.n, tuning, level)?;
    Ok(Difference { difference, low: difference - half, high: difference + half })
}

/// Sampling variance of a share, never zero.
fn sampling_variance(share: Share) -> f64 {
    let p = share.rate();
    if p > 0.0 && p < 1.0 {
        return p * (1.0 - p) / share.n;
    }
    let (x, n) = (p * share.n + 1.0, share.n + 2.0);
    x / n * (1.0 - x / n) / n
}

/// Half-width of the confidence sequence of an estimate with sampling `variance` after `n` people.
///
/// # Errors
/// A tuning of zero, or a level outside (0, 1).
pub fn sequence_half_width(variance: f64, n: f64, tuning: u64, level: f64) -> Result<f64, StatError> {
    if !(level > 0.0 && level < 1.0) {
        return refuse(format!("the level must lie between 0 and 1, not {level}"));
    }
    if tuning == 0 {
        return refuse(
            "tuning is the number of people at which the sequence is tightest; it must be positive",
        );
    }
    let alpha = 1.0 - level;
    let wide = -2.0 * alpha.ln();
    let rho2 = (wide + (wide + 1.0).ln()) / tuning as f64;
    let grown = n * rho2 + 1.0;
    Ok((variance * n * 2.0 * grown / (n * n * rho2) * (grown.sqrt() / alpha).ln()).sqrt())
}

/// Shape of a group-sequential boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// The same critical value at each look.
    Pocock,
    /// c·√(K/k) at look k: strict early, near the fixed test at the end.
    ObrienFleming,
}

impl Boundary {
    /// Critical |z| at look `k` of `looks`.
    #[must_use]
    pub fn at(self, constant: f64, k: u32, looks: u32) -> f64 {
        match self {
            Self::Pocock => constant,
            Self::ObrienFleming => constant * (f64::from(looks) / f64::from(k)).sqrt(),
        }
    }
}

/// The constant that makes `looks` equally spaced two-sided looks cross by chance with probability `alpha`,
/// by Armitage, McPherson & Rowe's recursion.
///
/// # Errors
/// No looks, more than 50, or an alpha outside (0, 1).
pub fn group_sequential(looks: u32, boundary: Boundary, alpha: f64) -> Result<f64, StatError> {
    if looks == 0 || looks > 50 {
        return refuse("the number of looks must be from 1 to 50");
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return refuse("alpha must lie between 0 and 1");
    }
    // Illinois' false position: the crossing probability falls smoothly with the constant.
    let excess = |constant: f64| crossing(looks, boundary, constant) - alpha;
    let (mut low, mut high) = (0.99 * normal_quantile(1.0 - alpha / 2.0), 12.0);
    let (mut at_low, mut at_high) = (excess(low), -alpha);
    // One look needs no more than the fixed test: the bracket must hold it.
    while at_low < 0.0 {
        low *= 0.9;
        at_low = excess(low);
    }
    // Twelve is far beyond every constant; come nearer before interpolating.
    while high > low * 1.6 {
        let nearer = (low * 1.5).min(0.5 * (low + high));
        let at = excess(nearer);
        if at > 0.0 {
            (low, at_low) = (nearer, at);
        } else {
            (high, at_high) = (nearer, at);
        }
    }
    let mut side = 0;
    for _ in 0..60 {
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let at = excess(middle);
        if at.abs() < 1e-12 || high - low < 1e-10 {
            return Ok(middle);
        }
        if at > 0.0 {
            (low, at_low) = (middle, at);
            if side == 1 {
                at_high *= 0.5;
            }
            side = 1;
        } else {
            (high, at_high) = (middle, at);
            if side == -1 {
                at_low *= 0.5;
            }
            side = -1;
        }
    }
    Ok(0.5 * (low + high))
}

/// P(some |S_k| > c_k·√k) for a random walk of standard normal steps.
fn crossing(looks: u32, boundary: Boundary, constant: f64) -> f64 {
    const STEPS: usize = 240;
    let limit = |k: u32| boundary.at(constant, k, looks) * f64::from(k).sqrt();
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    // Nodes and Simpson weights of the continuation region of look k.
    let grid = |k: u32| -> Vec<(f64, f64)> {
        // Beyond nine standard deviations there is nothing to integrate.
        let edge = limit(k).min(9.0 * f64::from(k).sqrt());
        let h = 2.0 * edge / STEPS as f64;
        (0..=STEPS)
            .map(|i| {
                let simpson = if i == 0 || i == STEPS {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                (-edge + h * i as f64, simpson * h / 3.0)
            })
            .collect()
    };
    let mut crossed = 2.0 * normal_cdf(-limit(1));
    let mut nodes = grid(1);
    let mut mass: Vec<f64> = nodes.iter().map(|(s, w)| density(*s) * w).collect();
    for k in 2..=looks {
        let edge = limit(k);
        crossed += nodes
            .iter()
            .zip(&mass)
            .map(|((s, _), m)| m * (normal_cdf(s - edge) + normal_cdf(-edge - s)))
            .sum::<f64>();
        if k == looks {
            break;
        }
        let next = grid(k);
        let next_mass: Vec<f64> = next
            .iter()
            .map(|(s, w)| {
                w * nodes.iter().zip(&mass).map(|((from, _), m)| m * density(s - from)).sum::<f64>()
            })
            .collect();
        (nodes, mass) = (next, next_mass);
    }
    crossed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jennison & Turnbull 2000, tables 2.1 and 2.3 (α = 0.05).
    #[test]
    fn boundaries_of_the_book() {
        for (looks, pocock, obrien) in [
            (1, "1.960", "1.960"),
            (2, "2.178", "1.977"),
            (3, "2.289", "2.004"),
            (4, "2.361", "2.024"),
            (5, "2.413", "2.040"),
            (10, "2.555", "2.087"),
        ] {
            let p = group_sequential(looks, Boundary::Pocock, 0.05).unwrap();
            let o = group_sequential(looks, Boundary::ObrienFleming, 0.05).unwrap();
            assert_eq!(format!("{p:.3}"), pocock, "{looks} looks");
            assert_eq!(format!("{o:.3}"), obrien, "{looks} looks");
        }
    }

    #[test]
    fn msprt_by_hand() {
        let m = msprt(100, 0.3, 2.0, 0.01).unwrap();
        // V/(V+nτ²) = 2/3; exponent 100²·0.01·0.09/(2·2·3) = 0.75.
        let lambda = (2.0f64 / 3.0).sqrt() * 0.75f64.exp();
        assert!((m.lambda - lambda).abs() < 1e-12);
        assert!((m.p - 1.0 / lambda).abs() < 1e-12);
        assert_eq!(msprt(1_000_000, 5.0, 1.0, 1.0).unwrap().p, 0.0);
        assert!(msprt(10, 0.1, 0.0, 1.0).is_err());
    }

    #[test]
    fn nobody_and_everybody_leave_a_doubt() {
        let width = |x1, n1, x2, n2| {
            let (one, two) = (Share::new(x1, n1).unwrap(), Share::new(x2, n2).unwrap());
            let d = confidence_sequence(one, two, false, 100, 0.95).unwrap();
            d.high - d.low
        };
        let none = width(0, 100, 0, 900);
        assert!(none > 0.04, "{none}");
        assert!((none - width(100, 100, 900, 900)).abs() < 1e-12);
        // One buyer more is nearly as much doubt, and more people are less.
        assert!((width(1, 100, 1, 900) / none - 1.0).abs() < 0.1);
        assert!(width(0, 1000, 0, 9000) < none / 2.0);
        // Other shares are as in the paper.
        assert!((sampling_variance(Share::new(20, 100).unwrap()) - 0.2 * 0.8 / 100.0).abs() < 1e-15);
    }

    #[test]
    fn sequence_is_wider_than_a_fixed_interval_and_shrinks() {
        let early = confidence_sequence(
            Share::new(50, 500).unwrap(),
            Share::new(70, 500).unwrap(),
            false,
            5000,
            0.95,
        )
        .unwrap();
        let late = confidence_sequence(
            Share::new(5000, 50_000).unwrap(),
            Share::new(7000, 50_000).unwrap(),
            false,
            5000,
            0.95,
        )
        .unwrap();
        assert!((early.difference - 0.04).abs() < 1e-12);
        let fixed = 1.96 * (0.1f64 * 0.9 / 500.0 + 0.14 * 0.86 / 500.0).sqrt();
        assert!(early.high - early.difference > fixed);
        assert!(late.high - late.low < early.high - early.low);
    }
}
