//! What a controller decides, and why.

use crate::TimePoint;
use crate::hpa::HpaSteps;
use crate::keda::KedaSteps;
use crate::keda::scaled_job::JobSteps;
use crate::kpa::KpaSteps;
use crate::pools::{AzureSteps, Ec2Steps, GcpSteps, OciSteps};
use flashcrowd_units::Replicas;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The outcome of one sync.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScalingDecision {
    /// The time of the sync.
    pub at: TimePoint,
    /// The number of replicas that the controller found. Where it could not read it, the last one
    /// it knew.
    pub current: Replicas,
    /// The number of replicas that it wants.
    pub desired: Replicas,
    /// What it was after, before anything limited it.
    pub reason: Reason,
    /// What kept it from getting that, if anything did.
    pub limited_by: Option<Limit>,
    /// Every intermediate number.
    pub steps: Steps,
}

impl ScalingDecision {
    /// Whether there is something to write.
    pub fn is_rescale(&self) -> bool {
        self.desired != self.current
    }

    /// Leaves everything as it is.
    pub fn hold(at: TimePoint, current: Replicas, reason: Reason) -> Self {
        Self {
            at,
            current,
            desired: current,
            reason,
            limited_by: None,
            steps: Steps::None,
        }
    }
}

/// What a controller is after. Prints what the real one writes into its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Nothing: the metrics ask for what there is.
    None,
    /// This metric is above its target.
    MetricAboveTarget {
        /// The metric, in the controller's words.
        metric: Arc<str>,
    },
    /// All metrics are below their targets.
    AllMetricsBelowTarget,
    /// There are more replicas than the maximum.
    AboveMaxReplicas,
    /// There are fewer replicas than the minimum.
    BelowMinReplicas,
    /// There are no replicas, and the controller is not the one who took them away.
    ScalingDisabled,
    /// Too many metrics failed to say anything.
    MetricsUnavailable,
    /// The number of replicas could not be read.
    ScaleUnavailable,
    /// KEDA: a trigger is active, and there was nothing, or no more than idle.
    ScaleTargetActivated,
    /// KEDA: no trigger has been active for the cooldown.
    ScaleTargetDeactivated,
    /// KEDA: an annotation pauses the object.
    Paused,
    /// KPA: the panic window asks for far more than is ready, or has done so lately.
    Panic,
    /// KPA: there is no traffic, and the activator is in the path.
    ScaleToZero,
    /// Something that an autoscaler from outside says.
    Other(Arc<str>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::MetricAboveTarget { metric } => write!(f, "{metric} above target"),
            Self::AllMetricsBelowTarget => f.write_str("All metrics below target"),
            Self::AboveMaxReplicas => {
                f.write_str("Current number of replicas above Spec.MaxReplicas")
            }
            Self::BelowMinReplicas => {
                f.write_str("Current number of replicas below Spec.MinReplicas")
            }
            Self::ScalingDisabled => f.write_str("ScalingDisabled"),
            Self::MetricsUnavailable => f.write_str("FailedComputeMetricsReplicas"),
            Self::ScaleUnavailable => f.write_str("FailedGetScale"),
            Self::ScaleTargetActivated => f.write_str("KEDAScaleTargetActivated"),
            Self::ScaleTargetDeactivated => f.write_str("KEDAScaleTargetDeactivated"),
            Self::Paused => f.write_str("ScaledObjectPaused"),
            Self::Panic => f.write_str("PANIC mode"),
            Self::ScaleToZero => f.write_str("NoTraffic"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// What kept a controller from what it was after. Prints the real controller's word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Limit {
    /// Recent recommendations were lower.
    ScaleUpStabilized,
    /// Recent recommendations were higher.
    ScaleDownStabilized,
    /// The rate at which replicas may be added.
    ScaleUpLimit,
    /// The rate at which replicas may be removed.
    ScaleDownLimit,
    /// The maximum.
    TooManyReplicas,
    /// The minimum.
    TooFewReplicas,
    /// The time that has to pass after the last action.
    Cooldown,
    /// Instances are still being launched or terminated.
    ScalingInProgress,
    /// New instances are still warming up.
    InstanceWarmup,
    /// Scaling in would make a scale-out rule fire.
    Flapping,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants are the words.
        fmt::Debug::fmt(self, f)
    }
}

/// Every intermediate number of a decision: the raw material of *why*.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Steps {
    /// The autoscaler says nothing more.
    None,
    /// Those of Azure's autoscale.
    AzureVmss(Box<AzureSteps>),
    /// Those of EC2 Auto Scaling.
    Ec2(Box<Ec2Steps>),
    /// Those of Google Cloud's autoscaler.
    GcpMig(Box<GcpSteps>),
    /// Those of the Horizontal Pod Autoscaler.
    Hpa(Box<HpaSteps>),
    /// Those of KEDA.
    Keda(Box<KedaSteps>),
    /// Those of the Knative Pod Autoscaler.
    Kpa(Box<KpaSteps>),
    /// Those of OCI's autoscaling.
    Oci(Box<OciSteps>),
    /// Those of a ScaledJob of KEDA.
    ScaledJob(Box<JobSteps>),
    /// Those of an autoscaler from outside, by name.
    Other(Vec<(String, String)>),
}

impl Steps {
    /// Those of the Horizontal Pod Autoscaler, if this is one or drives one that has just synced.
    pub fn hpa(&self) -> Option<&HpaSteps> {
        match self {
            Self::Hpa(steps) => Some(steps),
            Self::Keda(steps) => steps.hpa.as_ref(),
            _ => None,
        }
    }
}
