//! Deployments and autoscalers that are changed while they run.

use super::{Diary, diary};
use crate::systems::{constant, pod, service, system};
use crate::timing::{at, metronome};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{
    Action, EnvChange, EnvEffect, HpaPatch, Model, PodTemplate, ResourceChange, ServiceId, Step,
};
use flashcrowd_units::{Bytes, Millicores};
use serde_json::json;

const SHOP: ServiceId = ServiceId(0);

/// Ten pods of 250m, at most 500m, that start within ten seconds and are asked ten times a second.
fn ten_pods(seconds: f64) -> Model {
    let request = Some(Millicores::new(250));
    let limit = Some(Millicores::new(500));
    let template = PodTemplate {
        startup: constant(10.0),
        ..PodTemplate::new("app", request, limit)
    };
    let mut of = service("shop", template);
    of.replicas = 10;
    let mut model = system(seconds, of, vec![Step::Cpu(constant(0.1))]);
    model.workloads.push(metronome(10.0));
    model
}

fn double() -> Action {
    Action::SetResources(
        SHOP,
        ResourceChange {
            cpu_request: Some(Millicores::new(500)),
            cpu_limit: Some(Millicores::new(1000)),
            ..ResourceChange::default()
        },
    )
}

fn requested(diary: &Diary) -> Vec<f64> {
    let of = |(_, service): &(f64, flashcrowd_core::record::ServiceInterval)| {
        service.cpu_request_seconds
    };
    diary.service.iter().map(of).collect()
}

/// 25 % of 10 pods are 3 more and 2 fewer: old ones keep their 250m, new ones have 500m, side by
/// side, until all have; and no request is lost on the way.
#[test]
fn set_resources_rolls_within_its_bounds() {
    let mut model = ten_pods(300.0);
    model.actions.push(at(60, double()));
    let (diary, totals) = diary(model, 3, 1);
    assert_eq!(totals.failed_total(), 0);
    assert!(totals.is_conserved());
    for (when, service) in &diary.service {
        assert!(service.current <= 13, "{when}: {}", service.current);
        assert!(service.ready >= 8, "{when}: {}", service.ready);
    }
    let requested = requested(&diary);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
    assert!(close(requested[58], 2.5), "{}", requested[58]);
    assert!(close(requested[299], 5.0), "{}", requested[299]);
    let [(began, false), (ended, true)] = diary.rollouts[..] else {
        panic!("{:?}", diary.rollouts);
    };
    assert!(began == 60.0 && ended > 80.0, "{began} {ended}");
    // Both sizes at once: a whole number of each adds up to what is requested.
    let both = diary.service.iter().filter(|(_, service)| {
        service.cpu_request_seconds > 2.6 && service.cpu_request_seconds < 4.9
    });
    assert!(both.count() > 10);
    let capacity = |index: usize| diary.service[index].1.cpu_capacity_seconds;
    assert!(close(capacity(58), 5.0), "{}", capacity(58));
    assert!(close(capacity(299), 10.0), "{}", capacity(299));
}

/// The same again changes nothing: nothing is rolled. Back to the first sizes is a rollout, and
/// `undo` another one.
#[test]
fn only_a_new_template_is_rolled_out() {
    let mut model = ten_pods(900.0);
    model.actions = vec![
        at(60, double()),
        at(200, double()),
        at(300, Action::RolloutUndo(SHOP)),
        at(500, Action::RolloutUndo(SHOP)),
        at(700, Action::RolloutRestart(SHOP)),
    ];
    let (diary, totals) = diary(model, 3, 1);
    assert_eq!(totals.failed_total(), 0);
    let begun = diary.rollouts.iter().filter(|(_, finished)| !finished);
    let begun: Vec<f64> = begun.map(|(at, _)| *at).collect();
    assert_eq!(begun, [60.0, 300.0, 500.0, 700.0]);
    let requested = requested(&diary);
    for (second, cores) in [(199, 5.0), (299, 5.0), (499, 2.5), (699, 5.0), (899, 5.0)] {
        let found = requested[second];
        assert!((found - cores).abs() < 1e-6, "{second}: {found}");
    }
}

/// Back to the old template in the middle of a rollout: pods that have it stay.
#[test]
fn undone_half_way_old_pods_stay() {
    let mut model = ten_pods(200.0);
    model.actions = vec![at(60, double()), at(75, Action::RolloutUndo(SHOP))];
    let (diary, totals) = diary(model, 3, 1);
    assert_eq!(totals.failed_total(), 0);
    for (when, service) in &diary.service {
        assert!(service.ready >= 8, "{when}: {}", service.ready);
    }
    let last = requested(&diary)[199];
    assert!((last - 2.5).abs() < 1e-6, "{last}");
    let ended = diary.rollouts.last().expect("a rollout");
    // A rollout to new pods would take three starts of 10 s at least.
    assert!(ended.1 && ended.0 < 100.0, "{:?}", diary.rollouts);
}

/// Utilization is relative to what each pod requests: twice the request, half the pods.
#[test]
fn an_hpa_sees_the_new_requests() {
    // One core is used: at 50 % of 250m by 8 pods, of 500m by 4.
    let mut model = ten_pods(1500.0);
    let spec = json!({ "hpa": { "spec": { "maxReplicas": 20, "metrics": [
        { "type": "Resource", "resource": { "name": "cpu",
          "target": { "type": "Utilization", "averageUtilization": 50 } } } ] } } });
    model.services[0].autoscaler = Some(serde_json::from_value::<PolicySpec>(spec).unwrap());
    model.services[0].replicas = 8;
    model.actions.push(at(600, double()));
    let (diary, _) = diary(model, 3, 1);
    assert_eq!(diary.service[598].1.desired, 8);
    assert_eq!(diary.service[1499].1.desired, 4, "{:?}", diary.scaled);
}

/// What the API server refuses changes nothing.
#[test]
fn nonsense_is_refused_and_changes_nothing() {
    let mut model = ten_pods(100.0);
    model.services[0].pod.memory.base = Bytes::from_mebibytes(100);
    let change = |change: ResourceChange| Action::SetResources(SHOP, change);
    model.actions = vec![
        at(
            10,
            change(ResourceChange {
                cpu_request: Some(Millicores::new(600)),
                ..ResourceChange::default()
            }),
        ),
        at(
            20,
            change(ResourceChange {
                container: Some("sidecar".to_owned()),
                cpu_request: Some(Millicores::new(100)),
                ..ResourceChange::default()
            }),
        ),
        at(
            30,
            change(ResourceChange {
                memory_limit: Some(Bytes::from_mebibytes(64)),
                ..ResourceChange::default()
            }),
        ),
        at(40, Action::RolloutUndo(SHOP)),
        at(50, Action::PatchHpa(SHOP, HpaPatch::default())),
    ];
    let (diary, _) = diary(model, 3, 1);
    assert_eq!(diary.actions.len(), 5);
    assert!(diary.actions.iter().all(|(.., refused)| *refused));
    assert_eq!(diary.rollouts, []);
}

/// One request at a time takes a second: two a second queue up. With four at a time none waits.
#[test]
fn set_env_lets_new_pods_work_on_more() {
    let template = PodTemplate {
        concurrency: Some(1),
        ..pod()
    };
    let mut model = system(
        60.0,
        service("shop", template),
        vec![Step::Wait(constant(1.0))],
    );
    model.workloads.push(metronome(2.0));
    let set = |value: &str| {
        Action::SetEnv(
            SHOP,
            EnvChange {
                variables: [("CONCURRENCY".to_owned(), value.to_owned())].into(),
                effect: EnvEffect {
                    concurrency: Some(4),
                    ..EnvEffect::default()
                },
            },
        )
    };
    model.actions = vec![at(20, set("4")), at(40, set("4"))];
    let (diary, totals) = diary(model, 3, 1);
    let begun = diary.rollouts.iter().filter(|(_, finished)| !finished);
    assert_eq!(begun.count(), 1, "{:?}", diary.rollouts);
    assert_eq!(totals.failed_total(), 0);
    // By 20 s, 40 came and 20 were served.
    let queued = |index: usize| diary.service[index].1.queued;
    assert!((17..=21).contains(&queued(18)), "{}", queued(18));
    assert_eq!(queued(58), 0);
    // Two at a time, and at most one that ends or begins at the last instant.
    assert!(totals.in_flight <= 3, "{}", totals.in_flight);
}

/// An idle HPA between 2 and 10.
fn idle_hpa(seconds: f64) -> Model {
    let mut model = ten_pods(seconds);
    model.workloads.clear();
    model.services[0].replicas = 2;
    let spec = json!({ "hpa": { "spec": { "minReplicas": 2, "maxReplicas": 10, "metrics": [
        { "type": "Resource", "resource": { "name": "cpu",
          "target": { "type": "Utilization", "averageUtilization": 50 } } } ] } } });
    model.services[0].autoscaler = Some(serde_json::from_value::<PolicySpec>(spec).unwrap());
    model
}

fn patch(min: Option<u32>, max: Option<u32>) -> Action {
    Action::PatchHpa(
        SHOP,
        HpaPatch {
            min_replicas: min,
            max_replicas: max,
        },
    )
}

/// New bounds hold at the next sync, within 15 s: a higher minimum at once, a lower maximum past
/// the stabilization window. What contradicts itself is refused.
#[test]
fn a_patched_hpa_keeps_its_new_bounds() {
    let mut model = idle_hpa(400.0);
    model.actions = vec![
        at(100, patch(Some(5), None)),
        at(200, patch(Some(2), Some(3))),
        at(300, patch(Some(7), None)),
    ];
    let (diary, _) = diary(model, 3, 1);
    let [(first, 2, 5), (second, 5, 3)] = diary.scaled[..] else {
        panic!("{:?}", diary.scaled);
    };
    assert!((100.0..115.0).contains(&first), "{first}");
    assert!((200.0..215.0).contains(&second), "{second}");
    let refused: Vec<bool> = diary.actions.iter().map(|(.., refused)| *refused).collect();
    assert_eq!(refused, [false, false, true]);
    assert_eq!(diary.service[399].1.bounds, Some((2, 3)));
}

/// The recommendations of the last five minutes outlive an edit: what was wanted before it still
/// holds the scale-down back, and not for longer.
#[test]
fn a_patched_hpa_keeps_its_memory() {
    let down = |patched: Option<u64>| {
        let mut model = ten_pods(1200.0);
        model.services[0].autoscaler = idle_hpa(1.0).services[0].autoscaler.clone();
        model.services[0].replicas = 8;
        // 10/s until 400 s, then nothing.
        let step = |seconds, rate| flashcrowd_workload::Step {
            at: flashcrowd_units::SimDuration::from_secs(seconds),
            rate: flashcrowd_units::Rate::per_second(rate).unwrap(),
        };
        let steps = vec![step(0, 10.0), step(400, 0.0)];
        model.workloads[0].rate = flashcrowd_workload::RateShape::Steps(steps);
        model.actions = patched
            .map(|when| at(when, patch(None, Some(20))))
            .into_iter()
            .collect();
        let (diary, _) = diary(model, 3, 1);
        let down = diary.scaled.iter().find(|(_, from, to)| to < from);
        down.expect("it scales down").0
    };
    let untouched = down(None);
    assert!((700.0..760.0).contains(&untouched), "{untouched}");
    assert_eq!(down(Some(600)).to_bits(), untouched.to_bits());
}

/// `aws autoscaling set-desired-capacity`: up to the maximum of the group, never down.
#[test]
fn a_node_group_grows_by_hand() {
    let mut model = ten_pods(200.0);
    let group = crate::nodes::group("general", (5, 6, 8));
    model.nodes = Some(flashcrowd_core::model::Nodes {
        groups: vec![group],
        autoscaler: None,
        budgets: Vec::new(),
    });
    let desired = |nodes| Action::SetNodeGroup(0, nodes);
    model.actions = vec![
        at(10, desired(9)),
        at(20, desired(5)),
        at(30, desired(8)),
        at(40, Action::SetNodeGroup(1, 1)),
    ];
    let (diary, _) = diary(model, 3, 1);
    let refused: Vec<bool> = diary.actions.iter().map(|(.., refused)| *refused).collect();
    assert_eq!(refused, [true, true, false, true]);
    // 60 s until they boot, 15 s more until they are ready.
    assert_eq!(diary.nodes_ready, [105.0, 105.0]);
}

/// The scheduler sees what new pods request: where two of the old size fill a node, one of the new
/// ones does, and the rollout waits for a place.
#[test]
fn the_scheduler_sees_the_new_requests() {
    let mut model = ten_pods(300.0);
    // Two cores each: 20 pods of 250m would fit, and none of 2100m.
    model.nodes = Some(flashcrowd_core::model::Nodes {
        groups: vec![crate::nodes::group("general", (3, 3, 3))],
        autoscaler: None,
        budgets: Vec::new(),
    });
    let request = |millicores| {
        let change = ResourceChange {
            cpu_request: Some(Millicores::new(millicores)),
            cpu_limit: Some(Millicores::new(millicores)),
            ..ResourceChange::default()
        };
        Action::SetResources(SHOP, change)
    };
    model.actions = vec![at(60, request(2100)), at(200, Action::RolloutUndo(SHOP))];
    let (diary, totals) = diary(model, 3, 1);
    assert_eq!(totals.failed_total(), 0);
    // 13 pods of which the 5 new ones find no node; 8 old ones serve.
    let stuck = &diary.service[180].1;
    assert_eq!((stuck.current, stuck.ready), (13, 8));
    let healed = &diary.service[299].1;
    assert_eq!((healed.current, healed.ready), (10, 10));
}
