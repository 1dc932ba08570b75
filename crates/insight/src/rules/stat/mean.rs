//! Means: Welch's interval, lift by the delta method, CUPED.

use super::{Difference, StatError, critical, refuse};
use crate::rules::numeric::special::{normal_two_sided, student_critical, student_two_sided};
use serde::Serialize;

/// Sum, sum of squares and count: all that a mean and its variance need.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    pub sum: f64,
    pub sum_of_squares: f64,
    pub n: f64,
}

impl Moments {
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::default();
        for v in values {
            moments.sum += v;
            moments.sum_of_squares += v * v;
            moments.n += 1.0;
        }
        moments
    }

    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.n
    }

    /// Unbiased variance; zero when rounding makes it negative.
    #[must_use]
    pub fn variance(&self) -> f64 {
        ((self.sum_of_squares - self.sum * self.sum / self.n) / (self.n - 1.0)).max(0.0)
    }
}

/// A difference of means, its interval and p-value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct MeanDifference {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
    pub p: f64,
}

impl From<MeanDifference> for Difference {
    fn from(d: MeanDifference) -> Self {
        Self { difference: d.difference, low: d.low, high: d.high }
    }
}

/// Welch's unequal-variance interval for mean2 − mean1.
///
/// # Errors
/// Fewer than two people in a group, or sums that cannot be.
pub fn welch(one: &Moments, two: &Moments, level: f64) -> Result<MeanDifference, StatError> {
    check(one)?;
    check(two)?;
    critical(level)?;
    let (v1, v2) = (one.variance() / one.n, two.variance() / two.n);
    let difference = two.mean() - one.mean();
    let error = (v1 + v2).sqrt();
    if error == 0.0 {
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        return Ok(MeanDifference { difference, low: difference, high: difference, p });
    }
    let df = (v1 + v2).powi(2) / (v1 * v1 / (one.n - 1.0) + v2 * v2 / (two.n - 1.0));
    let half = student_critical(1.0 - level, df) * error;
    Ok(MeanDifference {
        difference,
        low: difference - half,
        high: difference + half,
        p: student_two_sided(difference / error, df),
    })
}

/// Lift mean2 ÷ mean1 − 1 with the delta method's normal interval.
///
/// # Errors
/// As [`welch`], and a first mean of zero.
pub fn lift(one: &Moments, two: &Moments, level: f64) -> Result<MeanDifference, StatError> {
    check(one)?;
    check(two)?;
    let z = critical(level)?;
    let (m1, m2) = (one.mean(), two.mean());
    if m1 == 0.0 {
        return refuse("the first mean is zero: a lift relative to it is not defined");
    }
    let difference = m2 / m1 - 1.0;
    let variance = two.variance() / two.n / (m1 * m1) + m2 * m2 * one.variance() / one.n / m1.powi(4);
    let error = variance.sqrt();
    let p = if error > 0.0 {
        normal_two_sided(difference / error)
    } else if difference == 0.0 {
        1.0
    } else {
        0.0
    };
    Ok(MeanDifference { difference, low: difference - z * error, high: difference + z * error, p })
}

fn check(m: &Moments) -> Result<(), StatError> {
    if m.n < 2.0 {
        return refuse("each group needs at least two people");
    }
    if !(m.sum.is_finite() && m.sum_of_squares.is_finite()) || m.sum_of_squares < 0.0 {
        return refuse("the sums must be finite and the sum of squares not negative");
    }
    if m.sum * m.sum / m.n > m.sum_of_squares * (1.0 + 1e-9) {
        return refuse("the sum of squares is smaller than the square of the sum allows");
    }
    Ok(())
}

/// CUPED: θ, the share of variance that is left, the adjusted mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cuped {
    pub theta: f64,
    pub variance_ratio: f64,
    pub mean: f64,
}

/// θ = cov(x, y) / var(x), over all the given pairs; variance ratio = 1 − ρ².
///
/// # Errors
/// Fewer than two pairs, or values that are not numbers.
pub fn cuped(pairs: &[(f64, f64)]) -> Result<Cuped, StatError> {
    if pairs.len() < 2 {
        return refuse("at least two pairs are needed");
    }
    if pairs.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return refuse("x and y must be finite numbers");
    }
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
        xy += (x - mx) * (y - my);
    }
    let theta = if xx > 0.0 { xy / xx } else { 0.0 };
    let variance_ratio = if xx > 0.0 && yy > 0.0 { (1.0 - xy * xy / (xx * yy)).max(0.0) } else { 1.0 };
    Ok(Cuped { theta, variance_ratio, mean: my })
}

/// Welch's comparison of two groups after CUPED: one θ of both groups together, the covariate centred on
/// their common mean, zeros included.
///
/// # Errors
/// As [`welch`] and [`cuped`].
pub fn welch_cuped(
    one: &[(f64, f64)],
    two: &[(f64, f64)],
    level: f64,
) -> Result<(MeanDifference, Cuped), StatError> {
    let all: Vec<(f64, f64)> = one.iter().chain(two).copied().collect();
    let pooled = cuped(&all)?;
    // Within-group moments only, so that a true effect does not leak into θ; each group weighted as its mean's
    // variance, which makes this θ the one that shrinks the difference most.
    let (mut xx, mut xy) = (0.0, 0.0);
    for group in [one, two] {
        let n = group.len() as f64;
        let (mx, my) =
            (group.iter().map(|p| p.0).sum::<f64>() / n, group.iter().map(|p| p.1).sum::<f64>() / n);
        let share = 1.0 / (n * (n - 1.0).max(1.0));
        for (x, y) in group {
            xx += share * (x - mx) * (x - mx);
            xy += share * (x - mx) * (y - my);
        }
    }
    let theta = if xx > 0.0 { xy / xx } else { 0.0 };
    let centre = all.iter().map(|p| p.0).sum::<f64>() / all.len() as f64;
    let adjusted = |group: &[(f64, f64)]| Moments::of(group.iter().map(|(x, y)| y - theta * (x - centre)));
    let plain = |group: &[(f64, f64)]| Moments::of(group.iter().map(|p| p.1));
    let (a1, a2) = (adjusted(one), adjusted(two));
    let before = plain(one).variance() / plain(one).n + plain(two).variance() / plain(two).n;
    let after = a1.variance() / a1.n + a2.variance() / a2.n;
    let variance_ratio = if before > 0.0 { after / before } else { 1.0 };
    Ok((welch(&a1, &a2, level)?, Cuped { theta, variance_ratio, mean: pooled.mean }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn close(actual: f64, expected: f64, tolerance: f64) {
        assert!((actual - expected).abs() < tolerance, "{actual} is not {expected}");
    }

    #[test]
    fn welch_matches_scipy() {
        // scipy.stats.ttest_ind([1,2,3,4,5], [2,4,6,8,10,15], equal_var=False).
        let one = Moments::of([1.0, 2.0, 3.0, 4.0, 5.0]);
        let two = Moments::of([2.0, 4.0, 6.0, 8.0, 10.0, 15.0]);
        let d = welch(&one, &two, 0.95).unwrap();
        close(d.difference, 4.5, 1e-12);
        close(d.p, WELCH_P, 1e-12);
        close(d.low, WELCH_LOW, 1e-9);
        close(d.high, 9.0 - WELCH_LOW, 1e-9);
    }
    const WELCH_P: f64 = 0.06518833479222695;
    const WELCH_LOW: f64 = -0.3812410054172064;

    #[test]
    fn constant_groups_give_numbers() {
        let one = Moments::of([3.0, 3.0]);
        let two = Moments::of([4.0, 4.0]);
        let d = welch(&one, &two, 0.95).unwrap();
        assert_eq!((d.difference, d.low, d.high, d.p), (1.0, 1.0, 1.0, 0.0));
        assert!(lift(&Moments::of([0.0, 0.0]), &two, 0.95).is_err());
        assert!(welch(&Moments::of([1.0]), &two, 0.95).is_err());
    }

    proptest! {
        #[test]
        fn cuped_never_widens(pairs in prop::collection::vec((-100f64..100.0, -100f64..100.0), 2..50)) {
            let c = cuped(&pairs).unwrap();
            prop_assert!(c.variance_ratio >= 0.0 && c.variance_ratio <= 1.0 + 1e-12);
            prop_assert!(c.theta.is_finite() && c.mean.is_finite());
        }
    }

    #[test]
    fn cuped_recovers_a_known_effect() {
        let before: Vec<f64> = (0..200).map(|i| f64::from(i % 37)).collect();
        let one: Vec<(f64, f64)> = before.iter().map(|x| (*x, 3.0 * x + 1.0)).collect();
        let two: Vec<(f64, f64)> = before.iter().map(|x| (*x, 3.0 * x + 2.0)).collect();
        let (difference, c) = welch_cuped(&one, &two, 0.95).unwrap();
        close(difference.difference, 1.0, 1e-9);
        close(c.theta, 3.0, 1e-9);
        assert!(c.variance_ratio < 1e-9);
    }
}
