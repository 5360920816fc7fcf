//! What a recommender says.

use super::ResourceAmounts;
use crate::{ResourceName, TimePoint};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// `status.recommendation` of a VPA: the same for all its pods.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PodRecommendation {
    /// When it was made.
    pub at: TimePoint,
    /// One for each container that was ever sampled and is not off, **in the order of the names**.
    pub containers: Vec<ContainerRecommendation>,
}

impl PodRecommendation {
    /// That for a container, if there is one.
    pub fn container(&self, name: &str) -> Option<&ContainerRecommendation> {
        let of_name = |it: &ContainerRecommendation| (*it.container).cmp(name);
        let found = self.containers.binary_search_by(of_name).ok()?;
        self.containers.get(found)
    }
}

/// The recommendation for one container. A resource that is not controlled has no amounts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerRecommendation {
    /// Name of the container.
    pub container: Arc<str>,
    /// What it should request.
    pub target: ResourceAmounts,
    /// A request below this is worth an eviction.
    pub lower_bound: ResourceAmounts,
    /// A request above this is worth an eviction.
    pub upper_bound: ResourceAmounts,
    /// The target before the policy's bounds.
    pub uncapped_target: ResourceAmounts,
    /// How these came about.
    pub steps: ContainerSteps,
}

/// The way from the samples to a recommendation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerSteps {
    /// CPU samples so far, of all pods.
    pub samples: u64,
    /// The resources that are controlled.
    pub resources: Vec<ResourceSteps>,
}

/// The estimates for one resource \[millicores or bytes\].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceSteps {
    /// The resource.
    pub resource: ResourceName,
    /// How much has been seen, in confidence intervals.
    pub confidence: f64,
    /// The container's share of the pod's minimum.
    pub minimum: u64,
    /// The target.
    pub target: EstimateSteps,
    /// The lower bound.
    pub lower_bound: EstimateSteps,
    /// The upper bound.
    pub upper_bound: EstimateSteps,
    /// What bounded the target afterwards.
    pub capped: Vec<Cap>,
}

/// One estimate, step by step \[millicores or bytes\].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EstimateSteps {
    /// Percentile of the usage.
    pub percentile: u64,
    /// With the safety margin.
    pub with_margin: u64,
    /// The factor for what has been seen; infinite for an upper bound without history, which
    /// JSON shows as null.
    pub confidence_factor: f64,
    /// Multiplied by that.
    pub widened: u64,
    /// At least the minimum: the estimate, before the policy's bounds.
    pub estimate: u64,
}

/// Something that changed a recommendation. Prints what upstream notes at the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// Raised to `minAllowed`.
    MinAllowed,
    /// Lowered to `maxAllowed`.
    MaxAllowed,
    /// Lowered to the limit of the container, which is not to change.
    ContainerLimit,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinAllowed => "capped to minAllowed",
            Self::MaxAllowed => "capped to maxAllowed",
            Self::ContainerLimit => "capped to container limit",
        })
    }
}
