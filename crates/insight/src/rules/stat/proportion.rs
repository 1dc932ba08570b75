//! Shares: Wilson and Newcombe intervals, sample sizes, sample-ratio mismatch, NPS, Bayesian comparison.

use super::{Difference, StatError, critical, refuse};
use crate::rules::numeric::special::{chi2_survival, ln_beta, normal_quantile};
use serde::Serialize;
use utoipa::ToSchema;

/// A count of successes out of `n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    pub x: f64,
    pub n: f64,
}

impl Share {
    /// # Errors
    /// A negative count, an empty group, or more successes than people.
    pub fn new(x: u64, n: u64) -> Result<Self, StatError> {
        if n == 0 {
            return refuse("a group is empty: its share is not defined");
        }
        if x > n {
            return refuse(format!("{x} successes out of {n} cannot be"));
        }
        Ok(Self { x: x as f64, n: n as f64 })
    }

    #[must_use]
    pub fn rate(self) -> f64 {
        self.x / self.n
    }
}

/// Low and high end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Wilson's score interval (1927).
///
/// # Errors
/// A level outside (0, 1).
pub fn wilson(share: Share, level: f64) -> Result<Interval, StatError> {
    let z = critical(level)?;
    let (p, n) = (share.rate(), share.n);
    let scale = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / scale;
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    let low = if share.x == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if share.x == share.n { 1.0 } else { (centre + half).min(1.0) };
    Ok(Interval { low, high })
}

/// Newcombe's hybrid score interval for p1 − p2 (1998, method 10).
///
/// # Errors
/// A level outside (0, 1).
pub fn newcombe(one: Share, two: Share, level: f64) -> Result<Difference, StatError> {
    let (w1, w2) = (wilson(one, level)?, wilson(two, level)?);
    let (p1, p2) = (one.rate(), two.rate());
    let difference = p1 - p2;
    Ok(Difference {
        difference,
        low: difference - (p1 - w1.low).hypot(w2.high - p2),
        high: difference + (w1.high - p1).hypot(p2 - w2.low),
    })
}

/// Which sample-size formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeMethod {
    /// As Evan Miller's calculator: the variance of the baseline under no effect; rounded.
    Unpooled,
    /// Fleiss: the variance of the mean share under no effect; rounded up.
    Pooled,
}

/// People per arm that show a difference of `effect` (absolute) from `baseline`.
///
/// # Errors
/// Shares outside (0, 1), an effect of zero, alpha or power outside (0, 1).
pub fn sample_size(
    baseline: f64,
    effect: f64,
    alpha: f64,
    power: f64,
    method: SizeMethod,
) -> Result<u64, StatError> {
    if !(baseline > 0.0 && baseline < 1.0) {
        return refuse(format!("the baseline must lie between 0 and 1, not {baseline}"));
    }
    if effect == 0.0 || !effect.is_finite() {
        return refuse("the effect to detect must not be zero");
    }
    if !(alpha > 0.0 && alpha < 1.0 && power > 0.0 && power < 1.0) {
        return refuse("alpha and power must lie between 0 and 1");
    }
    let target = baseline + effect;
    if !(0.0..=1.0).contains(&target) {
        return refuse(format!("{baseline} with an effect of {effect} leaves the range from 0 to 1"));
    }
    let z_alpha = normal_quantile(1.0 - alpha / 2.0);
    let z_beta = normal_quantile(power);
    let apart = baseline * (1.0 - baseline) + target * (1.0 - target);
    let together = match method {
        SizeMethod::Unpooled => 2.0 * baseline * (1.0 - baseline),
        SizeMethod::Pooled => {
            let middle = 0.5 * (baseline + target);
            2.0 * middle * (1.0 - middle)
        }
    };
    let root = z_alpha * together.sqrt() + z_beta * apart.sqrt();
    let size = root * root / (effect * effect);
    let size = match method {
        SizeMethod::Unpooled => size.round(),
        SizeMethod::Pooled => size.ceil(),
    };
    if size > 1e15 {
        return refuse("the effect is too small to be shown by any sample");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above, positive")]
    Ok((size as u64).max(1))
}

/// The smallest difference from `baseline`, upwards, that groups of `n1` and `n2` people show with this power: the inverse of
/// [`sample_size`] (unpooled), uneven groups counting as two of their harmonic mean. `None` when not even every one of them
/// succeeding would be shown.
///
/// # Errors
/// As [`sample_size`], and an empty group.
pub fn smallest_difference(
    baseline: f64,
    n1: u64,
    n2: u64,
    alpha: f64,
    power: f64,
) -> Result<Option<f64>, StatError> {
    if n1 == 0 || n2 == 0 {
        return refuse("a group is empty: it can show nothing");
    }
    let per_arm = 2.0 / (1.0 / n1 as f64 + 1.0 / n2 as f64);
    let enough = |effect: f64| {
        sample_size(baseline, effect, alpha, power, SizeMethod::Unpooled).map(|size| size as f64 <= per_arm)
    };
    let (mut low, mut high) = (0.0, 1.0 - baseline);
    if !enough(high)? {
        return Ok(None);
    }
    // The size falls as the effect grows.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        // An effect too small for any sample is refused as such: it is not enough.
        if enough(middle).unwrap_or(false) { high = middle } else { low = middle }
    }
    Ok(Some(high))
}

/// Sample-ratio mismatch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RatioCheck {
    pub chi2: f64,
    pub p: f64,
}

/// χ² test (one degree of freedom) that two groups were split in the ratio `expected`.
///
/// # Errors
/// An empty split or a ratio that is not positive.
pub fn srm(n1: u64, n2: u64, expected: (f64, f64)) -> Result<RatioCheck, StatError> {
    srm_of(&[n1, n2], &[expected.0, expected.1])
}

/// χ² test that groups were split in the ratios `expected`, of any sum.
///
/// # Errors
/// Fewer than two groups, an empty split or a ratio that is not positive.
pub fn srm_of(counts: &[u64], expected: &[f64]) -> Result<RatioCheck, StatError> {
    let total: f64 = counts.iter().map(|n| *n as f64).sum();
    let parts: f64 = expected.iter().sum();
    let freedom = u32::try_from(counts.len()).unwrap_or(0).saturating_sub(1);
    if freedom == 0 || counts.len() != expected.len() {
        return refuse("a split has two groups or more, each with its expected part");
    }
    if total == 0.0 {
        return refuse(if freedom == 1 { "both groups are empty" } else { "all groups are empty" });
    }
    if !(expected.iter().all(|part| *part > 0.0) && parts.is_finite()) {
        return refuse(if freedom == 1 {
            "both parts of the expected ratio must be positive"
        } else {
            "all parts of the expected ratio must be positive"
        });
    }
    let chi2 = counts
        .iter()
        .zip(expected)
        .map(|(n, part)| {
            let wanted = total * part / parts;
            (*n as f64 - wanted).powi(2) / wanted
        })
        .sum();
    Ok(RatioCheck { chi2, p: chi2_survival(chi2, freedom) })
}

/// Net promoter score in points, with its standard error and interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Nps {
    pub nps: f64,
    pub standard_error: f64,
    pub low: f64,
    pub high: f64,
}

/// NPS with variance p + d − (p − d)². `adjusted` adds ¾ promoter, 1½ passives and ¾ detractor first
/// (adjusted Wald, for small samples).
///
/// # Errors
/// Nobody asked, or more answers than people.
pub fn nps(promoters: u64, detractors: u64, n: u64, adjusted: bool, level: f64) -> Result<Nps, StatError> {
    if n == 0 {
        return refuse("nobody answered");
    }
    if promoters.checked_add(detractors).is_none_or(|both| both > n) {
        return refuse(format!(
            "{promoters} promoters and {detractors} detractors are more than {n} answers"
        ));
    }
    let z = critical(level)?;
    let (extra, extra_n) = if adjusted { (0.75, 3.0) } else { (0.0, 0.0) };
    let n = n as f64 + extra_n;
    let (p, d) = ((promoters as f64 + extra) / n, (detractors as f64 + extra) / n);
    let score = p - d;
    let error = ((p + d - score * score).max(0.0) / n).sqrt();
    Ok(Nps {
        nps: 100.0 * score,
        standard_error: 100.0 * error,
        low: (100.0 * (score - z * error)).max(-100.0),
        high: (100.0 * (score + z * error)).min(100.0),
    })
}

/// P(p2 > p1) with uniform priors, by the exact sum over the second group's Beta (Miller 2015), or over the
/// group that makes the sum shortest.
#[must_use]
pub fn probability_better(one: Share, two: Share) -> f64 {
    let (a1, b1) = (one.x + 1.0, one.n - one.x + 1.0);
    let (a2, b2) = (two.x + 1.0, two.n - two.x + 1.0);
    // P(p2 > p1) = Σ_{i<a2} B(a1+i, b1+b2) / ((b2+i)·B(1+i, b2)·B(a1, b1)); the same with roles of
    // successes and failures, or of the groups, exchanged.
    let shortest = a1.min(b1).min(a2).min(b2);
    let p = if shortest == a2 {
        beta_sum(a1, b1, a2, b2)
    } else if shortest == a1 {
        1.0 - beta_sum(a2, b2, a1, b1)
    } else if shortest == b2 {
        1.0 - beta_sum(b1, a1, b2, a2)
    } else {
        beta_sum(b2, a2, b1, a1)
    };
    p.clamp(0.0, 1.0)
}

fn beta_sum(a1: f64, b1: f64, a2: f64, b2: f64) -> f64 {
    let base = ln_beta(a1, b1);
    let mut sum = 0.0;
    let mut i = 0.0;
    while i < a2 {
        sum += (ln_beta(a1 + i, b1 + b2) - (b2 + i).ln() - ln_beta(1.0 + i, b2) - base).exp();
        i += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(x: u64, n: u64) -> Share {
        Share::new(x, n).unwrap()
    }

    #[track_caller]
    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 5e-5, "{actual} is not {expected}");
    }

    /// Newcombe 1998, Statistics in Medicine 17, table II, method 10.
    #[test]
    fn newcombe_table() {
        for (x1, n1, x2, n2, low, high) in [
            (56, 70, 48, 80, 0.0524, 0.3339),
            (9, 10, 3, 10, 0.1705, 0.8090),
            (5, 56, 0, 29, -0.0381, 0.1926),
            (10, 10, 0, 10, 0.6075, 1.0),
        ] {
            let d = newcombe(share(x1, n1), share(x2, n2), 0.95).unwrap();
            close(d.low, low);
            close(d.high, high);
        }
    }

    #[test]
    fn wilson_at_the_edges() {
        // Newcombe 1998, 17:857, table I.
        let w = wilson(share(81, 263), 0.95).unwrap();
        close(w.low, 0.2553);
        close(w.high, 0.3662);
        let none = wilson(share(0, 20), 0.95).unwrap();
        assert_eq!(none.low, 0.0);
        close(none.high, 0.1611);
        assert_eq!(wilson(share(20, 20), 0.95).unwrap().high, 1.0);
    }

    #[test]
    fn sample_sizes() {
        assert_eq!(sample_size(0.2, 0.05, 0.05, 0.8, SizeMethod::Unpooled), Ok(1030));
        assert_eq!(sample_size(0.2, 0.05, 0.05, 0.8, SizeMethod::Pooled), Ok(1094));
        assert!(sample_size(0.2, 0.0, 0.05, 0.8, SizeMethod::Pooled).is_err());
        assert!(sample_size(0.2, 0.9, 0.05, 0.8, SizeMethod::Pooled).is_err());
    }

    #[test]
    fn ratio_mismatch() {
        let even = srm(500, 500, (1.0, 1.0)).unwrap();
        assert_eq!((even.chi2, even.p), (0.0, 1.0));
        let off = srm(821_588, 815_482, (1.0, 1.0)).unwrap();
        assert!((off.chi2 - 22.77436884189436).abs() < 1e-9);
        assert!((off.p / 1.8217928726191858e-06 - 1.0).abs() < 1e-9, "{}", off.p);
        let three = srm_of(&[100, 100, 130], &[1.0, 1.0, 1.0]).unwrap();
        // 10² + 10² + 20² over 110; e^(−χ²/2) with two degrees of freedom.
        assert!((three.chi2 - 600.0 / 110.0).abs() < 1e-12);
        assert!((three.p - (-three.chi2 / 2.0).exp()).abs() < 1e-12);
        assert!(srm_of(&[5], &[1.0]).is_err() && srm_of(&[5, 5], &[1.0, 0.0]).is_err());
    }

    #[test]
    fn the_smallest_difference_is_the_inverse_of_the_size() {
        let d = smallest_difference(0.2, 1030, 1030, 0.05, 0.8).unwrap().unwrap();
        assert!((d - 0.05).abs() < 1e-4, "{d}");
        let uneven = smallest_difference(0.2, 5000, 567, 0.05, 0.8).unwrap().unwrap();
        let harmonic = smallest_difference(0.2, 1018, 1018, 0.05, 0.8).unwrap().unwrap();
        assert!((uneven - harmonic).abs() < 1e-3, "{uneven} {harmonic}");
        assert_eq!(smallest_difference(0.5, 2, 2, 0.05, 0.8), Ok(None));
        assert!(smallest_difference(0.2, 0, 10, 0.05, 0.8).is_err());
        assert!(smallest_difference(0.0, 10, 10, 0.05, 0.8).is_err());
    }

    #[test]
    fn nps_moves_by_its_rounding_only() {
        let plain = nps(60, 20, 100, false, 0.95).unwrap();
        close(plain.nps, 40.0);
        close(plain.standard_error, 8.0);
        let few = nps(9, 0, 10, true, 0.95).unwrap();
        close(few.nps, 100.0 * 9.0 / 13.0);
        assert!(few.high <= 100.0);
        assert!(nps(60, 50, 100, false, 0.95).is_err());
    }

    proptest! {
        #[test]
        fn better_of_two_is_symmetric(x1 in 0u64..60, n1 in 0u64..60, x2 in 0u64..60, n2 in 0u64..60) {
            let (one, two) = (share(x1, x1 + n1 + 1), share(x2, x2 + n2 + 1));
            let p = probability_better(one, two);
            let q = probability_better(two, one);
            prop_assert!((p + q - 1.0).abs() < 1e-10, "{} {}", p, q);
        }

        #[test]
        fn newcombe_holds_the_difference(x1 in 0u64..50, m1 in 0u64..50, x2 in 0u64..50, m2 in 0u64..50) {
            let d = newcombe(share(x1, x1 + m1 + 1), share(x2, x2 + m2 + 1), 0.95).unwrap();
            prop_assert!(d.low <= d.difference && d.difference <= d.high);
            prop_assert!(d.low >= -1.0 - 1e-12 && d.high <= 1.0 + 1e-12);
        }
    }

    #[test]
    fn better_of_two_known() {
        // Equal groups are a toss; a large sample tends to the normal answer.
        close(probability_better(share(10, 100), share(10, 100)), 0.5);
        let p = probability_better(share(100_000, 1_000_000), share(100_500, 1_000_000));
        assert!((p - 0.8804425367466108).abs() < 1e-8, "{p}");
    }
}
