//! How long a step takes: distributions of durations.

mod lognormal;
mod sampler;

pub use lognormal::Lognormal;
pub use sampler::DurationSampler;

use crate::problem::{Problem, Problems};
use crate::tagged::tagged_or_bare;
use flashcrowd_units::{SimDuration, math};
use serde::{Deserialize, Serialize};

/// A distribution of durations.
///
/// A bare duration is constant (`9ms`); everything else names its distribution:
/// `{ lognormal: { mean: 9ms, cv: 0.8 } }`. `cv` is the coefficient of variation, the standard
/// deviation divided by the mean; zero makes the value constant.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ServiceTime {
    /// Always the same.
    Constant(SimDuration),
    /// Memoryless, cv 1.
    Exponential(Exponential),
    /// The usual fit for measured service times.
    Lognormal(Lognormal),
    /// Any cv, lighter tail than the lognormal.
    Gamma(Gamma),
    /// A sum of equal exponential stages, cv below one.
    Erlang(Erlang),
    /// A mixture of a short and a long exponential, cv above one.
    Hyperexponential(Hyperexponential),
    /// All values between two bounds alike.
    Uniform(Uniform),
    /// A power law between two bounds: few huge values carry much of the work.
    Pareto(Pareto),
    /// Stretched exponential.
    Weibull(Weibull),
}

tagged_or_bare! {
    impl[] ServiceTime as ServiceTime,
    name: "ServiceTime",
    description: "a duration such as 9ms, or a distribution such as { lognormal: { mean: 9ms, cv: 0.8 } }",
    bare: "constant" => Constant(SimDuration),
    "exponential" => Exponential(Exponential),
    "lognormal" => Lognormal(Lognormal),
    "gamma" => Gamma(Gamma),
    "erlang" => Erlang(Erlang),
    "hyperexponential" => Hyperexponential(Hyperexponential),
    "uniform" => Uniform(Uniform),
    "pareto" => Pareto(Pareto),
    "weibull" => Weibull(Weibull),
}

/// Exponential distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Mean, above zero.
    pub mean: SimDuration,
}

/// Gamma distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    /// Mean, above zero.
    pub mean: SimDuration,
    /// Coefficient of variation, 0 to 100.
    pub cv: f64,
}

/// Erlang distribution: the sum of `stages` exponentials, cv = 1 / sqrt(stages).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Erlang {
    /// Mean of the sum, above zero.
    pub mean: SimDuration,
    /// Number of stages, at least one.
    pub stages: u32,
}

/// Two-phase hyperexponential distribution with balanced means: both phases carry half the work
/// (Tijms, *Stochastic Models*, 1994).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hyperexponential {
    /// Mean, above zero.
    pub mean: SimDuration,
    /// Coefficient of variation, 1 to 100.
    pub cv: f64,
}

impl Hyperexponential {
    /// Probability of the short phase: `(1 + sqrt((cv^2 - 1) / (cv^2 + 1))) / 2`.
    fn short_share(&self) -> f64 {
        let scv = self.cv * self.cv;
        0.5 * (1.0 + math::sqrt((scv - 1.0) / (scv + 1.0)))
    }
}

/// Uniform distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// Shortest value.
    pub min: SimDuration,
    /// Longest value, not below `min`.
    pub max: SimDuration,
}

/// Bounded Pareto distribution: density proportional to `x^(-shape - 1)` between the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pareto {
    /// Shortest value, above zero.
    pub min: SimDuration,
    /// Longest value, above `min`.
    pub max: SimDuration,
    /// Tail index, 0.01 to 100. Measured file and job sizes lie between 0.9 and 1.5.
    pub shape: f64,
}

impl Pareto {
    /// `E[X^k]` in seconds to the `k`, by integrating the density in `ln x`.
    fn raw_moment(&self, k: i32) -> f64 {
        let (min, max) = (self.min.as_secs_f64(), self.max.as_secs_f64());
        let span = math::ln(max / min);
        let exponent = (f64::from(k) - self.shape) * span;
        // (e^x - 1) / x, by its series where the quotient would cancel.
        let growth = if exponent.abs() < 1e-5 {
            1.0 + exponent / 2.0 + exponent * exponent / 6.0
        } else {
            (math::exp(exponent) - 1.0) / exponent
        };
        let mass = 1.0 - math::exp(-self.shape * span);
        self.shape * math::pow(min, f64::from(k)) * span * growth / mass
    }
}

/// Weibull distribution: `P(X > x) = exp(-(x / scale)^shape)`, scaled to the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Weibull {
    /// Mean, above zero.
    pub mean: SimDuration,
    /// Shape, 0.1 to 100. Below one the tail is heavier than the exponential's.
    pub shape: f64,
}

impl ServiceTime {
    /// Expected value, rounded to the nearest nanosecond.
    pub fn mean(&self) -> SimDuration {
        match *self {
            Self::Constant(value) => value,
            Self::Exponential(Exponential { mean })
            | Self::Gamma(Gamma { mean, .. })
            | Self::Erlang(Erlang { mean, .. })
            | Self::Hyperexponential(Hyperexponential { mean, .. })
            | Self::Weibull(Weibull { mean, .. }) => mean,
            Self::Lognormal(lognormal) => lognormal.mean(),
            Self::Uniform(Uniform { min, max }) => {
                SimDuration::from_nanos(min.as_nanos().midpoint(max.as_nanos()))
            }
            Self::Pareto(pareto) => SimDuration::from_secs_f64(pareto.raw_moment(1)),
        }
    }

    /// Coefficient of variation: standard deviation divided by mean. Zero for a constant.
    pub fn cv(&self) -> f64 {
        match *self {
            Self::Constant(_) => 0.0,
            Self::Exponential(_) => 1.0,
            Self::Lognormal(lognormal) => lognormal.cv(),
            Self::Gamma(Gamma { cv, .. }) | Self::Hyperexponential(Hyperexponential { cv, .. }) => {
                cv
            }
            Self::Erlang(Erlang { stages, .. }) => 1.0 / math::sqrt(f64::from(stages)),
            Self::Uniform(Uniform { min, max }) => {
                let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
                if max == 0.0 {
                    0.0
                } else {
                    (max - min) / (math::sqrt(3.0) * (max + min))
                }
            }
            Self::Pareto(pareto) => {
                let mean = pareto.raw_moment(1);
                math::sqrt((pareto.raw_moment(2) / (mean * mean) - 1.0).max(0.0))
            }
            Self::Weibull(Weibull { shape, .. }) => {
                let first = math::gamma(1.0 + 1.0 / shape);
                math::sqrt((math::gamma(1.0 + 2.0 / shape) / (first * first) - 1.0).max(0.0))
            }
        }
    }

    /// Variance in seconds squared.
    pub fn variance(&self) -> f64 {
        let deviation = self.cv() * self.mean().as_secs_f64();
        deviation * deviation
    }

    /// Everything that is wrong with the parameters; empty if they can be sampled.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        let positive = SimDuration::from_nanos(1);
        match self {
            Self::Constant(_) => {}
            Self::Exponential(spec) => {
                problems.within("exponential", |p| p.at_least("mean", spec.mean, positive));
            }
            Self::Lognormal(spec) => problems.within("lognormal", |p| spec.check(p)),
            Self::Gamma(spec) => problems.within("gamma", |p| {
                p.at_least("mean", spec.mean, positive);
                p.number("cv", spec.cv, 0.0, 100.0);
            }),
            Self::Erlang(spec) => problems.within("erlang", |p| {
                p.at_least("mean", spec.mean, positive);
                p.number("stages", f64::from(spec.stages), 1.0, f64::from(u32::MAX));
            }),
            Self::Hyperexponential(spec) => problems.within("hyperexponential", |p| {
                p.at_least("mean", spec.mean, positive);
                p.number("cv", spec.cv, 1.0, 100.0);
            }),
            Self::Uniform(spec) => {
                problems.within("uniform", |p| {
                    p.ordered("max", spec.max, "min", spec.min);
                });
            }
            Self::Pareto(spec) => problems.within("pareto", |p| {
                p.at_least("min", spec.min, positive);
                p.above("max", spec.max, "min", spec.min);
                p.number("shape", spec.shape, 0.01, 100.0);
            }),
            Self::Weibull(spec) => problems.within("weibull", |p| {
                p.at_least("mean", spec.mean, positive);
                p.number("shape", spec.shape, 0.1, 100.0);
            }),
        }
        problems.into_vec()
    }

    /// The distribution with everything precomputed that does not change between samples.
    ///
    /// Expects parameters that [`validate`](Self::validate) accepts; for others the samples mean
    /// nothing, but nothing panics.
    pub fn sampler(&self) -> DurationSampler {
        DurationSampler::new(self)
    }
}
