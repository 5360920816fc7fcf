//! Mathematics whose results are the same bits on every platform.
//!
//! The functions of the standard library call the platform's library, and those differ in the
//! last bit. Simulation code uses these instead; a lint forbids the others.

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Exponential function, to within two units in the last place.
///
/// `2^k * e^r` with `|r| <= ln(2) / 2` and the Taylor polynomial of degree 13 for the second
/// factor: additions and multiplications only, without a branch, because every lognormal service
/// time needs one.
#[inline]
pub fn exp(x: f64) -> f64 {
    // 1.5 * 2^52: adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // ln 2 in two parts, the first of which is exact when multiplied by k.
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // The power of two must be a normal number.
    if !(-700.0..=700.0).contains(&x) {
        return libm::exp(x);
    }
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Estrin's scheme: short chains of dependent operations instead of one long one.
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let low = (1.0 + r) + (1.0 / 2.0 + 1.0 / 6.0 * r) * r2;
    let middle = (1.0 / 24.0 + 1.0 / 120.0 * r) + (1.0 / 720.0 + 1.0 / 5_040.0 * r) * r2;
    let high = (1.0 / 40_320.0 + 1.0 / 362_880.0 * r)
        + (1.0 / 3_628_800.0 + 1.0 / 39_916_800.0 * r) * r2
        + (1.0 / 479_001_600.0 + 1.0 / 6_227_020_800.0 * r) * r4;
    let power = low + (middle + high * r4) * r4;
    f64::from_bits(power.to_bits().wrapping_add(rounded.to_bits() << 52))
}

/// `x` to the power of `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Sine of an angle in radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Square root. Correctly rounded by IEEE 754, so the standard library's is portable.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// The nearest whole number, the even one of two that are equally near. Negative numbers and NaN
/// give zero, numbers past the range the largest.
#[inline(always)]
pub fn round_to_u64(x: f64) -> u64 {
    // 2^52: from here on every float is a whole number, and adding it leaves the rounded sum in the
    // low bits.
    const WHOLE: u64 = 4_503_599_627_370_496f64.to_bits();
    // As integers, bit patterns are ordered like the numbers; negative ones and NaN are above all.
    if x.to_bits() < WHOLE {
        return (x + f64::from_bits(WHOLE)).to_bits() - WHOLE;
    }
    x as u64
}

/// The gamma function, which continues the factorial: `gamma(n + 1) = n!`.
#[inline]
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_at_the_edges() {
        let edges = [
            (0.0, 0),
            (-0.0, 0),
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (-1.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, u64::MAX),
            (4_503_599_627_370_495.5, 4_503_599_627_370_496),
            (9_007_199_254_740_993.0, 9_007_199_254_740_992),
            (1e300, u64::MAX),
        ];
        for (x, expected) in edges {
            assert_eq!(round_to_u64(x), expected, "{x}");
        }
    }

    proptest! {
        #[test]
        fn rounding_agrees_with_the_standard_library(x in 0.0f64..1e17) {
            prop_assert_eq!(round_to_u64(x), x.round_ties_even() as u64);
        }

        #[test]
        fn exp_agrees_with_libm(x in -750.0f64..750.0) {
            let (ours, theirs) = (exp(x), libm::exp(x));
            prop_assert!(ours == theirs || ((ours - theirs) / theirs).abs() < 2.0 * f64::EPSILON, "{} {}", ours, theirs);
        }
    }
}
