//! When pods are evicted or resized, after the reference page and the rules of the source.

use super::*;
use crate::vpa::{
    ContainerRecommendation, ContainerResources, ContainerSteps, PodRecommendation, ResourceAmounts,
};
use flashcrowd_units::{Bytes, Millicores, Replicas, SimDuration};
use serde_json::{Value, json};

const NOW: TimePoint = TimePoint::from_secs(100 * 3600);
const MINUTE: SimDuration = SimDuration::from_secs(60);

fn cpu(millicores: u64) -> ResourceAmounts {
    ResourceAmounts::new(Some(Millicores::new(millicores)), None)
}

/// CPU: lower bound 300, target, upper bound 900.
fn recommendation(target: u64) -> PodRecommendation {
    let container = ContainerRecommendation {
        container: "shop".into(),
        target: cpu(target),
        lower_bound: cpu(300),
        upper_bound: cpu(900),
        uncapped_target: cpu(target),
        steps: ContainerSteps {
            samples: 1,
            resources: Vec::new(),
        },
    };
    PodRecommendation {
        at: NOW,
        containers: vec![container],
    }
}

fn updater(update_policy: &Value) -> VpaUpdater {
    let spec = serde_json::from_value(json!({ "updatePolicy": update_policy })).unwrap();
    VpaUpdater::new(&spec, UpdaterFlags::default()).unwrap()
}

fn in_mode(mode: &str) -> VpaUpdater {
    updater(&json!({ "updateMode": mode }))
}

fn container(requests: ResourceAmounts) -> UpdaterContainer<'static> {
    UpdaterContainer {
        container: PodContainer {
            name: "shop",
            resources: ContainerResources {
                requests,
                limits: ResourceAmounts::default(),
            },
        },
        oom_killed_after: None,
    }
}

/// A running pod that is so many hours old.
fn pod<'a>(id: u64, hours: u64, containers: &'a [UpdaterContainer<'a>]) -> UpdaterPod<'a> {
    UpdaterPod {
        id: PodId(id),
        phase: PodPhase::Running,
        scheduled: true,
        deleting: false,
        start_time: Some(NOW - SimDuration::from_secs(hours * 3600)),
        containers,
        resize: None,
        resizable: true,
    }
}

fn pass(
    updater: &mut VpaUpdater,
    recommendation: Option<&PodRecommendation>,
    now: TimePoint,
    pods: &[UpdaterPod<'_>],
) -> UpdateDecision {
    let group = ReplicaGroup {
        configured: Replicas(pods.len() as u32),
        disruptions_allowed: None,
        pods,
    };
    updater.decide(&UpdaterObservation {
        now,
        recommendation,
        groups: &[group],
    })
}

fn verdicts(decision: &UpdateDecision) -> Vec<Verdict> {
    decision.pods.iter().map(|it| it.verdict).collect()
}

fn evicted(decision: &UpdateDecision) -> Vec<u64> {
    let evicted = decision.actions.iter().map(|action| match action {
        UpdateAction::Evict(pod) => pod.0,
        UpdateAction::Resize(resize) => panic!("{resize:?}"),
    });
    evicted.collect()
}

/// What is found about the first of two like pods.
fn verdict_on(hours: u64, request: Option<u64>, target: u64) -> Verdict {
    let amounts = request.map_or_else(ResourceAmounts::default, cpu);
    let containers = [container(amounts)];
    let pods = [pod(0, hours, &containers), pod(1, hours, &containers)];
    let recommendation = recommendation(target);
    let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
    decision.pods[0].verdict
}

#[test]
fn within_the_bounds_a_pod_is_evicted_after_twelve_hours_if_a_tenth_changes() {
    assert_eq!(verdict_on(3, Some(500), 587), Verdict::ShortLived);
    assert_eq!(verdict_on(12, Some(500), 587), Verdict::Evicted);
    assert_eq!(verdict_on(13, Some(500), 540), Verdict::ChangeTooSmall);
    assert_eq!(verdict_on(13, Some(500), 550), Verdict::Evicted);
}

#[test]
fn outside_the_bounds_a_pod_is_evicted_at_once() {
    assert_eq!(verdict_on(0, Some(299), 587), Verdict::Evicted);
    assert_eq!(verdict_on(0, Some(300), 587), Verdict::ShortLived);
    assert_eq!(verdict_on(0, Some(900), 587), Verdict::ShortLived);
    assert_eq!(verdict_on(0, Some(901), 587), Verdict::Evicted);
    assert_eq!(verdict_on(0, None, 587), Verdict::Evicted);
}

#[test]
fn half_of_a_group_may_be_missing() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    for (replicas, taken) in [(2, 1), (3, 1), (4, 2), (5, 2)] {
        let pods: Vec<_> = (0..replicas).map(|id| pod(id, 1, &containers)).collect();
        let decision = pass(&mut in_mode("Auto"), Some(&recommendation), NOW, &pods);
        assert_eq!(evicted(&decision).len(), taken, "{replicas} replicas");
        let rest = &verdicts(&decision)[taken..];
        assert!(rest.iter().all(|it| *it == Verdict::GroupNotDisruptable));
    }
}

#[test]
fn a_single_replica_is_evicted_only_if_the_vpa_says_so() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let pods = [pod(0, 1, &containers)];
    let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
    assert_eq!(verdicts(&decision), [Verdict::TooFewReplicas]);
    let mut one = updater(&json!({ "updateMode": "Recreate", "minReplicas": 1 }));
    let decision = pass(&mut one, Some(&recommendation), NOW, &pods);
    assert_eq!(evicted(&decision), [0]);
}

#[test]
fn pods_that_do_not_live_count_for_nothing() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let live = pod(0, 1, &containers);
    let deleting = UpdaterPod {
        deleting: true,
        ..pod(1, 1, &containers)
    };
    let unscheduled = UpdaterPod {
        scheduled: false,
        ..pod(2, 1, &containers)
    };
    let failed = UpdaterPod {
        phase: PodPhase::Failed,
        ..pod(3, 1, &containers)
    };
    let pods = [live, deleting, unscheduled, failed];
    let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
    assert_eq!(verdicts(&decision), [Verdict::TooFewReplicas]);
}

#[test]
fn a_pending_pod_can_always_be_evicted() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let pending = |id| UpdaterPod {
        phase: PodPhase::Pending,
        ..pod(id, 0, &containers)
    };
    let pods = [pod(0, 1, &containers), pending(1), pending(2), pending(3)];
    let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
    // Of 4 pods 2 have to run: the running one cannot be spared.
    assert_eq!(evicted(&decision), [1, 2, 3]);
    assert_eq!(decision.pods[0].verdict, Verdict::GroupNotDisruptable);
    let decision = pass(
        &mut in_mode("InPlaceOrRecreate"),
        Some(&recommendation),
        NOW,
        &pods,
    );
    assert_eq!(decision.pods[1].verdict, Verdict::Pending);
}

#[test]
fn pods_that_need_more_come_first_and_then_those_that_change_most() {
    let shrink = [container(cpu(2000))];
    let grow = [container(cpu(250))];
    let grow_more = [container(cpu(100))];
    let recommendation = recommendation(500);
    let lists: [&[_]; 4] = [&shrink, &grow, &grow_more, &grow];
    let pods: Vec<_> = (0..)
        .zip(lists)
        .map(|(id, list)| pod(id, 1, list))
        .collect();
    let mut updater = in_mode("Recreate");
    updater.flags.eviction_tolerance = 1.0;
    let decision = pass(&mut updater, Some(&recommendation), NOW, &pods);
    assert_eq!(evicted(&decision), [2, 1, 3, 0]);
    let priority = decision.pods[0].priority.expect("it was looked at");
    // |2000 - 500| / 2000
    assert_eq!((priority.scale_up, priority.resource_diff), (false, 0.75));
}

#[test]
fn the_change_is_the_sum_over_both_resources() {
    let both = |cpu, memory| {
        ResourceAmounts::new(
            Some(Millicores::new(cpu)),
            Some(Bytes::from_mebibytes(memory)),
        )
    };
    let mut recommendation = recommendation(500);
    recommendation.containers[0].target = both(530, 104);
    let containers = [container(both(500, 100))];
    let pods = [pod(0, 13, &containers), pod(1, 13, &containers)];
    let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
    // 6 % and 4 % are together a tenth, as floating point has it.
    let diff = decision.pods[0]
        .priority
        .expect("it was looked at")
        .resource_diff;
    assert!((diff - 0.1).abs() < 1e-12, "{diff}");
}

#[test]
fn an_early_oom_kill_makes_a_candidate() {
    let killed = |after: SimDuration, request: u64| {
        let mut containers = [container(cpu(request))];
        containers[0].oom_killed_after = Some(after);
        let pods = [pod(0, 0, &containers), pod(1, 0, &containers)];
        let recommendation = recommendation(587);
        let decision = pass(&mut in_mode("Recreate"), Some(&recommendation), NOW, &pods);
        decision.pods[0].verdict
    };
    assert_eq!(killed(MINUTE * 9, 586), Verdict::Evicted);
    assert_eq!(killed(MINUTE * 10, 586), Verdict::ShortLived);
    assert_eq!(killed(MINUTE * 9, 587), Verdict::ResourcesUnchanged);
}

#[test]
fn eviction_requirements_hold_pods_back() {
    let both = |cpu| ResourceAmounts::new(Some(Millicores::new(cpu)), Some(Bytes::new(1)));
    let verdict = |request: ResourceAmounts, direction: &str| {
        let mut updater = updater(&json!({ "updateMode": "Recreate", "evictionRequirements": [
            { "resources": ["cpu", "memory"], "changeRequirement": direction }
        ] }));
        let containers = [container(request)];
        let pods = [pod(0, 0, &containers), pod(1, 0, &containers)];
        let mut recommendation = recommendation(587);
        recommendation.containers[0].target = both(587);
        pass(&mut updater, Some(&recommendation), NOW, &pods).pods[0].verdict
    };
    let (up, down) = ("TargetHigherThanRequests", "TargetLowerThanRequests");
    assert_eq!(verdict(both(200), up), Verdict::Evicted);
    assert_eq!(verdict(both(200), down), Verdict::RequirementsUnmet);
    assert_eq!(verdict(both(2000), down), Verdict::Evicted);
    assert_eq!(verdict(both(2000), up), Verdict::RequirementsUnmet);
    // A container that lacks a request meets every requirement.
    assert_eq!(verdict(cpu(2000), up), Verdict::Evicted);
}

#[test]
fn a_disruption_budget_stops_evictions() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let pods: Vec<_> = (0..6).map(|id| pod(id, 1, &containers)).collect();
    let group = ReplicaGroup {
        configured: Replicas(6),
        disruptions_allowed: Some(1),
        pods: &pods,
    };
    let decision = in_mode("Recreate").decide(&UpdaterObservation {
        now: NOW,
        recommendation: Some(&recommendation),
        groups: &[group],
    });
    assert_eq!(evicted(&decision), [0]);
    assert_eq!(decision.pods[1].verdict, Verdict::DisruptionBudget);
}

#[test]
fn in_place_pods_are_resized() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let pods: Vec<_> = (0..4).map(|id| pod(id, 1, &containers)).collect();
    let decision = pass(
        &mut in_mode("InPlaceOrRecreate"),
        Some(&recommendation),
        NOW,
        &pods,
    );
    let resized = decision.actions.iter().map(|action| match action {
        UpdateAction::Resize(resize) => (resize.pod.0, resize.containers[0].resources.requests),
        UpdateAction::Evict(pod) => panic!("{pod:?}"),
    });
    // A resize counts like an eviction: 2 of 4.
    assert_eq!(resized.collect::<Vec<_>>(), [(0, cpu(587)), (1, cpu(587))]);
    assert_eq!(decision.pods[2].verdict, Verdict::GroupNotDisruptable);
}

#[test]
fn pods_that_cannot_be_resized_are_evicted() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let fixed = |id| UpdaterPod {
        resizable: false,
        ..pod(id, 1, &containers)
    };
    let pods = [fixed(0), fixed(1)];
    let decision = pass(
        &mut in_mode("InPlaceOrRecreate"),
        Some(&recommendation),
        NOW,
        &pods,
    );
    assert_eq!(evicted(&decision), [0]);
    assert_eq!(decision.pods[0].verdict, Verdict::EvictedInsteadOfResized);
}

#[test]
fn a_resize_is_given_up_when_it_fails_or_takes_too_long() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let given_up = |state: ResizeState, after: SimDuration| {
        let mut updater = in_mode("InPlaceOrRecreate");
        let resizing = UpdaterPod {
            resize: Some(state),
            ..pod(0, 1, &containers)
        };
        let pods = [resizing, pod(1, 1, &[])];
        let first = pass(&mut updater, Some(&recommendation), NOW, &pods);
        // The clock starts when the updater first sees it.
        let memory = updater.save();
        let mut resumed = in_mode("InPlaceOrRecreate");
        resumed.restore(&memory).unwrap();
        let later = pass(&mut resumed, Some(&recommendation), NOW + after, &pods);
        (first.pods[0].verdict, later.pods[0].verdict)
    };
    let (wait, evict) = (Verdict::ResizeOngoing, Verdict::EvictedInsteadOfResized);
    let second = SimDuration::from_secs(1);
    assert_eq!(given_up(ResizeState::Deferred, MINUTE * 5), (wait, wait));
    assert_eq!(
        given_up(ResizeState::Deferred, MINUTE * 5 + second),
        (wait, evict)
    );
    assert_eq!(given_up(ResizeState::InProgress, MINUTE * 60), (wait, wait));
    assert_eq!(
        given_up(ResizeState::InProgress, MINUTE * 60 + second),
        (wait, evict)
    );
    assert_eq!(given_up(ResizeState::Infeasible, MINUTE), (evict, evict));
    assert_eq!(given_up(ResizeState::Failed, MINUTE), (evict, evict));
}

#[test]
fn running_pods_are_left_alone_in_the_other_modes() {
    let containers = [container(cpu(200))];
    let recommendation = recommendation(587);
    let pods = [pod(0, 1, &containers), pod(1, 1, &containers)];
    for mode in ["Off", "Initial"] {
        let decision = pass(&mut in_mode(mode), Some(&recommendation), NOW, &pods);
        assert_eq!((decision.actions.len(), decision.pods.len()), (0, 0));
    }
    let decision = pass(&mut in_mode("Recreate"), None, NOW, &pods);
    assert_eq!(verdicts(&decision), [Verdict::NoRecommendation; 2]);
}
