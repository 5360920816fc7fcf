//! What a new pod gets (`RequestsAndLimits`, `RequestsOnly`).
//!
//! Source: `pkg/utils/vpa/limit_and_request_scaling.go` and `pkg/admission-controller` of
//! vertical-pod-autoscaler 1.7.

use super::amounts::RESOURCES;
use super::{Cap, PodRecommendation, ResourceAmounts, capping};
use crate::ResourceName;
use flashcrowd_manifests::vpa::{ContainerResourcePolicy, ControlledValues, UpdateMode, VpaSpec};
use serde::Serialize;
use std::sync::Arc;

/// Requests and limits of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ContainerResources {
    /// What is set aside.
    pub requests: ResourceAmounts,
    /// What may be used at most.
    pub limits: ResourceAmounts,
}

/// A container of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodContainer<'a> {
    /// Name.
    pub name: &'a str,
    /// Its requests and limits. A limit without a request may be written as both or as it is.
    pub resources: ContainerResources,
}

/// A container as the webhook sends it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdmittedContainer {
    /// Name.
    pub container: Arc<str>,
    /// Its requests and limits from now on.
    pub resources: ContainerResources,
    /// What changed the target on its way here.
    pub capped: Vec<(ResourceName, Cap)>,
    /// How the limits were found, for each resource that is recommended.
    pub limits: Vec<(ResourceName, LimitRule)>,
}

/// How a limit is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitRule {
    /// Limits are not controlled: it stays.
    NotControlled,
    /// There is none, and none is set.
    Unset,
    /// It was the request, or there was no request: it is the new request.
    SameAsRequest,
    /// It keeps its proportion to the request, rounded down.
    Proportional,
}

/// What the containers of a pod that is being created get: those that there is a recommendation
/// for, in the order of the pod. The others stay as they are, all of them if the update mode is
/// `Off` or nothing has been recommended yet.
pub fn admit(
    spec: &VpaSpec,
    recommendation: Option<&PodRecommendation>,
    containers: &[PodContainer<'_>],
) -> Vec<AdmittedContainer> {
    let applies = spec.update_mode() != UpdateMode::Off;
    let Some(recommendation) = recommendation.filter(|_| applies) else {
        return Vec::new();
    };
    let admitted = containers.iter().filter_map(|container| {
        let PodContainer { name, resources } = container;
        let policy = spec.container_policy(name);
        let recommended = recommendation.container(name)?;
        let (recommended, capped) = capping::for_container(recommended, &resources.limits, policy);
        let values = policy.map_or_else(
            ControlledValues::default,
            ContainerResourcePolicy::controlled_values,
        );
        let mut admitted = AdmittedContainer {
            container: recommended.container,
            resources: *resources,
            capped,
            limits: Vec::new(),
        };
        for resource in RESOURCES {
            let Some(target) = recommended.target.get(resource) else {
                continue;
            };
            let (limit, rule) = match values {
                ControlledValues::RequestsOnly => (None, LimitRule::NotControlled),
                ControlledValues::RequestsAndLimits => proportional(resources, resource, target),
            };
            let new = &mut admitted.resources;
            new.requests.set(resource, Some(target));
            if limit.is_some() {
                new.limits.set(resource, limit);
            }
            admitted.limits.push((resource, rule));
        }
        Some(admitted)
    });
    admitted.collect()
}

/// The limit that is to the new request what the old one was to the old request.
fn proportional(
    old: &ContainerResources,
    resource: ResourceName,
    request: u64,
) -> (Option<u64>, LimitRule) {
    let some = |amounts: &ResourceAmounts| amounts.get(resource).filter(|&amount| amount > 0);
    let Some(old_limit) = some(&old.limits).filter(|_| request > 0) else {
        return (None, LimitRule::Unset);
    };
    match some(&old.requests) {
        Some(old_request) if old_request != old_limit => {
            let limit = u128::from(old_limit) * u128::from(request) / u128::from(old_request);
            let limit = u64::try_from(limit)
                .unwrap_or(u64::MAX)
                .min(i64::MAX as u64);
            (Some(limit), LimitRule::Proportional)
        }
        _ => (Some(request), LimitRule::SameAsRequest),
    }
}

#[cfg(test)]
mod tests;
