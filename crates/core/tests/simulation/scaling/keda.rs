//! KEDA on the length of a queue, reckoned by hand.

use super::run;
use crate::systems::{constant, pod, service, system};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{JobArrivals, Model, Queue, ServiceId, Step};
use flashcrowd_core::record::QueueTotals;
use flashcrowd_workload::ArrivalProcess;
use serde_json::json;

/// One job a second from 101 s on until so many have come; five of them are wanted for each pod.
/// The pods start in no time.
fn model(jobs: u32, takes: f64) -> Model {
    let mut workers = service("worker", pod());
    workers.replicas = 0;
    let spec = json!({
        "keda": { "spec": {
            "pollingInterval": 30,
            "cooldownPeriod": 60,
            "maxReplicaCount": 20,
            "triggers": [{ "type": "redis", "metadata": { "listName": "jobs", "listLength": "5" } }],
        } }
    });
    workers.autoscaler = Some(serde_json::from_value::<PolicySpec>(spec).unwrap());
    let mut model = system(400.0, workers, vec![Step::Wait(constant(0.001))]);
    let last = 100.5 + f64::from(jobs);
    let rate = json!({ "steps": [{ "at": "100s", "rate": "1/s" }, { "at": format!("{last}s"), "rate": "0/s" }] });
    model.queues.push(Queue {
        arrivals: Some(JobArrivals {
            process: ArrivalProcess::Deterministic,
            rate: serde_json::from_value(rate).unwrap(),
        }),
        ..Queue::new("jobs", ServiceId(0), vec![Step::Wait(constant(takes))])
    });
    model
}

/// A seed with which the first poll comes between 10 and 11 s after the start.
const SEED: u64 = 0;

/// Forty jobs that never end: whatever is not on a pod waits.
#[test]
fn every_five_jobs_that_wait_make_a_pod() {
    let (changes, totals) = run(model(40, 1000.0), SEED);
    let polled = changes[0].0;
    assert!((130.0..131.0).contains(&polled), "{polled}: another seed");
    let seen: Vec<_> = changes
        .iter()
        .map(|(at, from, to, _)| (((at - polled) * 1000.0).round() as u32, *from, *to))
        .collect();
    // The poll at 130.x s finds 30 jobs: from nothing to one pod, which takes one of them. The HPA
    // follows a millisecond later: ceil(29 / 5) = 6, but an HPA without `behavior` goes no further
    // than max(2 * 1, 4) at once. At 145.x s all 40 have come and 4 are taken: ceil(36 / 5) = 8,
    // which is 2 * 4. Then 32 wait: ceil(32 / 5) = 7, but the 8 of before hold for five minutes.
    assert_eq!(seen, [(0, 0, 1), (1, 1, 4), (15_001, 4, 8)]);
    assert_eq!(changes[0].3, "KEDAScaleTargetActivated");
    let expected = QueueTotals {
        enqueued: 40,
        waiting: 32,
        in_progress: 8,
        ..QueueTotals::default()
    };
    assert_eq!(totals.queues, [expected]);
}

/// Twenty-six short jobs, and a queue that is empty from then on.
#[test]
fn nothing_active_for_the_cooldown_takes_the_last_pod() {
    let (changes, totals) = run(model(26, 0.5), SEED);
    let polled = changes[0].0;
    let last = changes.last().expect("it scales");
    // The poll at 160.x s finds nothing active. That at 190.x s does not either, and the cooldown of
    // 60 s has passed since 130 s: the API keeps the time of the last activity in whole seconds. It
    // takes all pods, however many the HPA keeps for its five minutes of stabilization.
    assert_eq!((last.2, last.3.as_str()), (0, "KEDAScaleTargetDeactivated"));
    assert!((last.0 - polled - 60.0).abs() < 1e-6, "{last:?}");
    assert_eq!(totals.queues[0].processed, 26);
}
