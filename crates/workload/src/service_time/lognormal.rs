//! The lognormal distribution and its two ways of being written.

use crate::problem::Problems;
use flashcrowd_units::{SimDuration, math};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The 95 % quantile of the standard normal distribution.
const NORMAL_P95: f64 = 1.644_853_626_951_472_2;

/// Lognormal distribution, by mean and coefficient of variation or by median and 95th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, deny_unknown_fields)]
pub enum Lognormal {
    /// `{ mean: 9ms, cv: 0.8 }`
    MeanCv {
        /// Mean, above zero.
        mean: SimDuration,
        /// Coefficient of variation, 0 to 100.
        cv: f64,
    },
    /// `{ median: 12s, p95: 25s }`
    MedianP95 {
        /// Median, above zero.
        median: SimDuration,
        /// 95th percentile, not below the median.
        p95: SimDuration,
    },
}

/// Both forms side by side, so that an unknown field is reported where it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    mean: Option<SimDuration>,
    cv: Option<f64>,
    median: Option<SimDuration>,
    p95: Option<SimDuration>,
}

impl<'de> Deserialize<'de> for Lognormal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Fields::deserialize(deserializer)? {
            Fields {
                mean: Some(mean),
                cv: Some(cv),
                median: None,
                p95: None,
            } => Ok(Self::MeanCv { mean, cv }),
            Fields {
                mean: None,
                cv: None,
                median: Some(median),
                p95: Some(p95),
            } => Ok(Self::MedianP95 { median, p95 }),
            _ => Err(D::Error::custom(
                "a lognormal takes either `mean` and `cv` or `median` and `p95`",
            )),
        }
    }
}

impl Lognormal {
    /// Mean of the logarithm, the value being in nanoseconds.
    pub(super) fn mu(&self) -> f64 {
        match *self {
            Self::MeanCv { mean, .. } => {
                math::ln(mean.as_nanos() as f64) - 0.5 * self.sigma_squared()
            }
            Self::MedianP95 { median, .. } => math::ln(median.as_nanos() as f64),
        }
    }

    /// Variance of the logarithm.
    pub(super) fn sigma_squared(&self) -> f64 {
        match *self {
            Self::MeanCv { cv, .. } => math::ln(1.0 + cv * cv),
            Self::MedianP95 { median, p95 } => {
                let sigma = math::ln(p95.as_nanos() as f64 / median.as_nanos() as f64) / NORMAL_P95;
                sigma * sigma
            }
        }
    }

    pub(super) fn mean(&self) -> SimDuration {
        match *self {
            Self::MeanCv { mean, .. } => mean,
            Self::MedianP95 { median, .. } => median.mul_f64(math::exp(0.5 * self.sigma_squared())),
        }
    }

    pub(super) fn cv(&self) -> f64 {
        match *self {
            Self::MeanCv { cv, .. } => cv,
            Self::MedianP95 { .. } => math::sqrt(math::exp(self.sigma_squared()) - 1.0),
        }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let positive = SimDuration::from_nanos(1);
        match *self {
            Self::MeanCv { mean, cv } => {
                problems.at_least("mean", mean, positive);
                problems.number("cv", cv, 0.0, 100.0);
            }
            Self::MedianP95 { median, p95 } => {
                problems.at_least("median", median, positive);
                problems.ordered("p95", p95, "median", median);
            }
        }
    }
}
