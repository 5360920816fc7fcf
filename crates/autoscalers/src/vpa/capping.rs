//! The bounds of a recommendation.

use super::amounts::{RESOURCES, from_quantity};
use super::{Cap, ContainerRecommendation, ResourceAmounts};
use crate::ResourceName;
use flashcrowd_manifests::vpa::{ContainerResourcePolicy, ControlledValues};
use flashcrowd_units::Quantity;
use std::collections::BTreeMap;

/// One amount within the bounds of the policy, and what bounded it. The maximum wins over a
/// minimum above it; a bound of 0 is none.
pub(super) fn within_policy(
    resource: ResourceName,
    amount: u64,
    policy: Option<&ContainerResourcePolicy>,
) -> (u64, Vec<Cap>) {
    let (mut amount, mut caps) = (amount, Vec::new());
    let Some(policy) = policy else {
        return (amount, caps);
    };
    if let Some(min) = bound(&policy.min_allowed, resource).filter(|&min| amount < min) {
        amount = min;
        caps.push(Cap::MinAllowed);
    }
    if let Some(max) = bound(&policy.max_allowed, resource).filter(|&max| amount > max) {
        amount = max;
        caps.push(Cap::MaxAllowed);
    }
    (amount, caps)
}

fn bound(bounds: &BTreeMap<String, Quantity>, resource: ResourceName) -> Option<u64> {
    let bound = from_quantity(resource, *bounds.get(resource.as_str())?);
    (bound != 0).then_some(bound)
}

/// The recommendation as it holds for a container with these limits: within the policy, and with
/// `RequestsOnly` not above the limits. Second, what changed the target.
pub(super) fn for_container(
    recommendation: &ContainerRecommendation,
    limits: &ResourceAmounts,
    policy: Option<&ContainerResourcePolicy>,
) -> (ContainerRecommendation, Vec<(ResourceName, Cap)>) {
    let values = policy.map_or_else(
        ControlledValues::default,
        ContainerResourcePolicy::controlled_values,
    );
    let mut capped = recommendation.clone();
    let mut caps = Vec::new();
    for resource in RESOURCES {
        let cap = |amounts: &mut ResourceAmounts| {
            let Some(amount) = amounts.get(resource) else {
                return Vec::new();
            };
            let (mut amount, mut caps) = within_policy(resource, amount, policy);
            let limit = limits.get(resource);
            if let Some(limit) = limit.filter(|&limit| amount > limit)
                && values == ControlledValues::RequestsOnly
            {
                amount = limit;
                caps.push(Cap::ContainerLimit);
            }
            amounts.set(resource, Some(amount));
            caps
        };
        let of_target = cap(&mut capped.target);
        cap(&mut capped.lower_bound);
        cap(&mut capped.upper_bound);
        caps.extend(of_target.into_iter().map(|cap| (resource, cap)));
    }
    (capped, caps)
}
