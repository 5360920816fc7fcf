//! The examples of the reference page: queue, target, max, running, pending -> created.

use super::*;
use crate::MilliValue;
use crate::keda::{Reading, TriggerKind};
use serde_json::json;

fn created(strategy: &serde_json::Value, row: [i64; 5], min: Option<i64>) -> u32 {
    let [queue, target, max, running, pending] = row;
    let spec = json!({ "minReplicaCount": min, "maxReplicaCount": max,
        "scalingStrategy": strategy, "triggers": [] });
    let spec: ScaledJobSpec = serde_json::from_value(spec).expect("the specification reads");
    let trigger = TriggerConfig {
        name: None,
        kind: TriggerKind::External {
            target: MilliValue::new(target * 1000),
            is_plain_value: false,
            use_cached_metrics: false,
        },
    };
    let pod = JobPod {
        phase: PodPhase::Running,
        conditions: &[],
    };
    let jobs: Vec<_> = (0..running)
        .map(|index| JobView {
            id: JobId(index.unsigned_abs()),
            state: JobState::Active,
            pods: if index < pending {
                &[]
            } else {
                std::slice::from_ref(&pod)
            },
        })
        .collect();
    let reading = Reading {
        value: MilliValue::new(queue * 1000),
        active: queue > 0,
    };
    let mut object = JobLoop::new(JobConfig::new(&spec, vec![trigger]));
    let decision = object.poll(&JobObservation {
        now: TimePoint::ZERO,
        triggers: &[Fetch::Answered(reading)],
        jobs: &jobs,
    });
    decision.create
}

#[test]
fn the_default_strategy_takes_off_what_runs() {
    let created = |row| created(&json!({}), row, None);
    assert_eq!(created([10, 1, 100, 3, 0]), 7);
    assert_eq!(created([10, 5, 100, 0, 0]), 2);
    assert_eq!(created([10, 5, 100, 2, 0]), 0);
    assert_eq!(created([3, 1, 10, 3, 0]), 0);
}

#[test]
fn a_minimum_is_made_whatever_the_queue_says() {
    assert_eq!(created(&json!({}), [0, 1, 10, 0, 0], Some(2)), 2);
    assert_eq!(created(&json!({}), [5, 1, 10, 4, 0], Some(2)), 3);
}

#[test]
fn the_other_strategies() {
    let by_name = |name: &str, row| created(&json!({ "strategy": name }), row, None);
    assert_eq!(by_name("accurate", [10, 1, 20, 3, 2]), 8);
    assert_eq!(by_name("accurate", [10, 1, 10, 8, 0]), 2);
    assert_eq!(by_name("eager", [3, 1, 10, 3, 0]), 3);
    assert_eq!(by_name("eager", [3, 1, 10, 5, 5]), 0);
    let custom = |percentage: &str| {
        let strategy = json!({ "strategy": "custom", "customScalingQueueLengthDeduction": 1,
            "customScalingRunningJobPercentage": percentage });
        created(&strategy, [10, 1, 50, 4, 0], None)
    };
    assert_eq!(custom("0.5"), 7);
    assert_eq!(
        custom(" 0.5"),
        6,
        "what is no number means the default strategy"
    );
}
