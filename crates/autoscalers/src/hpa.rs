//! The Horizontal Pod Autoscaler (`autoscaling/v2`) of Kubernetes v1.36.
//!
//! # What it does
//! At every sync each metric proposes a number of replicas, the largest proposal wins, recent
//! recommendations and rate limits hold it back, and if it differs from what there is, it is
//! written. The order of one reconcile:
//!
//! 1. Read the scale. Failure ends the sync.
//! 2. Remember the number found, if this is the first sync of the process: this seed delays the
//!    first change.
//! 3. 0 replicas: disabled, unless this HPA itself took the last one away. Above the maximum or
//!    below the minimum: straight to the bound, without metrics, policies or memory.
//! 4. Evaluate the metrics (`classify`, `pod_metrics`, `total_metrics`, `tolerance`) and combine
//!    them (`combine`). If some fail, there is no scaling down on the rest.
//! 5. Stabilise (`stabilize`), then limit rate and range (`rate_limit`): with `behavior` and
//!    without it these are two different sets of rules.
//! 6. Write, and store a scale event if that succeeded and there is a `behavior` (`history`).
//!
//! # When it hurts
//! Metrics lag, and the number of *ready* pods, not of replicas, is what the ratio is multiplied
//! with: pods that take long to become ready make it overshoot or undershoot. Terminating and
//! failed pods without a request make a utilization metric fail altogether.
//!
//! # Parameters
//! * `spec`: that of a HorizontalPodAutoscaler (`minReplicas`, `maxReplicas`, `metrics`, `behavior`),
//!   with the API's own defaults.
//! * `flags`: those of the controller manager (sync period 15s, tolerance 0.1, CPU initialization
//!   5m, initial readiness delay 30s, downscale stabilization 5m) and its feature gates.
//!
//! # Source
//! `pkg/controller/podautoscaler` of Kubernetes v1.36.2, whose recorded decisions
//! (`tests/golden/hpa`) this implementation reproduces without a difference. Numbers are int64
//! thousandths, ratios are float64, as there.

mod classify;
mod combine;
mod conditions;
mod evaluate;
mod evidence;
mod flags;
mod history;
mod model;
mod pod_metrics;
mod proposal;
mod rate_limit;
mod reconcile;
mod stabilize;
mod steps;
mod tolerance;
mod total_metrics;

pub use classify::{PodClass, PodCounts};
pub use conditions::{AbleToScale, Conditions, ScaledToZero, ScalingActive, ScalingLimited};
pub use evidence::{Evidence, LeftOut};
pub use flags::{FeatureGates, HpaFlags};
pub use proposal::{CurrentMetric, MetricError, MetricOutcome, Proposal};
pub use steps::{HpaPath, HpaSteps, MetricStep};
pub use tolerance::Tolerance;

use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
use crate::{Observation, ScalingDecision, TimePoint};
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::Replicas;
use history::History;
use model::Model;
use serde::{Deserialize, Serialize};
use std::fmt;

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Hpa {
    model: Model,
    flags: HpaFlags,
    memory: Memory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    history: History,
    status: HpaStatus,
}

/// `status` of the HPA object. It outlives the controller process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HpaStatus {
    /// `currentReplicas`.
    pub current_replicas: Replicas,
    /// `desiredReplicas`.
    pub desired_replicas: Replicas,
    /// `currentMetrics`, in the order of the specification; `None` for a metric that failed, empty
    /// where none was evaluated.
    pub current_metrics: Vec<Option<CurrentMetric>>,
    /// `lastScaleTime`.
    pub last_scale_time: Option<TimePoint>,
    /// `conditions`.
    pub conditions: Conditions,
}

/// A specification that the API server would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHpa {
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InvalidHpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the HorizontalPodAutoscaler is not valid")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidHpa {}

impl Hpa {
    /// A controller that has just started, for an HPA that it has never seen.
    ///
    /// Defaulting is done here. `scaleTargetRef` is not looked at: what is scaled is the driver's
    /// business.
    ///
    /// # Errors
    /// If the API server would refuse the specification, or it asks for a resource other than
    /// CPU and memory.
    pub fn new(spec: &HpaSpec, flags: HpaFlags) -> Result<Self, InvalidHpa> {
        let model = Model::new(spec, &flags).map_err(|problems| InvalidHpa { problems })?;
        Ok(Self {
            model,
            flags,
            memory: Memory::default(),
        })
    }

    /// Somebody has edited the HPA. Recommendations, scale events and status stay as they are.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing has changed then.
    pub fn edit(&mut self, spec: &HpaSpec) -> Result<(), InvalidHpa> {
        self.model = Model::new(spec, &self.flags).map_err(|problems| InvalidHpa { problems })?;
        Ok(())
    }

    /// The controller process starts again: recommendations and scale events are lost, the status
    /// is not.
    pub fn restart(&mut self) {
        self.memory.history = History::default();
    }

    /// The status of the HPA object.
    pub fn status(&self) -> &HpaStatus {
        &self.memory.status
    }

    /// The flags of the controller.
    pub fn flags(&self) -> &HpaFlags {
        &self.flags
    }

    /// The tolerance in force.
    pub fn tolerance(&self) -> Tolerance {
        self.model.tolerance
    }
}

impl Autoscaler for Hpa {
    fn queries(&self) -> Vec<MetricQuery> {
        self.model.queries.clone()
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        self.reconcile(observation)
    }

    fn committed(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        if decision.is_rescale() {
            self.rescaled(decision, outcome);
        }
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}
