//! Special functions in log space, accurate where the models need them: long histories (arguments in
//! the hundreds of thousands), parameters near zero, and ratios of near-equal gammas.

use std::f64::consts::{PI, SQRT_2};
use std::sync::OnceLock;

/// ln Γ(x), x > 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Stirling's remainder: ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π], x ≥ 10.
fn stirling_remainder(x: f64) -> f64 {
    let y = 1.0 / (x * x);
    (1.0 / 12.0
        + y * (-1.0 / 360.0
            + y * (1.0 / 1260.0 + y * (-1.0 / 1680.0 + y * (1.0 / 1188.0 - y * 691.0 / 360_360.0)))))
        / x
}

/// ln B(a, b). Large arguments go through Stirling's remainder, because the difference of three large
/// log-gammas loses the digits that decide a likelihood (DiDonato & Morris, TOMS 708).
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large < 10.0 {
        return ln_gamma(small) + ln_gamma(large) - ln_gamma(small + large);
    }
    let sum = small + large;
    let ratio = small / large;
    if small < 10.0 {
        let log_ratio = -(large - 0.5) * ratio.ln_1p() - small * sum.ln() + small + stirling_remainder(large)
            - stirling_remainder(sum);
        return ln_gamma(small) + log_ratio;
    }
    0.5 * (2.0 * PI).ln() - 0.5 * large.ln() + (small - 0.5) * (small / sum).ln() - large * ratio.ln_1p()
        + stirling_remainder(small)
        + stirling_remainder(large)
        - stirling_remainder(sum)
}

/// ψ(x), x > 0: recurrence up to 10, then the asymptotic series.
#[must_use]
pub fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y
        * (1.0 / 12.0
            - y * (1.0 / 120.0
                - y * (1.0 / 252.0
                    - y * (1.0 / 240.0 - y * (1.0 / 132.0 - y * (691.0 / 32_760.0 - y / 12.0))))));
    shift + x.ln() - 0.5 / x - series
}

/// ψ′(x), x > 0.
#[must_use]
pub fn trigamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = y
        * (1.0 / 6.0
            - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * (5.0 / 66.0 - y * 691.0 / 2730.0)))));
    shift + 1.0 / x + 0.5 * y + series / x
}

/// ln(1 + eᵘ) without overflow.
#[must_use]
pub fn softplus(u: f64) -> f64 {
    if u > 0.0 { u + (-u).exp().ln_1p() } else { u.exp().ln_1p() }
}

/// 1 / (1 + e⁻ᵘ).
#[must_use]
pub fn logistic(u: f64) -> f64 {
    if u >= 0.0 {
        1.0 / (1.0 + (-u).exp())
    } else {
        let e = u.exp();
        e / (1.0 + e)
    }
}

/// Φ(x), accurate in both tails.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// P(|Z| > |x|).
#[must_use]
pub fn normal_two_sided(x: f64) -> f64 {
    libm::erfc(x.abs() / SQRT_2)
}

/// P(χ² > x) with a whole number of degrees of freedom, by the recurrence of the incomplete gamma function
/// Q(a + 1, y) = Q(a, y) + yᵃ e⁻ʸ / Γ(a + 1) (Abramowitz & Stegun 6.5.21), which adds positive terms only.
#[must_use]
pub fn chi2_survival(x: f64, df: u32) -> f64 {
    if x <= 0.0 || df == 0 {
        return 1.0;
    }
    let y = 0.5 * x;
    let (mut a, mut q) =
        if df.is_multiple_of(2) { (1.0, (-y).exp()) } else { (0.5, normal_two_sided(x.sqrt())) };
    while a < 0.5 * f64::from(df) {
        q += (a * y.ln() - y - ln_gamma(a + 1.0)).exp();
        a += 1.0;
    }
    q.min(1.0)
}

/// Φ⁻¹(p), 0 < p < 1: Acklam's rational start and two Halley steps, full double precision.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -normal_quantile_lower(1.0 - p);
    }
    normal_quantile_lower(p)
}

fn normal_quantile_lower(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |acc, k| acc * x + k);
    let mut x = if p < 0.024_25 {
        let q = (-2.0 * p.ln()).sqrt();
        horner(&C, q) / (horner(&D, q) * q + 1.0)
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    };
    for _ in 0..2 {
        let error = normal_cdf(x) - p;
        let u = error * (2.0 * PI).sqrt() * (0.5 * x * x).exp();
        x -= u / (1.0 + 0.5 * x * u);
    }
    x
}

/// Regularised incomplete beta Iₓ(a, b) by Lentz's continued fraction.
#[must_use]
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf_lower(b, a, 1.0 - x);
    }
    beta_cdf_lower(a, b, x)
}

fn beta_cdf_lower(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp() / a;
    let mut c = 1.0;
    let mut d = 1.0 - (a + b) * x / (a + 1.0);
    d = 1.0 / if d.abs() < TINY { TINY } else { d };
    let mut fraction = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 + numerator * d;
            d = 1.0 / if d.abs() < TINY { TINY } else { d };
            c = 1.0 + numerator / c;
            if c.abs() < TINY {
                c = TINY;
            }
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// P(|t| > |x|) for Student's t with `df` degrees of freedom.
#[must_use]
pub fn student_two_sided(x: f64, df: f64) -> f64 {
    beta_cdf(0.5 * df, 0.5, df / (df + x * x))
}

/// Upper quantile of Student's t: the x with P(|t| > x) = `two_sided`.
#[must_use]
pub fn student_critical(two_sided: f64, df: f64) -> f64 {
    let start = normal_quantile(1.0 - two_sided / 2.0);
    let (mut low, mut high) = (0.0, start.max(1.0));
    while student_two_sided(high, df) > two_sided && high < 1e12 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if student_two_sided(middle, df) > two_sided {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-15 * high {
            break;
        }
    }
    0.5 * (low + high)
}

/// Nodes of a quadrature panel.
const NODES: usize = 16;

/// Nodes and weights of Gauss-Legendre on [0, 1].
#[must_use]
pub fn legendre() -> &'static [(f64, f64); NODES] {
    static RULE: OnceLock<[(f64, f64); NODES]> = OnceLock::new();
    RULE.get_or_init(|| {
        let n = NODES as f64;
        let mut rule = [(0.0, 0.0); NODES];
        for (i, slot) in rule.iter_mut().enumerate() {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..50 {
                let (mut previous, mut value) = (1.0, x);
                for k in 2..=NODES {
                    let k = k as f64;
                    (previous, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * previous) / k);
                }
                slope = n * (x * value - previous) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            *slot = (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope));
        }
        rule
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64, tolerance: f64) {
        let scale = expected.abs().max(1.0);
        assert!((actual - expected).abs() <= tolerance * scale, "{actual} is not {expected}");
    }

    #[test]
    fn gammas_match_known_values() {
        close(ln_gamma(0.243), 1.318_043_584_699_669_9, 1e-14);
        close(digamma(0.243), -4.351_093_864_423_211, 1e-13);
        close(trigamma(0.243), 18.14177978709583, 1e-13);
        close(digamma(1.0), -0.577_215_664_901_532_9, 1e-14);
        close(trigamma(1.0), PI * PI / 6.0, 1e-14);
    }

    #[test]
    fn log_beta_keeps_its_digits_for_long_histories() {
        // B(1, n) = 1 / n exactly.
        for n in [2.0, 50.0, 1e4, 1e9, 1e15] {
            close(ln_beta(1.0, n), -f64::ln(n), 1e-15);
        }
        // B(2, n) = 1 / (n (n + 1)); B(n, 2) is the same.
        close(ln_beta(1e8, 2.0), -(1e8f64.ln() + (1e8f64 + 1.0).ln()), 1e-15);
        // Γ(½)² / Γ(1) = π.
        close(ln_beta(0.5, 0.5), PI.ln(), 1e-15);
    }

    #[test]
    fn normal_and_student_quantiles() {
        close(normal_quantile(0.975), 1.959_963_984_540_054, 1e-15);
        close(normal_quantile(0.8), 0.841_621_233_572_914_3, 1e-15);
        close(normal_quantile(1e-10), -6.361_340_902_404_056, 1e-14);
        close(normal_cdf(normal_quantile(0.3)), 0.3, 1e-15);
        close(student_critical(0.05, 10.0), 2.228_138_851_986_274, 1e-12);
        close(student_critical(0.05, 1.0), 12.706_204_736_174_694, 1e-12);
        close(student_critical(0.05, 3e6), 1.959_964_775_297_444_3, 1e-9);
    }

    #[test]
    fn chi2_is_the_table() {
        // Critical values of the χ² table at 0.05 and 0.001.
        for (x, df, p) in [
            (3.841458820694124, 1, 0.05),
            (5.991464547107979, 2, 0.05),
            (7.814727903251179, 3, 0.05),
            (11.070497693516351, 5, 0.05),
            (10.827566170662733, 1, 0.001),
            (20.515005652432873, 5, 0.001),
        ] {
            assert!((chi2_survival(x, df) / p - 1.0).abs() < 1e-9, "{x} {df}");
        }
        assert_eq!((chi2_survival(0.0, 3), chi2_survival(1e9, 4)), (1.0, 0.0));
    }

    #[test]
    fn beta_cdf_matches_closed_forms() {
        // I_x(1, b) = 1 − (1 − x)^b and I_x(a, 1) = x^a.
        close(beta_cdf(1.0, 7.5, 0.2), 1.0 - 0.8f64.powf(7.5), 1e-14);
        close(beta_cdf(3.25, 1.0, 0.9), 0.9f64.powf(3.25), 1e-14);
        close(beta_cdf(2000.0, 2000.0, 0.5), 0.5, 1e-12);
    }
}
