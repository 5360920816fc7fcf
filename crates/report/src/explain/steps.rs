//! Decisions as `decisions.jsonl` holds them.
//!
//! Lenient on purpose: what a later version adds is passed over, and a number that JSON cannot
//! hold (a ratio of something and nothing) is `null` there and `None` here.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One decision without its time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Body {
    pub(super) current: i64,
    pub(super) desired: i64,
    #[serde(default)]
    pub(super) reason: Value,
    #[serde(default)]
    pub(super) limited_by: Option<String>,
    #[serde(default)]
    pub(super) steps: AnySteps,
}

impl Body {
    pub(super) fn is_rescale(&self) -> bool {
        self.current != self.desired
    }

    /// The steps of the HPA, if it is one or there is one behind it that has synced.
    pub(super) fn hpa(&self) -> Option<&HpaSteps> {
        match &self.steps {
            AnySteps::Hpa(steps) => Some(steps),
            AnySteps::Keda(steps) => steps.hpa.as_ref(),
            _ => None,
        }
    }
}

/// The steps of one of the controllers.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "Value")]
pub(super) enum AnySteps {
    #[default]
    None,
    Hpa(Box<HpaSteps>),
    Keda(Box<KedaSteps>),
    Kpa(Box<KpaSteps>),
    ScaledJob(Box<JobSteps>),
    Oci(OciSteps),
    Ec2(Ec2Steps),
    /// Pairs of a name and what the autoscaler says.
    Other(Vec<(String, String)>),
}

impl From<Value> for AnySteps {
    fn from(value: Value) -> Self {
        fn read<T: serde::de::DeserializeOwned>(value: &Value, tag: &str) -> Option<T> {
            serde_json::from_value(value.get(tag)?.clone()).ok()
        }
        let hpa = read(&value, "hpa").map(Self::Hpa);
        let keda = || read(&value, "keda").map(Self::Keda);
        let kpa = || read(&value, "kpa").map(Self::Kpa);
        let jobs = || read(&value, "scaled_job").map(Self::ScaledJob);
        let oci = || read(&value, "oci").map(Self::Oci);
        let ec2 = || read(&value, "ec2").map(Self::Ec2);
        let other = || read(&value, "other").map(Self::Other);
        hpa.or_else(keda)
            .or_else(kpa)
            .or_else(jobs)
            .or_else(oci)
            .or_else(ec2)
            .or_else(other)
            .unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct HpaSteps {
    pub(super) path: String,
    pub(super) tolerance: Tolerance,
    #[serde(default)]
    pub(super) evidence: Option<Evidence>,
    pub(super) metrics: Vec<MetricStep>,
    pub(super) winner: Option<usize>,
    pub(super) proposal: Option<i64>,
    pub(super) stabilized: Option<i64>,
    pub(super) limited: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Tolerance {
    pub(super) scale_down: f64,
    pub(super) scale_up: f64,
}

impl Tolerance {
    /// In the order in which the controller computes.
    pub(super) fn contains(self, ratio: f64) -> bool {
        1.0 - self.scale_down <= ratio && ratio <= 1.0 + self.scale_up
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Evidence {
    pub(super) sampled: u64,
    pub(super) newest_age: Option<flashcrowd_units::SimDuration>,
    pub(super) oldest_age: Option<flashcrowd_units::SimDuration>,
    #[serde(default)]
    pub(super) left_out: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct MetricStep {
    pub(super) name: String,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Proposed(Proposal),
    Failed { reason: String, error: String },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Proposal {
    pub(super) replicas: i64,
    pub(super) current: Current,
    pub(super) ratio: Option<f64>,
    pub(super) adjusted_ratio: Option<f64>,
    pub(super) pods: Option<PodCounts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Current {
    Utilization { percent: i64, average: i64 },
    AverageValue(i64),
    Value(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct PodCounts {
    pub(super) ready: i64,
    pub(super) unready: i64,
    pub(super) missing: i64,
}

impl MetricStep {
    pub(super) fn proposal(&self) -> Option<&Proposal> {
        match &self.outcome {
            Outcome::Proposed(proposal) => Some(proposal),
            Outcome::Failed { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct KedaSteps {
    pub(super) poll: Option<PollSteps>,
    pub(super) hpa: Option<HpaSteps>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct PollSteps {
    pub(super) path: String,
    pub(super) triggers: Vec<TriggerStep>,
    pub(super) composite: Option<i64>,
    pub(super) cooldown_left: Option<flashcrowd_units::SimDuration>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct TriggerStep {
    pub(super) trigger: usize,
    pub(super) failures: Option<u64>,
    pub(super) outcome: TriggerOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TriggerOutcome {
    Value { value: i64, active: bool },
    Fallback(i64),
    Nil,
    Error,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct KpaSteps {
    pub(super) sample: Option<f64>,
    pub(super) decider: Option<DeciderSteps>,
    #[serde(default)]
    pub(super) action: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct DeciderSteps {
    pub(super) stable: f64,
    pub(super) panic: f64,
    pub(super) ready: f64,
    pub(super) max_scale_up: f64,
    pub(super) max_scale_down: f64,
    pub(super) stable_want: i64,
    pub(super) panic_want: i64,
    pub(super) over_threshold: bool,
    pub(super) panic_since: Option<i64>,
    pub(super) before_delay: i64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct JobSteps {
    pub(super) strategy: String,
    pub(super) demands: Vec<TriggerDemand>,
    pub(super) queue: f64,
    pub(super) max_value: f64,
    pub(super) active: bool,
    pub(super) error: bool,
    pub(super) running: i64,
    pub(super) pending: i64,
    pub(super) scale_to: i64,
    pub(super) effective_max_scale: i64,
    pub(super) is_cut: bool,
    pub(super) create: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct TriggerDemand {
    pub(super) trigger: usize,
    pub(super) target: f64,
    pub(super) demand: JobDemand,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct JobDemand {
    pub(super) queue: f64,
    pub(super) active: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct OciSteps {
    /// Nanoseconds of the run.
    pub(super) cooldown_until: Option<i64>,
    pub(super) rules: Vec<OciRuleStep>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct OciRuleStep {
    pub(super) rule: String,
    pub(super) step: i64,
    pub(super) last: Option<f64>,
    pub(super) fires: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Ec2Steps {
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) alarms: Vec<Ec2AlarmStep>,
    pub(super) candidates: Vec<Ec2CandidateStep>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Ec2AlarmStep {
    pub(super) alarm: String,
    pub(super) state: String,
    pub(super) value: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Ec2CandidateStep {
    pub(super) policy: String,
    pub(super) capacity: i64,
    pub(super) held_by: Option<String>,
}
