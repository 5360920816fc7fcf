//! How a VPA applies its recommendations, and within which bounds.

use crate::nullable::or_default;
use flashcrowd_units::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The container name of a policy for all containers that have none of their own.
const ANY_CONTAINER: &str = "*";

/// `updatePolicy` of a VPA.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodUpdatePolicy {
    /// When pods are changed. The webhook wants it said where there is an `updatePolicy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_mode: Option<UpdateMode>,
    /// How many pods of a group must be alive for the updater to touch it \[pods, above 0\].
    /// Absent: the updater's `--min-replicas` (2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// Conditions for an eviction; all must hold.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub eviction_requirements: Vec<EvictionRequirement>,
    /// A container that was OOM-killed within this time after its start makes its pod a candidate
    /// \[s, above 0\]. Needs the feature gate `PerVPAConfig`. Absent: the updater's
    /// `--evict-after-oom-threshold` (10 min).
    #[serde(
        rename = "evictAfterOOMSeconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub evict_after_oom_seconds: Option<i32>,
}

/// `updateMode` of a VPA: when pods get the recommended resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UpdateMode {
    /// Never: recommendations are only shown.
    Off,
    /// When a pod is created, and not afterwards.
    Initial,
    /// When a pod is created; pods that run are evicted so that they are created anew.
    #[default]
    Recreate,
    /// Deprecated; the same as `Recreate`.
    Auto,
    /// When a pod is created; pods that run are resized in place, or evicted where that fails.
    InPlaceOrRecreate,
    /// As `InPlaceOrRecreate`, but never evicting. Needs the feature gate `InPlace`, which is off.
    InPlace,
}

/// What a change must be like for a pod to be evicted for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvictionRequirement {
    /// Resources by name; one of them has to meet the requirement.
    pub resources: Vec<String>,
    /// The direction of the change.
    pub change_requirement: EvictionChangeRequirement,
}

/// `changeRequirement` of an [`EvictionRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvictionChangeRequirement {
    /// More is recommended than is requested.
    TargetHigherThanRequests,
    /// Less is recommended than is requested.
    TargetLowerThanRequests,
}

/// `resourcePolicy` of a VPA.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodResourcePolicy {
    /// One policy a container; the name `*` stands for all that have none of their own.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub container_policies: Vec<ContainerResourcePolicy>,
}

impl PodResourcePolicy {
    /// The policy for a container: the first one with its name, else the last one for `*`.
    pub fn for_container(&self, container: &str) -> Option<&ContainerResourcePolicy> {
        let policies = || self.container_policies.iter();
        let own = policies().find(|policy| policy.container_name == container);
        own.or_else(|| policies().rfind(|policy| policy.container_name == ANY_CONTAINER))
    }
}

/// The policy for one container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerResourcePolicy {
    /// Name of the container, or `*`.
    pub container_name: String,
    /// Whether it gets recommendations at all. Absent: `Auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ContainerScalingMode>,
    /// Lower bounds by resource name. Absent or 0: none.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub min_allowed: BTreeMap<String, Quantity>,
    /// Upper bounds by resource name. Absent or 0: none.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub max_allowed: BTreeMap<String, Quantity>,
    /// Which resources get recommendations. Absent: CPU and memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controlled_resources: Option<Vec<String>>,
    /// Which values follow the recommendation. Absent: `RequestsAndLimits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controlled_values: Option<ControlledValues>,
    /// By what the memory is multiplied after an OOM kill \[1 or more\]. Needs the feature gate
    /// `PerVPAConfig`. Absent: the recommender's `--oom-bump-up-ratio` (1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_bump_up_ratio: Option<Quantity>,
    /// By how much the memory grows at least after an OOM kill \[bytes\]. Needs the feature gate
    /// `PerVPAConfig`. Absent: the recommender's `--oom-min-bump-up-bytes` (100 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_min_bump_up: Option<Quantity>,
    /// More CPU while a pod starts (feature gate `CPUStartupBoost`). Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_boost: Option<Value>,
}

impl ContainerResourcePolicy {
    /// Whether the container gets recommendations.
    pub fn is_off(&self) -> bool {
        self.mode == Some(ContainerScalingMode::Off)
    }

    /// Whether a resource (`cpu`, `memory`) gets recommendations.
    pub fn controls(&self, resource: &str) -> bool {
        let resources = self.controlled_resources.as_ref();
        resources.is_none_or(|resources| resources.iter().any(|name| name == resource))
    }

    /// The values that follow the recommendation.
    pub fn controlled_values(&self) -> ControlledValues {
        self.controlled_values.unwrap_or_default()
    }
}

/// `mode` of a [`ContainerResourcePolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ContainerScalingMode {
    /// The container gets recommendations.
    #[default]
    Auto,
    /// It gets none, and its share of the pod's minimum goes to the others.
    Off,
}

/// `controlledValues` of a [`ContainerResourcePolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ControlledValues {
    /// Requests, and limits in proportion to them.
    #[default]
    RequestsAndLimits,
    /// Requests only, and these not above the limits.
    RequestsOnly,
}
