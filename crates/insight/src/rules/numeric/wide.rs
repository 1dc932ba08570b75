//! Exponential and logarithm without calls, branches or tables: a loop over them is compiled to vector instructions, and
//! sums over millions of histories are made of little else. The same on every machine, whatever its C library is.

use std::f64::consts::{LOG2_E, SQRT_2};

/// ln 2 in two parts: the first has so few bits that its product with an exponent is exact (Cody & Waite 1980).
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Added to a number below 2⁵¹ it leaves the nearest whole number in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// e⁻ʸ for y ≥ 0; y beyond 700 counts as 700.
#[inline]
#[must_use]
pub fn exp_minus(y: f64) -> f64 {
    let y = if y < 700.0 { y } else { 700.0 };
    let shifted = ROUNDER - y * LOG2_E;
    let whole = shifted - ROUNDER;
    let rest = -y - whole * LN_2_HIGH - whole * LN_2_LOW;
    // Taylor's series on ±½ ln 2, to the order at which the next term is below the rounding of 1.
    let mut sum = 1.0 / 6_227_020_800.0;
    for factor in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * rest + factor;
    }
    // 2 to the power of the whole number: its exponent is above −1022.
    sum * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// ln x for a positive, normal x.
#[inline]
#[must_use]
pub fn ln(x: f64) -> f64 {
    const BIAS: u64 = 1023;
    // Of 2⁵²: under it the lowest bits of a number are its whole part.
    const UNIT: u64 = 0x4330_0000_0000_0000;
    // x = m·2ᵏ with m between √½ and √2.
    let bits = x.to_bits();
    let biased = (bits.wrapping_sub((SQRT_2 / 2.0).to_bits()).wrapping_add(BIAS << 52)) >> 52;
    let mantissa = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(BIAS) << 52));
    let exponent = f64::from_bits(UNIT | biased) - f64::from_bits(UNIT | BIAS);
    // ln m = 2·artanh(y) with y = (m − 1)/(m + 1) below 0.172. Its first term is taken as f − y·f with f = m − 1, which is exact,
    // so that the rounding of the division counts in the small terms alone: within one unit of the last place.
    let f = mantissa - 1.0;
    let y = f / (2.0 + f);
    let z = y * y;
    let mut sum = 2.0 / 21.0;
    for odd in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        sum = sum * z + 2.0 / odd;
    }
    let half = 0.5 * f * f;
    exponent * LN_2_HIGH + (f - (half - (y * (half + sum * z) + exponent * LN_2_LOW)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn at_the_ends() {
        assert_eq!((exp_minus(0.0), ln(1.0)), (1.0, 0.0));
        assert!(exp_minus(f64::INFINITY) < 1e-300 && exp_minus(1e6) > 0.0);
    }

    proptest! {
        #[test]
        fn as_the_library_has_them(y in 0.0f64..700.0, small in 0.0f64..1.0, power in -300.0f64..300.0) {
            for y in [y, small, small * 1e-9] {
                prop_assert!((exp_minus(y) / (-y).exp() - 1.0).abs() < 1e-15);
            }
            for x in [1.0 + small, 1.0 + small * 1e-9, 10f64.powf(power), y + 1e-3] {
                prop_assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1e-3), "{}", x);
            }
        }
    }
}
