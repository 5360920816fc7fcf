//! `VerticalPodAutoscaler` (`autoscaling.k8s.io/v1`).
//!
//! The types mirror the API. Nothing is filled in by the API server; what an absent field means is
//! said by [`VpaSpec::update_mode`] and the methods of [`ContainerResourcePolicy`], and
//! [`VpaSpec::defaulted`] writes it out. [`VpaSpec::validate`] refuses what the admission webhook
//! refuses, and [`VpaSpec::lint`] names what it accepts although it is not what was meant.
//! Source: `pkg/apis/autoscaling.k8s.io/v1/types.go` and
//! `pkg/admission-controller/resource/vpa/validation.go` of vertical-pod-autoscaler 1.7.

mod policy;
mod validate;

pub use policy::{
    ContainerResourcePolicy, ContainerScalingMode, ControlledValues, EvictionChangeRequirement,
    EvictionRequirement, PodResourcePolicy, PodUpdatePolicy, UpdateMode,
};
pub use validate::VpaFeatureGates;

use crate::ObjectMeta;
use crate::hpa::CrossVersionObjectReference;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A `VerticalPodAutoscaler`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerticalPodAutoscaler {
    /// `autoscaling.k8s.io/v1`.
    #[serde(default)]
    pub api_version: String,
    /// `VerticalPodAutoscaler`.
    #[serde(default)]
    pub kind: String,
    /// Name, labels, annotations.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: VpaSpec,
    /// What the recommender last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`VerticalPodAutoscaler`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaSpec {
    /// The workload whose pods are sized. Where the workload is known otherwise it may be left
    /// out; [`validate`](Self::validate) says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<CrossVersionObjectReference>,
    /// How recommendations reach the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_policy: Option<PodUpdatePolicy>,
    /// Bounds of the recommendations, container by container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<PodResourcePolicy>,
    /// Who recommends; the default recommender if empty. At most one.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub recommenders: Vec<RecommenderSelector>,
    /// More CPU while a pod starts (feature gate `CPUStartupBoost`). Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_boost: Option<Value>,
}

/// A recommender by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecommenderSelector {
    /// Name of the recommender.
    pub name: String,
}

impl VpaSpec {
    /// The update mode in force: `Recreate` where nothing is said.
    pub fn update_mode(&self) -> UpdateMode {
        let policy = self.update_policy.as_ref();
        policy
            .and_then(|policy| policy.update_mode)
            .unwrap_or_default()
    }

    /// The policy for a container: its own, else that of the name `*`.
    pub fn container_policy(&self, container: &str) -> Option<&ContainerResourcePolicy> {
        self.resource_policy
            .as_ref()
            .and_then(|policy| policy.for_container(container))
    }

    /// This specification with everything written out that an absent field means.
    ///
    /// * `updateMode` `Recreate`; `minReplicas` stays absent, which means the updater's own flag;
    /// * for each container policy `mode` `Auto`, `controlledResources` CPU and memory,
    ///   `controlledValues` `RequestsAndLimits` (left absent where `mode` is `Off`).
    #[must_use]
    pub fn defaulted(&self) -> Self {
        let mut spec = self.clone();
        let update = spec.update_policy.get_or_insert_default();
        update.update_mode.get_or_insert_default();
        let policies = spec.resource_policy.iter_mut();
        for policy in policies.flat_map(|policy| &mut policy.container_policies) {
            let mode = *policy.mode.get_or_insert_default();
            if mode == ContainerScalingMode::Auto {
                let both = || vec!["cpu".to_owned(), "memory".to_owned()];
                policy.controlled_resources.get_or_insert_with(both);
                policy.controlled_values.get_or_insert_default();
            }
        }
        spec
    }
}

#[cfg(test)]
mod tests;
