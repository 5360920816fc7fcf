//! Standard variates, prepared by the batch.
//!
//! Eight generators (xoshiro256++) run side by side, and the logarithms and sines that turn their
//! numbers into variates are polynomials without branches, so that a compiler makes vector code of
//! it all: a variate costs a third of what the ziggurat takes one at a time. Only `+ - * /` and the
//! square root are used, which IEEE 754 defines to the last bit, so every platform, with or without
//! vectors, gives the same numbers.

use crate::rng::mix;
use serde::{Deserialize, Serialize};

const LANES: usize = 8;
const BATCH: usize = 64;

/// Which variates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Exponential, mean one, by inversion.
    Exponential,
    /// Normal, mean zero, variance one, by the method of Box and Muller (1958).
    Normal,
}

/// A stream of variates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(crate) struct Batch {
    kind: Kind,
    lanes: Lanes,
    ready: [f64; BATCH],
    /// How many of them have been taken.
    taken: usize,
    /// The generators before these were made.
    before: Lanes,
}

/// What a checkpoint keeps: where the batch came from, and how far it has been used; if wholly,
/// where the next one will come from.
#[derive(Serialize, Deserialize)]
struct Saved {
    kind: Kind,
    before: Lanes,
    taken: usize,
}

impl From<Batch> for Saved {
    fn from(batch: Batch) -> Self {
        let used = batch.taken == BATCH;
        Self {
            kind: batch.kind,
            before: if used { batch.lanes } else { batch.before },
            taken: batch.taken,
        }
    }
}

impl From<Saved> for Batch {
    fn from(saved: Saved) -> Self {
        let mut batch = Self::starting(saved.kind, saved.before);
        if saved.taken < BATCH {
            batch.fill();
            batch.taken = saved.taken;
        }
        batch
    }
}

impl Batch {
    /// The stream of this kind that belongs to a key. Nothing is prepared before the first variate
    /// is asked for: most streams need one kind or none.
    pub(crate) fn new(kind: Kind, key: u64) -> Self {
        let mut state = mix(key ^ (kind as u64 + 1));
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state)
        };
        Self::starting(
            kind,
            Lanes(std::array::from_fn(|_| std::array::from_fn(|_| next()))),
        )
    }

    fn starting(kind: Kind, lanes: Lanes) -> Self {
        Self {
            kind,
            before: lanes.clone(),
            lanes,
            ready: [0.0; BATCH],
            taken: BATCH,
        }
    }

    /// The next variate.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> f64 {
        let place = self.taken;
        if place < BATCH {
            self.taken = place + 1;
            return self.ready[place];
        }
        self.fill_and_take()
    }

    #[cold]
    #[inline(never)]
    fn fill_and_take(&mut self) -> f64 {
        self.fill();
        self.taken = 1;
        self.ready[0]
    }

    fn fill(&mut self) {
        self.before = self.lanes.clone();
        self.taken = 0;
        fill_fast(self.kind, &mut self.lanes, &mut self.ready);
    }
}

/// [`fill`], compiled for the widest vectors that this processor has.
#[allow(unsafe_code)]
fn fill_fast(kind: Kind, lanes: &mut Lanes, ready: &mut [f64; BATCH]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected;
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
        {
            // SAFETY: the processor has just said that it knows these three.
            return unsafe { fill_avx512(kind, lanes, ready) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just said that it knows AVX2.
            return unsafe { fill_avx2(kind, lanes, ready) };
        }
    }
    fill(kind, lanes, ready);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn fill_avx512(kind: Kind, lanes: &mut Lanes, ready: &mut [f64; BATCH]) {
    fill(kind, lanes, ready);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2(kind: Kind, lanes: &mut Lanes, ready: &mut [f64; BATCH]) {
    fill(kind, lanes, ready);
}

#[inline(always)]
fn fill(kind: Kind, lanes: &mut Lanes, ready: &mut [f64; BATCH]) {
    match kind {
        Kind::Exponential => {
            for eight in ready.as_chunks_mut::<LANES>().0 {
                let bits = lanes.next();
                for (variate, bits) in eight.iter_mut().zip(bits) {
                    *variate = minus_ln(unit(bits));
                }
            }
        }
        Kind::Normal => {
            for sixteen in ready.as_chunks_mut::<{ 2 * LANES }>().0 {
                let (radii, angles) = (lanes.next(), lanes.next());
                let (first, second) = sixteen.split_at_mut(LANES);
                for lane in 0..LANES {
                    let radius = (2.0 * minus_ln(unit(radii[lane]))).sqrt();
                    let (sine, cosine) = sine_and_cosine_of_turn(angles[lane]);
                    first[lane] = radius * cosine;
                    second[lane] = radius * sine;
                }
            }
        }
    }
}

/// Eight generators xoshiro256++ (Blackman and Vigna 2019) side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lanes([[u64; LANES]; 4]);

impl Lanes {
    #[inline(always)]
    fn next(&mut self) -> [u64; LANES] {
        // One step for all lanes after the other: a compiler sees vectors in that.
        let [a, b, c, d] = self.0;
        let out = each(|i| a[i].wrapping_add(d[i]).rotate_left(23).wrapping_add(a[i]));
        let shifted = each(|i| b[i] << 17);
        let c = each(|i| c[i] ^ a[i]);
        let d = each(|i| d[i] ^ b[i]);
        let b = each(|i| b[i] ^ c[i]);
        let a = each(|i| a[i] ^ d[i]);
        let c = each(|i| c[i] ^ shifted[i]);
        let d = each(|i| d[i].rotate_left(45));
        self.0 = [a, b, c, d];
        out
    }
}

/// The same for every lane.
#[inline(always)]
fn each(value: impl Fn(usize) -> u64) -> [u64; LANES] {
    let mut all = [0; LANES];
    for (lane, place) in all.iter_mut().enumerate() {
        *place = value(lane);
    }
    all
}

/// The bits of 1.0: with any mantissa a number from 1 to just below 2.
const ONE: u64 = 1f64.to_bits();

/// A uniform number above zero and up to one, a multiple of 2^-52.
#[inline(always)]
fn unit(bits: u64) -> f64 {
    2.0 - f64::from_bits(bits >> 12 | ONE)
}

/// `-ln(x)` of a number from 2^-52 to 1, to within two units in the last place: the method and the
/// coefficients of FreeBSD's `e_log.c`, without its branches.
#[inline(always)]
fn minus_ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    // Large enough to keep the exponent's difference positive.
    const BIAS: u64 = 64;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // 2^52: a float from there on has its whole number in the low bits.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    // x = 2^k (1 + f) with 1 + f between the roots of 1/2 and 2.
    let exponent = (x.to_bits() + (BIAS << 52) - SQRT_HALF) >> 52;
    let k = f64::from_bits(exponent | WHOLE.to_bits()) - (WHOLE + BIAS as f64);
    let f = f64::from_bits(x.to_bits() + (BIAS << 52) - (exponent << 52)) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w
        * (3.999_999_999_940_942e-1
            + w * (2.222_219_843_214_978_4e-1 + w * 1.531_383_769_920_937_3e-1));
    let odd = z
        * (6.666_666_666_666_735e-1
            + w * (2.857_142_874_366_239e-1
                + w * (1.818_357_216_161_805e-1 + w * 1.479_819_860_511_658_6e-1)));
    let half = 0.5 * f * f;
    let ln = k * LN_2_HIGH - ((half - (s * (half + even + odd) + k * LN_2_LOW)) - f);
    // Not the negation, which would make zero negative.
    0.0 - ln
}

/// Sine and cosine of a uniformly drawn angle: the upper two bits are the quadrant, the others the
/// place within 45 degrees on either side of it. The polynomials are those of FreeBSD's `k_sin.c`
/// and `k_cos.c`.
#[inline(always)]
fn sine_and_cosine_of_turn(bits: u64) -> (f64, f64) {
    let quadrant = bits >> 62;
    let place = f64::from_bits((bits << 2) >> 12 | ONE) - 1.5;
    let x = place * std::f64::consts::FRAC_PI_2;
    let z = x * x;
    let w = z * z;
    let s = 8.333_333_333_322_49e-3
        + z * (-1.984_126_982_985_795e-4 + z * 2.755_731_370_707_006_8e-6)
        + z * w * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10);
    let sine = x + z * x * (-1.666_666_666_666_663_2e-1 + z * s);
    let c = z
        * (4.166_666_666_666_66e-2
            + z * (-1.388_888_888_887_411e-3 + z * 2.480_158_728_947_673e-5))
        + w * w
            * (-2.755_731_435_139_066_3e-7
                + z * (2.087_572_321_298_175e-9 + z * -1.135_964_755_778_819_5e-11));
    let half = 0.5 * z;
    let near = 1.0 - half;
    let cosine = near + (((1.0 - near) - half) + z * c);
    // Quarter turns swap the two and change signs.
    let swap = 0u64.wrapping_sub(quadrant & 1);
    let (sine, cosine) = (sine.to_bits(), cosine.to_bits());
    let turned_sine = (sine & !swap | cosine & swap) ^ (quadrant >> 1) << 63;
    let turned_cosine = (cosine & !swap | sine & swap) ^ ((quadrant + 1) >> 1 & 1) << 63;
    (f64::from_bits(turned_sine), f64::from_bits(turned_cosine))
}

#[cfg(test)]
mod tests;
