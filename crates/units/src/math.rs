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
    const INVERSE_FACTORIALS: [f64; 14] = [
        1.0 / 6_227_020_800.0,
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
    ];
    // The power of two must be a normal number.
    if !(-700.0..=700.0).contains(&x) {
        return libm::exp(x);
    }
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut power = 0.0;
    for coefficient in INVERSE_FACTORIALS {
        power = power * r + coefficient;
    }
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

/// The gamma function, which continues the factorial: `gamma(n + 1) = n!`.
#[inline]
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exp_agrees_with_libm(x in -750.0f64..750.0) {
            let (ours, theirs) = (exp(x), libm::exp(x));
            prop_assert!(ours == theirs || ((ours - theirs) / theirs).abs() < 2.0 * f64::EPSILON, "{} {}", ours, theirs);
        }
    }
}
