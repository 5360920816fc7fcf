//! The contract between an autoscaler and whoever drives it.

use crate::{Observation, ScalingDecision, TimePoint};
use flashcrowd_manifests::LabelSelector;
use flashcrowd_manifests::hpa::CrossVersionObjectReference;
use std::fmt;

/// A controller of a number of replicas, as a state machine: memory in `self`, everything else in
/// the argument.
///
/// The driver calls [`decide`](Self::decide) at every sync. If the decision is a
/// [rescale](ScalingDecision::is_rescale), it tries to carry it out and reports back with
/// [`committed`](Self::committed) before the next sync.
pub trait Autoscaler: fmt::Debug + Send {
    /// The metrics that the driver has to bring in [`Observation::answers`], in this order.
    /// They may change when the specification is edited, not otherwise.
    fn queries(&self) -> Vec<MetricQuery> {
        Vec::new()
    }

    /// One sync.
    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision;

    /// What came of a rescale. A write that failed leaves some memory changed and some not, which
    /// is why an autoscaler has to be told.
    fn committed(&mut self, _decision: &ScalingDecision, _outcome: ScaleOutcome) {}

    /// When this autoscaler wants to be asked next, if it keeps a clock of its own. `None` leaves
    /// it to the driver's sync period.
    fn next_wakeup(&self) -> Option<TimePoint> {
        None
    }

    /// The memory of this autoscaler, without its configuration.
    fn save(&self) -> SavedState;

    /// Takes over a memory that an autoscaler of the same kind and configuration has saved.
    ///
    /// # Errors
    /// If it is the memory of something else. The own memory is then unchanged.
    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError>;
}

/// What came of the attempt to write a number of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleOutcome {
    /// The workload has the new number.
    Applied,
    /// The write failed; the workload has the old number.
    Failed,
}

/// A metric that an autoscaler asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricQuery {
    /// CPU or memory: answered by [`Observation::resources`], nothing to do here.
    Resources,
    /// A metric of each pod of the workload.
    Pods {
        /// Name of the metric.
        name: String,
        /// Which series.
        selector: Option<LabelSelector>,
    },
    /// A metric of one object.
    Object {
        /// Name of the metric.
        name: String,
        /// Which series.
        selector: Option<LabelSelector>,
        /// The object.
        object: CrossVersionObjectReference,
    },
    /// A metric from outside the cluster.
    External {
        /// Name of the metric.
        name: String,
        /// Which series.
        selector: Option<LabelSelector>,
    },
}

/// The memory of an autoscaler, for checkpoints.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SavedState(serde_json::Value);

impl SavedState {
    /// Of something that serde can write.
    ///
    /// # Panics
    /// If it cannot be JSON, such as a map whose keys are not text.
    pub fn of<T: serde::Serialize>(memory: &T) -> Self {
        Self(
            serde_json::to_value(memory)
                .expect("the memory of an autoscaler can be written as JSON"),
        )
    }

    /// The memory again.
    ///
    /// # Errors
    /// If it is the memory of something else.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, RestoreError> {
        serde_json::from_value(self.0.clone()).map_err(RestoreError)
    }
}

/// A saved memory that belongs to another kind of autoscaler.
#[derive(Debug, thiserror::Error)]
#[error("the saved state does not fit this autoscaler")]
pub struct RestoreError(#[source] serde_json::Error);

impl RestoreError {
    /// A memory that reads but does not belong to this configuration.
    pub(crate) fn other(why: &str) -> Self {
        Self(serde::de::Error::custom(why))
    }
}
