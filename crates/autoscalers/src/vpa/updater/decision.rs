//! What the updater decides, and why.

use super::UpdatePriority;
use crate::vpa::AdmittedContainer;
use crate::{PodId, TimePoint};
use flashcrowd_manifests::vpa::UpdateMode;
use serde::{Deserialize, Serialize};

/// What is to be done now, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UpdateDecision {
    /// When.
    pub at: TimePoint,
    /// The update mode in force.
    pub mode: UpdateMode,
    /// What is to be done, in this order.
    pub actions: Vec<UpdateAction>,
    /// What was found about each pod that lives, in the order in which they were given. Empty in
    /// modes that leave running pods alone.
    pub pods: Vec<PodVerdict>,
}

/// Something to be done to a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateAction {
    /// Evict it.
    Evict(PodId),
    /// Resize it in place.
    Resize(Resize),
}

/// New requests and limits for a pod that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resize {
    /// The pod.
    pub pod: PodId,
    /// The containers that change.
    pub containers: Vec<AdmittedContainer>,
}

/// What was found about one pod.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PodVerdict {
    /// The pod.
    pub pod: PodId,
    /// How far it is from the recommendation, if that was looked at.
    pub priority: Option<UpdatePriority>,
    /// What is done about it, or why nothing is.
    pub verdict: Verdict,
}

/// Why something is done to a pod, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is evicted.
    Evicted,
    /// It is resized in place.
    Resized,
    /// It is evicted because resizing it in place failed, takes too long or is not possible.
    EvictedInsteadOfResized,
    /// Its group has fewer pods than `minReplicas`, or its owner wants none.
    TooFewReplicas,
    /// The group cannot spare it now.
    GroupNotDisruptable,
    /// It is pending, and in-place updates wait for it.
    Pending,
    /// It is being resized.
    ResizeOngoing,
    /// There is no recommendation yet.
    NoRecommendation,
    /// It has not been started.
    NotStarted,
    /// It is within the bounds, and younger than 12 h.
    ShortLived,
    /// It is within the bounds, and less than a tenth from the target.
    ChangeTooSmall,
    /// A container was OOM-killed early, but the recommendation is what it has.
    ResourcesUnchanged,
    /// The `evictionRequirements` do not hold.
    RequirementsUnmet,
    /// The eviction would break a PodDisruptionBudget.
    DisruptionBudget,
}
