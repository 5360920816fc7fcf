//! How far a pod is from its recommendation, and whether that is far enough.

use super::{Candidate, UpdaterFlags, UpdaterPod, Verdict};
use crate::vpa::amounts::RESOURCES;
use crate::vpa::{ContainerRecommendation, PodRecommendation, capping};
use crate::{ResourceName, TimePoint};
use flashcrowd_manifests::vpa::{
    ContainerResourcePolicy, EvictionChangeRequirement, EvictionRequirement, VpaSpec,
};
use flashcrowd_units::SimDuration;
use serde::Serialize;
use std::cmp::Ordering;

/// How urgently a pod wants to be updated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UpdatePriority {
    /// Whether a container requests less than its lower bound, more than its upper bound, or
    /// nothing.
    pub outside_recommended_range: bool,
    /// Whether a container is to get more.
    pub scale_up: bool,
    /// How much changes: the sum over the resources of the relative change of the pod's requests.
    pub resource_diff: f64,
    /// Whether a container was OOM-killed shortly after its start.
    pub quick_oom: bool,
}

/// What was found about a pod.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Assessment {
    pub(super) priority: UpdatePriority,
    /// Why it is not to be updated; `None` if it is.
    pub(super) refused: Option<Verdict>,
}

/// A container that there is a recommendation for: its requests and what it should have.
type Compared<'a> = (&'a crate::vpa::ResourceAmounts, ContainerRecommendation);

/// Compares a pod with its recommendation.
pub(super) fn assess(
    pod: &UpdaterPod<'_>,
    spec: &VpaSpec,
    recommendation: &PodRecommendation,
    flags: &UpdaterFlags,
    now: TimePoint,
) -> Assessment {
    let compared = pod.containers.iter().filter_map(|it| {
        let (name, resources) = (it.container.name, &it.container.resources);
        let policy = spec.container_policy(name);
        let recommended = recommendation.container(name)?;
        let (capped, _) = capping::for_container(recommended, &resources.limits, policy);
        Some((&resources.requests, capped))
    });
    let compared: Vec<Compared<'_>> = compared.collect();
    let priority = UpdatePriority {
        quick_oom: quick_oom(pod, spec, flags),
        ..compare(&compared)
    };
    let too_early = || match pod.start_time {
        None => Some(Verdict::NotStarted),
        Some(start) if now < start + flags.lifetime_threshold => Some(Verdict::ShortLived),
        Some(_) if priority.resource_diff < flags.pod_update_threshold => {
            Some(Verdict::ChangeTooSmall)
        }
        Some(_) => None,
    };
    let refused = if priority.quick_oom {
        (priority.resource_diff == 0.0).then_some(Verdict::ResourcesUnchanged)
    } else if priority.outside_recommended_range {
        None
    } else {
        too_early()
    };
    let requirements = spec.update_policy.as_ref();
    let requirements = requirements.map_or(&[][..], |policy| &policy.eviction_requirements);
    let unmet = !requirements.is_empty()
        && !compared
            .iter()
            .any(|container| admits(container, requirements));
    Assessment {
        priority,
        refused: refused.or(unmet.then_some(Verdict::RequirementsUnmet)),
    }
}

/// Pods that are to get more first, then those that change most.
pub(super) fn more_urgent_first(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let key = |candidate: &Candidate<'_>| {
        let priority = candidate.priority.as_ref();
        priority.map_or((false, 0.0), |it| (it.scale_up, it.resource_diff))
    };
    let ((a_up, a_diff), (b_up, b_diff)) = (key(a), key(b));
    b_up.cmp(&a_up).then(b_diff.total_cmp(&a_diff))
}

fn compare(containers: &[Compared<'_>]) -> UpdatePriority {
    let mut priority = UpdatePriority {
        outside_recommended_range: false,
        scale_up: false,
        resource_diff: 0.0,
        quick_oom: false,
    };
    for resource in RESOURCES {
        let (mut requested, mut recommended) = (0, None);
        for (requests, recommendation) in containers {
            let Some(target) = recommendation.target.get(resource) else {
                continue;
            };
            *recommended.get_or_insert(0) += thousandths(resource, target);
            let Some(request) = requests.get(resource) else {
                priority.scale_up = true;
                priority.outside_recommended_range = true;
                continue;
            };
            requested += thousandths(resource, request);
            priority.scale_up |= target > request;
            let lower = recommendation.lower_bound.get(resource);
            let upper = recommendation.upper_bound.get(resource);
            priority.outside_recommended_range |=
                lower.is_some_and(|it| request < it) || upper.is_some_and(|it| request > it);
        }
        if let Some(recommended) = recommended {
            let requested = (requested as f64).max(1.0);
            priority.resource_diff += (requested - recommended as f64).abs() / requested;
        }
    }
    priority
}

/// An amount in thousandths of its unit: millicores, or thousandths of a byte.
fn thousandths(resource: ResourceName, amount: u64) -> u128 {
    match resource {
        ResourceName::Cpu => amount.into(),
        ResourceName::Memory => u128::from(amount) * 1000,
    }
}

/// Whether a container that is not off was OOM-killed shortly after its start.
fn quick_oom(pod: &UpdaterPod<'_>, spec: &VpaSpec, flags: &UpdaterFlags) -> bool {
    let update = spec.update_policy.as_ref();
    let own = update.and_then(|policy| policy.evict_after_oom_seconds);
    let own = own.filter(|_| flags.gates.per_vpa_config);
    let threshold = own.map_or(flags.evict_after_oom_threshold, |seconds| {
        SimDuration::from_secs(seconds.max(0).unsigned_abs().into())
    });
    pod.containers.iter().any(|it| {
        let policy = spec.container_policy(it.container.name);
        let is_off = policy.is_some_and(ContainerResourcePolicy::is_off);
        !is_off && it.oom_killed_after.is_some_and(|lived| lived < threshold)
    })
}

/// Whether a container meets all requirements. One that lacks a request always does.
fn admits((requests, recommendation): &Compared<'_>, requirements: &[EvictionRequirement]) -> bool {
    let lacks = |resource| requests.get(resource).is_none();
    if RESOURCES.into_iter().any(lacks) {
        return true;
    }
    requirements.iter().all(|requirement| {
        let named = |name: &&str| requirement.resources.iter().any(|it| it == name);
        RESOURCES
            .into_iter()
            .filter(|resource| named(&resource.as_str()))
            .any(|resource| {
                let request = requests.get(resource).unwrap_or(0);
                let target = recommendation.target.get(resource).unwrap_or(0);
                match requirement.change_requirement {
                    EvictionChangeRequirement::TargetHigherThanRequests => target > request,
                    EvictionChangeRequirement::TargetLowerThanRequests => target < request,
                }
            })
    })
}
