//! Limits and requests of new pods, after the reference page.

use super::*;
use crate::TimePoint;
use crate::vpa::{ContainerRecommendation, ContainerSteps};
use flashcrowd_units::{Bytes, Millicores};
use serde_json::{Value, json};

fn amounts(cpu: Option<u64>, memory: Option<u64>) -> ResourceAmounts {
    ResourceAmounts::new(cpu.map(Millicores::new), memory.map(Bytes::new))
}

fn recommendation(target: ResourceAmounts) -> PodRecommendation {
    let container = ContainerRecommendation {
        container: "shop".into(),
        target,
        lower_bound: target,
        upper_bound: target,
        uncapped_target: target,
        steps: ContainerSteps {
            samples: 1,
            resources: Vec::new(),
        },
    };
    PodRecommendation {
        at: TimePoint::ZERO,
        containers: vec![container],
    }
}

/// The new requests and limits of a container that CPU 587m and memory 1000 is recommended for.
fn admitted(spec: Value, requests: ResourceAmounts, limits: ResourceAmounts) -> AdmittedContainer {
    let spec: VpaSpec = serde_json::from_value(spec).unwrap();
    let recommendation = recommendation(amounts(Some(587), Some(1000)));
    let container = PodContainer {
        name: "shop",
        resources: ContainerResources { requests, limits },
    };
    let mut admitted = admit(&spec, Some(&recommendation), &[container]);
    assert_eq!(admitted.len(), 1);
    admitted.remove(0)
}

fn policy(values: &str) -> Value {
    json!({ "resourcePolicy": { "containerPolicies": [
        { "containerName": "shop", "controlledValues": values }
    ] } })
}

#[test]
fn limits_keep_their_proportion() {
    let requests = amounts(Some(500), Some(300));
    let limits = amounts(Some(1000), Some(1000));
    let admitted = admitted(policy("RequestsAndLimits"), requests, limits);
    assert_eq!(admitted.resources.requests, amounts(Some(587), Some(1000)));
    // 1000 * 1000 / 300, rounded down.
    assert_eq!(admitted.resources.limits, amounts(Some(1174), Some(3333)));
    let rules: Vec<_> = admitted.limits.iter().map(|(_, rule)| *rule).collect();
    assert_eq!(rules, [LimitRule::Proportional; 2]);
}

#[test]
fn a_limit_that_was_the_request_is_the_new_request() {
    let limits = amounts(Some(250), Some(700));
    let guaranteed = admitted(json!({}), limits, limits);
    assert_eq!(guaranteed.resources.limits, amounts(Some(587), Some(1000)));
    let without_requests = admitted(json!({}), ResourceAmounts::default(), limits);
    assert_eq!(without_requests, guaranteed);
}

#[test]
fn no_limit_stays_no_limit() {
    let admitted = admitted(json!({}), amounts(Some(1), None), amounts(None, Some(0)));
    assert_eq!(admitted.resources.limits, amounts(None, Some(0)));
    assert_eq!(admitted.limits[0], (ResourceName::Cpu, LimitRule::Unset));
    assert_eq!(admitted.limits[1], (ResourceName::Memory, LimitRule::Unset));
}

#[test]
fn limits_that_are_not_controlled_cap_the_requests() {
    let requests = amounts(Some(500), Some(100));
    let limits = amounts(Some(550), None);
    let admitted = admitted(policy("RequestsOnly"), requests, limits);
    assert_eq!(admitted.resources.requests, amounts(Some(550), Some(1000)));
    assert_eq!(admitted.resources.limits, limits);
    assert_eq!(admitted.capped, [(ResourceName::Cpu, Cap::ContainerLimit)]);
    assert_eq!(
        admitted.capped[0].1.to_string(),
        "capped to container limit"
    );
}

#[test]
fn a_resource_that_is_not_recommended_stays_as_it_is() {
    let only_cpu = recommendation(amounts(Some(100), None));
    let resources = ContainerResources {
        requests: amounts(Some(200), Some(5)),
        limits: amounts(Some(300), Some(6)),
    };
    let containers = ["shop", "side"].map(|name| PodContainer { name, resources });
    let admitted = admit(&VpaSpec::default(), Some(&only_cpu), &containers);
    assert_eq!(admitted.len(), 1);
    let new = admitted[0].resources;
    assert_eq!(new.requests, amounts(Some(100), Some(5)));
    assert_eq!(new.limits, amounts(Some(150), Some(6)));
}

#[test]
fn an_enormous_limit_saturates() {
    let requests = amounts(Some(1), None);
    let limits = amounts(Some(u64::MAX), None);
    let admitted = admitted(json!({}), requests, limits);
    assert_eq!(
        admitted.resources.limits.get(ResourceName::Cpu),
        Some(i64::MAX as u64)
    );
}

#[test]
fn pods_are_left_alone_without_a_recommendation_or_in_mode_off() {
    let resources = ContainerResources::default();
    let containers = [PodContainer {
        name: "shop",
        resources,
    }];
    assert_eq!(admit(&VpaSpec::default(), None, &containers), []);
    let recommendation = recommendation(amounts(Some(587), None));
    let in_mode = |mode: &str| {
        let spec = json!({ "updatePolicy": { "updateMode": mode } });
        let spec: VpaSpec = serde_json::from_value(spec).unwrap();
        admit(&spec, Some(&recommendation), &containers).len()
    };
    assert_eq!(in_mode("Off"), 0);
    assert_eq!(in_mode("Initial"), 1);
    assert_eq!(in_mode("InPlaceOrRecreate"), 1);
}
