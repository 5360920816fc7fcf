//! Bounds of a number of replicas.

use crate::{Limit, Reason, ScalingDecision, Steps, TimePoint};
use flashcrowd_manifests::Problem;
use flashcrowd_units::Replicas;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The fewest and the most replicas that a policy may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplicaRange {
    /// The fewest \[pods\].
    pub min: u32,
    /// The most \[pods\].
    pub max: u32,
}

impl ReplicaRange {
    /// This number and no other.
    pub const fn fixed(replicas: u32) -> Self {
        Self {
            min: replicas,
            max: replicas,
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn problems(self, path: &str) -> Vec<Problem> {
        let upside_down = (self.min > self.max).then(|| Problem {
            path: format!("{path}.max"),
            message: format!("is {}: must not be less than min, {}", self.max, self.min),
        });
        let empty = (self.max == 0).then(|| Problem {
            path: format!("{path}.max"),
            message: "is 0: must be at least 1".to_owned(),
        });
        upside_down.into_iter().chain(empty).collect()
    }

    /// The nearest number within, and what kept it from being the wanted one.
    pub fn limit(self, wanted: u32) -> (u32, Option<Limit>) {
        if wanted > self.max {
            (self.max, Some(Limit::TooManyReplicas))
        } else if wanted < self.min {
            (self.min, Some(Limit::TooFewReplicas))
        } else {
            (wanted, None)
        }
    }

    /// Asks for the nearest number within.
    pub(crate) fn decide(
        self,
        at: TimePoint,
        current: Replicas,
        wanted: u32,
        reason: Reason,
        steps: Notes,
    ) -> ScalingDecision {
        let (desired, limited_by) = self.limit(wanted);
        ScalingDecision {
            at,
            current,
            desired: Replicas(desired),
            reason,
            limited_by,
            steps: steps.into(),
        }
    }
}

/// Why a number of replicas is wanted that a metric asks for.
pub(crate) fn reason_of(metric: &str, current: Replicas, wanted: u32) -> Reason {
    match wanted.cmp(&current.get()) {
        std::cmp::Ordering::Greater => Reason::MetricAboveTarget {
            metric: Arc::from(metric),
        },
        std::cmp::Ordering::Less => Reason::AllMetricsBelowTarget,
        std::cmp::Ordering::Equal => Reason::None,
    }
}

/// The smallest whole number of replicas that is not less. What floating point leaves of an
/// exact result (`4.000000000000001`) does not cost a replica; nothing below 0 and no NaN.
pub(crate) fn whole_replicas(replicas: f64) -> u32 {
    (replicas - 1e-9).ceil() as u32
}

/// The intermediate numbers of a decision.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<(String, String)>);

impl Notes {
    pub(crate) fn note(&mut self, name: &str, value: impl fmt::Display) {
        self.0.push((name.to_owned(), value.to_string()));
    }
}

impl From<Notes> for Steps {
    fn from(notes: Notes) -> Self {
        if notes.0.is_empty() {
            Self::None
        } else {
            Self::Other(notes.0)
        }
    }
}
