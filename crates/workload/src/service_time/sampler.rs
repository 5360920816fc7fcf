//! Drawing durations.

use super::{Erlang, Exponential, Gamma, Pareto, ServiceTime, Uniform, Weibull};
use crate::exact;
use crate::gamma::GammaSampler;
use flashcrowd_units::{SimDuration, Variates, math};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// A [`ServiceTime`] ready to be drawn from. Copying and sampling never allocate.
///
/// Samples are rounded to the nearest nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DurationSampler(Law);

/// All parameters are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Law {
    Constant(SimDuration),
    Exponential(#[serde(with = "exact")] f64),
    Lognormal {
        #[serde(with = "exact")]
        mu: f64,
        #[serde(with = "exact")]
        sigma: f64,
    },
    Gamma(GammaSampler),
    Hyperexponential {
        #[serde(with = "exact")]
        short_share: f64,
        #[serde(with = "exact")]
        short_mean: f64,
        #[serde(with = "exact")]
        long_mean: f64,
    },
    Uniform {
        #[serde(with = "exact")]
        min: f64,
        #[serde(with = "exact")]
        width: f64,
    },
    Pareto {
        #[serde(with = "exact")]
        min: f64,
        /// Probability that the unbounded distribution respects the upper bound.
        #[serde(with = "exact")]
        mass: f64,
        /// `-1 / shape`.
        #[serde(with = "exact")]
        exponent: f64,
    },
    Weibull {
        #[serde(with = "exact")]
        scale: f64,
        /// `1 / shape`.
        #[serde(with = "exact")]
        exponent: f64,
    },
}

impl DurationSampler {
    pub(super) fn new(spec: &ServiceTime) -> Self {
        let nanos = |duration: SimDuration| duration.as_nanos() as f64;
        let constant_if = |degenerate: bool, law: Law| {
            if degenerate {
                Law::Constant(spec.mean())
            } else {
                law
            }
        };
        Self(match *spec {
            ServiceTime::Constant(value) => Law::Constant(value),
            ServiceTime::Exponential(Exponential { mean })
            | ServiceTime::Erlang(Erlang { mean, stages: 1 }) => Law::Exponential(nanos(mean)),
            ServiceTime::Lognormal(lognormal) => {
                let sigma = math::sqrt(lognormal.sigma_squared());
                constant_if(
                    sigma == 0.0,
                    Law::Lognormal {
                        mu: lognormal.mu(),
                        sigma,
                    },
                )
            }
            ServiceTime::Gamma(Gamma { mean, cv }) => constant_if(
                cv == 0.0,
                Law::Gamma(GammaSampler::new(1.0 / (cv * cv), nanos(mean))),
            ),
            ServiceTime::Erlang(Erlang { mean, stages }) => {
                Law::Gamma(GammaSampler::new(f64::from(stages), nanos(mean)))
            }
            ServiceTime::Hyperexponential(spec) => {
                let short_share = spec.short_share();
                Law::Hyperexponential {
                    short_share,
                    short_mean: nanos(spec.mean) / (2.0 * short_share),
                    long_mean: nanos(spec.mean) / (2.0 * (1.0 - short_share)),
                }
            }
            ServiceTime::Uniform(Uniform { min, max }) => Law::Uniform {
                min: nanos(min),
                width: nanos(max) - nanos(min),
            },
            ServiceTime::Pareto(Pareto { min, max, shape }) => Law::Pareto {
                min: nanos(min),
                mass: 1.0 - math::pow(nanos(min) / nanos(max), shape),
                exponent: -1.0 / shape,
            },
            ServiceTime::Weibull(Weibull { mean, shape }) => Law::Weibull {
                scale: nanos(mean) / math::gamma(1.0 + 1.0 / shape),
                exponent: 1.0 / shape,
            },
        })
    }

    /// Draws one duration.
    #[inline(always)]
    pub fn sample<R: Rng + Variates + ?Sized>(&self, rng: &mut R) -> SimDuration {
        // The two that dominate real models come first and inline; the others are a call.
        let nanos = match &self.0 {
            Law::Exponential(mean) => mean * rng.exponential(),
            Law::Lognormal { mu, sigma } => {
                let normal: f64 = rng.normal();
                math::exp(mu + sigma * normal)
            }
            _ => return self.sample_other(rng),
        };
        SimDuration::from_nanos(math::round_to_u64(nanos))
    }

    #[inline(never)]
    fn sample_other<R: Rng + Variates + ?Sized>(&self, rng: &mut R) -> SimDuration {
        let nanos = match &self.0 {
            Law::Constant(value) => return *value,
            Law::Exponential(_) | Law::Lognormal { .. } => return self.sample(rng),
            Law::Gamma(gamma) => gamma.sample(rng),
            Law::Hyperexponential {
                short_share,
                short_mean,
                long_mean,
            } => {
                let mean = if rng.random::<f64>() < *short_share {
                    short_mean
                } else {
                    long_mean
                };
                mean * rng.exponential()
            }
            Law::Uniform { min, width } => min + width * rng.random::<f64>(),
            Law::Pareto {
                min,
                mass,
                exponent,
            } => min * math::pow(1.0 - rng.random::<f64>() * mass, *exponent),
            Law::Weibull { scale, exponent } => scale * math::pow(rng.exponential(), *exponent),
        };
        SimDuration::from_nanos(math::round_to_u64(nanos))
    }
}
