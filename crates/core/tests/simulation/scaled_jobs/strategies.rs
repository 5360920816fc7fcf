//! How many Jobs each strategy makes: the rows of the reference page (queue, target, maximum, running,
//! pending), reached by what arrives, and further ones reckoned by its formulas.

use super::{SEED, bunches, instant_pod, model, run};
use crate::systems::constant;
use flashcrowd_core::model::PodTemplate;
use serde_json::{Value, json};

/// Longer than any of these runs.
const NEVER: f64 = 100_000.0;

/// A trigger that counts messages in progress too.
fn rabbitmq(value: &str) -> Value {
    let metadata = json!({ "queueName": "videos", "mode": "QueueLength", "value": value });
    json!([{ "type": "rabbitmq", "metadata": metadata }])
}

/// What each poll sees, `[queue, running, pending]`, and makes. Polls come at 10.x, 40.x, 70.x s, and
/// messages never end.
fn polls(pod: PodTemplate, changes: &Value, arrivals: &[(u32, u32)]) -> Vec<([i64; 3], u32)> {
    let mut model = model(100.0, pod, NEVER, changes);
    bunches(&mut model, arrivals);
    let (log, totals) = run(model, SEED);
    assert!(totals.is_conserved());
    let seen = log.polls.iter().map(|(_, steps)| {
        let seen = [steps.queue as i64, steps.running, steps.pending];
        (seen, steps.create)
    });
    seen.collect()
}

#[test]
fn default_takes_off_what_runs() {
    let spec = json!({ "triggers": rabbitmq("1") });
    let found = polls(instant_pod(), &spec, &[(2, 3), (20, 7)]);
    // The row (10, 1, 100, 3, 0) -> 7.
    assert_eq!(found, [([3, 0, 0], 3), ([10, 3, 0], 7), ([10, 10, 0], 0)]);
    let spec = json!({ "maxReplicaCount": 10, "triggers": rabbitmq("1") });
    let found = polls(instant_pod(), &spec, &[(2, 3)]);
    // (3, 1, 10, 3, 0) -> 0.
    assert_eq!(found, [([3, 0, 0], 3), ([3, 3, 0], 0), ([3, 3, 0], 0)]);
}

#[test]
fn a_target_is_messages_for_each_job() {
    let spec = json!({ "triggers": rabbitmq("5") });
    let found = polls(instant_pod(), &spec, &[(2, 10)]);
    // (10, 5, 100, 0, 0) -> 2 and (10, 5, 100, 2, 0) -> 0.
    assert_eq!(found, [([10, 0, 0], 2), ([10, 2, 0], 0), ([10, 2, 0], 0)]);
}

/// The trap of the default strategy: a Redis list has forgotten the messages of the Jobs that it takes
/// off.
#[test]
fn default_counts_what_a_list_has_forgotten() {
    let found = polls(instant_pod(), &json!({}), &[(2, 5), (20, 5), (50, 3)]);
    assert_eq!(found, [([5, 0, 0], 5), ([5, 5, 0], 0), ([8, 5, 0], 3)]);
    let accurate = json!({ "scalingStrategy": { "strategy": "accurate" } });
    let found = polls(instant_pod(), &accurate, &[(2, 5), (20, 5), (50, 3)]);
    assert_eq!(found, [([5, 0, 0], 5), ([5, 5, 0], 5), ([3, 10, 0], 3)]);
}

/// Pods that take 45 s to start are pending at the poll after the one that made them.
#[test]
fn accurate_takes_off_what_is_pending() {
    let slow = PodTemplate {
        pull: constant(45.0),
        ..instant_pod()
    };
    let spec = json!({ "maxReplicaCount": 20, "scalingStrategy": { "strategy": "accurate" } });
    let found = polls(slow, &spec, &[(2, 1), (20, 2), (50, 8)]);
    // The last one is the row (10, 1, 20, 3, 2) -> 8.
    assert_eq!(found, [([1, 0, 0], 1), ([3, 1, 1], 2), ([10, 3, 2], 8)]);
}

#[test]
fn accurate_stays_below_the_maximum() {
    let spec = json!({ "maxReplicaCount": 10, "scalingStrategy": { "strategy": "accurate" } });
    let found = polls(instant_pod(), &spec, &[(2, 8), (20, 10)]);
    // (10, 1, 10, 8, 0) -> 2, and then 8 wait for good.
    assert_eq!(found, [([8, 0, 0], 8), ([10, 8, 0], 2), ([8, 10, 0], 0)]);
}

#[test]
fn eager_uses_what_there_may_be() {
    let spec = json!({ "maxReplicaCount": 10, "scalingStrategy": { "strategy": "eager" } });
    let found = polls(instant_pod(), &spec, &[(2, 3), (20, 3)]);
    // (3, 1, 10, 3, 0) -> 3.
    assert_eq!(found[..2], [([3, 0, 0], 3), ([3, 3, 0], 3)]);
    // Pending Jobs take two places each: min(10 - 3 - 3, 3), then 10 - 6 - 6 is nothing.
    let slow = PodTemplate {
        pull: constant(80.0),
        ..instant_pod()
    };
    let found = polls(slow, &spec, &[(2, 3)]);
    assert_eq!(found, [([3, 0, 0], 3), ([3, 3, 3], 3), ([3, 6, 6], 0)]);
}

#[test]
fn custom_takes_off_what_it_is_told() {
    let strategy = json!({ "strategy": "custom", "customScalingQueueLengthDeduction": 1,
        "customScalingRunningJobPercentage": "0.5" });
    let spec = json!({ "maxReplicaCount": 50, "scalingStrategy": strategy,
        "triggers": rabbitmq("1") });
    let found = polls(instant_pod(), &spec, &[(2, 5), (20, 5)]);
    // 5 - 1 = 4; then the row (10, 1, 50, 4, 0) -> 7; 10 - 1 - trunc(11 * 0.5) = 4.
    assert_eq!(found, [([5, 0, 0], 4), ([10, 4, 0], 7), ([10, 11, 0], 4)]);
}

/// The minimum is made whatever the queue says, and comes on top of what the queue is worth.
#[test]
fn a_minimum_waits_for_messages() {
    let spec = json!({ "minReplicaCount": 2, "maxReplicaCount": 10, "triggers": rabbitmq("1") });
    let found = polls(instant_pod(), &spec, &[(20, 2), (50, 3)]);
    // (0, 1, 10, 0, 0) -> 2 and (5, 1, 10, 4, 0) -> 3.
    assert_eq!(found, [([0, 0, 0], 2), ([2, 2, 0], 2), ([5, 4, 0], 3)]);
}

/// A Job whose pod has not all of the conditions counts as pending, however long it runs.
#[test]
fn pending_is_what_the_conditions_say() {
    let strategy = |conditions: Value| json!({ "scalingStrategy": { "strategy": "accurate", "pendingPodConditions": conditions } });
    // The pods run after 5 s, and are ready after 45 s.
    let slow = PodTemplate {
        pull: constant(5.0),
        startup: constant(40.0),
        ..instant_pod()
    };
    let arrivals = [(2, 2), (20, 2)];
    let without = polls(slow.clone(), &strategy(json!([])), &arrivals);
    assert_eq!(without[..2], [([2, 0, 0], 2), ([4, 2, 0], 4)]);
    let with = polls(slow, &strategy(json!(["Ready"])), &arrivals);
    assert_eq!(with[..2], [([2, 0, 0], 2), ([4, 2, 2], 2)]);
}
