//! Powers of two.
//!
//! The weights of samples are sums of these, and a percentile that falls exactly between two
//! buckets is decided by the last bit of a sum. So these are the additions and multiplications
//! that upstream does (the exponential of FreeBSD's msun in base two, as Go's `math.Exp2` has it),
//! which are also the same on every platform.

/// 2 to the power of `x`, for `x` from -1022 to 1023; 0 below -1074.
pub(super) fn exp2(x: f64) -> f64 {
    // ln 2 in two parts.
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // The polynomial of the rational approximation of e^r.
    const P1: f64 = 1.666_666_666_666_666_6e-1;
    const P2: f64 = -2.777_777_777_701_559_3e-3;
    const P3: f64 = 6.613_756_321_437_934e-5;
    const P4: f64 = -1.653_390_220_546_525_2e-6;
    const P5: f64 = 4.138_136_797_057_238_5e-8;
    // The nearest integer, halves away from zero.
    let whole = (x + 0.5_f64.copysign(x)).trunc();
    let fraction = x - whole;
    let high = fraction * LN_2_HIGH;
    let low = -fraction * LN_2_LOW;
    let r = high - low;
    let t = r * r;
    let c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
    let mantissa = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    mantissa * power_of_two(whole as i64)
}

/// 2 to a whole power: exact, 0 below the smallest number.
pub(super) fn power_of_two(exponent: i64) -> f64 {
    match exponent {
        1024.. => f64::INFINITY,
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        -1074..=-1023 => f64::from_bits(1 << (exponent + 1074)),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_units::math::pow;
    use proptest::prelude::*;

    #[test]
    fn whole_powers_are_exact() {
        for (exponent, power) in [
            (0, 1.0),
            (10, 1024.0),
            (-2, 0.25),
            (100, (1u128 << 100) as f64),
        ] {
            assert_eq!(power_of_two(exponent), power);
            assert_eq!(exp2(exponent as f64), power);
        }
        assert_eq!(power_of_two(-1022), f64::MIN_POSITIVE);
        assert_eq!(power_of_two(-1023), f64::MIN_POSITIVE / 2.0);
        assert_eq!(power_of_two(-1075), 0.0);
        assert_eq!(exp2(-100_000.0), 0.0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_power_function(x in -1000.0f64..1000.0) {
            let (ours, theirs) = (exp2(x), pow(2.0, x));
            prop_assert!(((ours - theirs) / theirs).abs() < 2.0 * f64::EPSILON, "{} {}", ours, theirs);
        }
    }
}
