//! Reading and bounds against what the API reference says.

use super::*;
use serde_json::json;

fn spec(changes: Value) -> ScaledJobSpec {
    let mut spec = json!({
        "jobTargetRef": { "template": { "spec": { "containers": [{ "name": "import" }] } } },
        "triggers": [{ "type": "rabbitmq", "metadata": { "queueName": "imports" } }]
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("the base is an object")
        .extend(changes);
    serde_json::from_value(spec).expect("the specification reads")
}

#[test]
fn the_range_forgets_the_minimum_where_no_maximum_is_given() {
    let bounds = |changes| {
        let spec = spec(changes);
        (spec.effective_min(), spec.scaling_range())
    };
    assert_eq!(bounds(json!({})), (0, 100));
    assert_eq!(bounds(json!({ "minReplicaCount": 5 })), (5, 100));
    assert_eq!(
        bounds(json!({ "minReplicaCount": 5, "maxReplicaCount": 20 })),
        (5, 15)
    );
    assert_eq!(
        bounds(json!({ "minReplicaCount": 20, "maxReplicaCount": 8 })),
        (8, 8)
    );
}

#[test]
fn unknown_strategies_are_the_default() {
    let kind = |name: &str| {
        spec(json!({ "scalingStrategy": { "strategy": name } }))
            .scaling_strategy
            .kind()
    };
    assert_eq!(kind("accurate"), StrategyKind::Accurate);
    assert_eq!(kind("Eager"), StrategyKind::Default);
    assert_eq!(
        spec(json!({ "scalingStrategy": null }))
            .scaling_strategy
            .kind(),
        StrategyKind::Default
    );
}

#[test]
fn negative_numbers_are_refused() {
    let problems = spec(json!({ "pollingInterval": 0, "failedJobsHistoryLimit": -1 })).validate();
    let paths: Vec<_> = problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["spec.pollingInterval", "spec.failedJobsHistoryLimit"]
    );
    assert!(spec(json!({})).validate().is_empty());
}
