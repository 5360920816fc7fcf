//! What the admission webhook refuses (`validateVPA`), and what it accepts although it should not
//! be relied on.

use super::{
    ContainerResourcePolicy, ContainerScalingMode, ControlledValues, PodUpdatePolicy, UpdateMode,
    VpaSpec,
};
use crate::Problem;
use flashcrowd_units::Quantity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Feature gates of the VPA that allow fields. `Default` is that of vertical-pod-autoscaler 1.7.
/// `InPlaceOrRecreate` is on there, `InPlace` and `CPUStartupBoost` are off; these three are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VpaFeatureGates {
    /// `PerVPAConfig`: `evictAfterOOMSeconds`, `oomBumpUpRatio`, `oomMinBumpUp` (alpha, off).
    pub per_vpa_config: bool,
}

impl VpaSpec {
    /// Everything that the admission webhook would refuse, with field paths from `spec` on.
    pub fn validate(&self, gates: VpaFeatureGates) -> Vec<Problem> {
        let mut problems = Problems(Vec::new(), gates);
        match &self.target_ref {
            None => problems.add("spec.targetRef", "must be given"),
            Some(target) => {
                for (field, text) in [("kind", &target.kind), ("name", &target.name)] {
                    if text.is_empty() {
                        problems.add(format!("spec.targetRef.{field}"), "must be given");
                    }
                }
            }
        }
        if let Some(policy) = &self.update_policy {
            problems.update_policy(policy);
        }
        let policies = self.resource_policy.iter();
        for (index, policy) in policies.flat_map(|it| &it.container_policies).enumerate() {
            let path = format!("spec.resourcePolicy.containerPolicies[{index}]");
            problems.container_policy(policy, &path);
        }
        if self.startup_boost.is_some() {
            problems.startup_boost("spec.startupBoost");
        }
        if self.recommenders.len() > 1 {
            problems.add("spec.recommenders", "must have at most 1 item");
        }
        problems.0
    }

    /// Fields that are legal but do not do what they seem to.
    ///
    /// * `updateMode: Auto` is deprecated and means `Recreate`.
    /// * A second policy for the same container is ignored (of several for `*` the last counts).
    /// * `controlledResources` with a name other than `cpu` and `memory`.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.update_mode() == UpdateMode::Auto {
            let message = "is Auto: deprecated, the same as Recreate";
            problems.push(Problem::new("spec.updatePolicy.updateMode", message));
        }
        let mut seen = BTreeSet::new();
        let policies = self.resource_policy.iter();
        for (index, policy) in policies.flat_map(|it| &it.container_policies).enumerate() {
            let path = format!("spec.resourcePolicy.containerPolicies[{index}]");
            let name = policy.container_name.as_str();
            if !seen.insert(name) {
                let message = format!("is `{name}`, which has a policy already");
                problems.push(Problem::new(format!("{path}.containerName"), message));
            }
            let resources = policy.controlled_resources.iter().flatten();
            for unknown in resources.filter(|it| !["cpu", "memory"].contains(&it.as_str())) {
                let message = format!("has `{unknown}`: expected cpu or memory");
                problems.push(Problem::new(format!("{path}.controlledResources"), message));
            }
        }
        problems
    }
}

/// Collects problems; one method for each part of the object.
struct Problems(Vec<Problem>, VpaFeatureGates);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(path, message));
    }

    fn needs_per_vpa_config(&mut self, path: String) -> bool {
        if !self.1.per_vpa_config {
            self.add(
                path,
                "not supported when feature flag PerVPAConfig is disabled",
            );
        }
        self.1.per_vpa_config
    }

    fn startup_boost(&mut self, path: impl Into<String>) {
        let message = "in order to use startupBoost, you must enable feature gate CPUStartupBoost";
        self.add(path, message);
    }

    fn update_policy(&mut self, policy: &PodUpdatePolicy) {
        let path = |field: &str| format!("spec.updatePolicy.{field}");
        match policy.update_mode {
            None => self.add(
                path("updateMode"),
                "updateMode is required if UpdatePolicy is used",
            ),
            Some(UpdateMode::InPlace) => self.add(
                path("updateMode"),
                "in order to use UpdateMode InPlace, you must enable feature gate InPlace",
            ),
            Some(_) => {}
        }
        if let Some(replicas) = policy.min_replicas.filter(|&replicas| replicas <= 0) {
            let message = format!("is {replicas}: minReplicas has to be positive");
            self.add(path("minReplicas"), message);
        }
        if let Some(seconds) = policy.evict_after_oom_seconds
            && self.needs_per_vpa_config(path("evictAfterOOMSeconds"))
            && seconds < 1
        {
            let message = format!("is {seconds}: must be greater than or equal to 1");
            self.add(path("evictAfterOOMSeconds"), message);
        }
    }

    fn container_policy(&mut self, policy: &ContainerResourcePolicy, path: &str) {
        if policy.container_name.is_empty() {
            self.add(format!("{path}.containerName"), "must be given");
        }
        for (field, bounds) in [
            ("minAllowed", &policy.min_allowed),
            ("maxAllowed", &policy.max_allowed),
        ] {
            for (resource, &bound) in bounds {
                self.resolution(resource, bound, &format!("{path}.{field}.{resource}"));
            }
        }
        for (resource, min) in &policy.min_allowed {
            if let Some(max) = policy.max_allowed.get(resource).filter(|&max| max < min) {
                self.add(
                    format!("{path}.maxAllowed.{resource}"),
                    format!("is {max}: max resource for {resource} is lower than min of {min}"),
                );
            }
        }
        if policy.mode == Some(ContainerScalingMode::Off)
            && policy.controlled_values == Some(ControlledValues::RequestsAndLimits)
        {
            self.add(
                format!("{path}.controlledValues"),
                "controlledValues shouldn't be specified if container scaling mode is off",
            );
        }
        self.oom(policy, path);
        if policy.startup_boost.is_some() {
            self.startup_boost(format!("{path}.startupBoost"));
        }
    }

    fn oom(&mut self, policy: &ContainerResourcePolicy, path: &str) {
        if let Some(ratio) = policy.oom_bump_up_ratio
            && self.needs_per_vpa_config(format!("{path}.oomBumpUpRatio"))
            && ratio.milli_value() < 1000
        {
            let message = format!("is {ratio}: must be greater than or equal to 1.0");
            self.add(format!("{path}.oomBumpUpRatio"), message);
        }
        if let Some(bytes) = policy.oom_min_bump_up
            && self.needs_per_vpa_config(format!("{path}.oomMinBumpUp"))
            && bytes.value() < 0
        {
            let message = format!("is {bytes}: must be greater than or equal to 0");
            self.add(format!("{path}.oomMinBumpUp"), message);
        }
    }

    /// A bound must be a whole number of what the recommender counts in.
    fn resolution(&mut self, resource: &str, bound: Quantity, path: &str) {
        let (whole, unit) = match resource {
            "cpu" => (Quantity::from_milli(bound.milli_value()), "milli CPUs"),
            "memory" => (Quantity::from_units(bound.value()), "bytes"),
            _ => return,
        };
        if whole != bound {
            self.add(
                path,
                format!("is {bound}: must be a whole number of {unit}"),
            );
        }
    }
}
