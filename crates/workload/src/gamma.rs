//! Gamma variates.

use crate::exact;
use flashcrowd_units::{Variates, math};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Draws from a gamma distribution by the method of Marsaglia and Tsang, "A Simple Method for
/// Generating Gamma Variables", ACM TOMS 26(3), 2000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct GammaSampler {
    /// `shape - 1/3` of the paper's `d`, after raising shapes below one by one.
    #[serde(with = "exact")]
    d: f64,
    /// The paper's `c = 1 / sqrt(9 d)`.
    #[serde(with = "exact")]
    c: f64,
    /// Multiplies the result.
    #[serde(with = "exact")]
    scale: f64,
    /// For shapes below one: the exponent `1/shape` of the uniform factor (section 6 of the paper).
    #[serde(with = "exact")]
    boost: f64,
}

impl GammaSampler {
    /// A gamma distribution of the given shape, `shape > 0`, and mean.
    pub(crate) fn new(shape: f64, mean: f64) -> Self {
        let boosted = if shape < 1.0 { shape + 1.0 } else { shape };
        let d = boosted - 1.0 / 3.0;
        Self {
            d,
            c: 1.0 / math::sqrt(9.0 * d),
            scale: mean / shape,
            boost: if shape < 1.0 { 1.0 / shape } else { 0.0 },
        }
    }

    #[inline]
    pub(crate) fn sample<R: Rng + Variates + ?Sized>(&self, rng: &mut R) -> f64 {
        let unit = self.sample_boosted(rng);
        if self.boost == 0.0 {
            return unit * self.scale;
        }
        // A uniform to the power of 1/shape, by way of its logarithm.
        let exponential: f64 = rng.exponential();
        unit * math::exp(-exponential * self.boost) * self.scale
    }

    #[inline]
    fn sample_boosted<R: Rng + Variates + ?Sized>(&self, rng: &mut R) -> f64 {
        loop {
            let x: f64 = rng.normal();
            let root = 1.0 + self.c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let uniform = 1.0 - rng.random::<f64>();
            let square = x * x;
            // The squeeze accepts most candidates without a logarithm.
            if uniform < 1.0 - 0.0331 * square * square
                || math::ln(uniform) < 0.5 * square + self.d * (1.0 - v + math::ln(v))
            {
                return self.d * v;
            }
        }
    }
}
