//! The Knative Pod Autoscaler: to nothing and back, with the activator in between.

use super::run;
use crate::systems::{constant, pod, rate, service, system, workload};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{Activator, Model, Step};
use flashcrowd_core::record::Failure;
use flashcrowd_units::SimDuration;
use flashcrowd_workload::ArrivalProcess;
use serde_json::json;

fn model(per_second: f64, takes: f64, startup: f64) -> Model {
    let mut of = service("greeter", pod());
    of.pod.startup = constant(startup);
    let spec = json!({ "kpa": { "annotations": { "target": "10", "metric": "concurrency" } } });
    of.autoscaler = Some(serde_json::from_value::<PolicySpec>(spec).unwrap());
    of.activator = Some(Activator::default());
    let mut model = system(590.0, of, vec![Step::Wait(constant(takes))]);
    let mut clients = workload("clients", per_second, 0);
    clients.process = ArrivalProcess::Deterministic;
    clients.rate = rate(per_second);
    model.workloads.push(clients);
    model
}

/// One request in 200 s: after each the service goes to nothing, and the next one waits.
#[test]
fn without_traffic_it_goes_to_nothing_and_the_activator_holds_the_next_request() {
    let (changes, totals) = run(model(1.0 / 200.0, 0.1, 3.0), 5);
    assert_eq!((totals.offered, totals.completed), (2, 2));
    let steps: Vec<_> = changes
        .iter()
        .map(|(_, from, to, _)| (*from, *to))
        .collect();
    assert_eq!(
        steps,
        [(1, 0), (0, 1), (1, 0), (0, 1), (1, 0)][..steps.len()]
    );
    assert!(steps.len() >= 4, "{changes:?}");
    // The stable window of 60 s has to be empty, and the activator is probed first: the last pod
    // goes after 60 s and before 60 s and the grace period of 30 s have passed.
    assert!((60.0..=95.0).contains(&changes[0].0), "{changes:?}");
    // The activator tells of the request at 200 s at once.
    assert!((changes[1].0 - 200.0).abs() < 1e-6, "{changes:?}");
}

/// Held requests wait for the start of the pod, 3 s, and then take 0.1 s: 3.1 s in all, and who has
/// less patience is gone.
#[test]
fn held_requests_wait_for_the_start_of_the_pod() {
    for (patience, completed) in [(1000, 0), (3090, 0), (3110, 2)] {
        let mut model = model(1.0 / 200.0, 0.1, 3.0);
        model.workloads[0].timeout = SimDuration::from_millis(patience);
        let (_, totals) = run(model, 5);
        let timed_out = totals.failed[Failure::ClientTimeout as usize];
        assert_eq!(
            (totals.completed, timed_out),
            (completed, 2 - completed),
            "{patience}"
        );
        assert_eq!(totals.in_flight, 0);
    }
}

/// 50/s that take 2 s each are 100 in flight: at a target of 10, of which 70 % are used, ten pods
/// would be at their target of 10; the annotation is of the target itself: 100 / (10 * 0.7) = 15.
#[test]
fn concurrency_over_target_is_the_number_of_pods() {
    let (changes, totals) = run(model(50.0, 2.0, 0.0), 5);
    let last = changes.last().expect("it scales");
    assert_eq!(last.2, 15, "{changes:?}");
    assert_eq!(totals.failed_total(), 0);
}
