//! Reading, defaults and validation against what the API reference says.

use super::*;
use serde_json::json;

fn object(changes: Value) -> ScaledObject {
    let mut spec = json!({
        "scaleTargetRef": { "name": "worker" },
        "triggers": [{ "type": "redis", "metadata": { "listName": "orders", "listLength": "5" } }]
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("the base is an object")
        .extend(changes);
    serde_json::from_value(
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "worker" }, "spec": spec }),
    )
    .expect("the object reads")
}

fn paths(changes: Value) -> Vec<String> {
    let problems = object(changes).spec.validate();
    problems.into_iter().map(|problem| problem.path).collect()
}

#[test]
fn what_is_left_out_has_the_defaults_of_the_reference() {
    let spec = object(json!({})).spec;
    assert_eq!((spec.polling_interval(), spec.cooldown_period()), (30, 300));
    assert_eq!(
        (spec.min_replica_count(), spec.max_replica_count()),
        (0, 100)
    );
    assert_eq!(spec.scaling_modifiers(), None);
    assert!(spec.validate().is_empty());
}

#[test]
fn an_absent_fallback_behavior_is_static() {
    let behavior = |fallback: Value| {
        let spec = object(json!({ "fallback": fallback })).spec;
        spec.fallback.map(|fallback| fallback.behavior)
    };
    let absent = json!({ "failureThreshold": 3, "replicas": 6 });
    assert_eq!(behavior(absent), Some(FallbackBehavior::Static));
    let empty = json!({ "failureThreshold": 3, "replicas": 6, "behavior": "" });
    assert_eq!(behavior(empty), Some(FallbackBehavior::Unset));
}

#[test]
fn an_object_is_written_as_it_was_read() {
    let text = json!({
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "worker" },
        "pollingInterval": 15, "initialCooldownPeriod": 60, "cooldownPeriod": 120,
        "idleReplicaCount": 0, "minReplicaCount": 2, "maxReplicaCount": 50,
        "advanced": {
            "horizontalPodAutoscalerConfig": { "behavior": { "scaleDown": {
                "stabilizationWindowSeconds": 60 } } },
            "restoreToOriginalReplicaCount": true,
            "scalingModifiers": { "formula": "a + b", "target": "5", "activationTarget": "2" }
        },
        "triggers": [
            { "type": "kafka", "name": "a", "useCachedMetrics": true,
              "metadata": { "topic": "orders", "lagThreshold": "10" },
              "authenticationRef": { "name": "kafka" } },
            { "type": "cron", "name": "b", "metadata": { "desiredReplicas": "3" },
              "metricType": "AverageValue" }
        ],
        "fallback": { "failureThreshold": 3, "replicas": 6, "behavior": "currentReplicasIfHigher" }
    });
    let spec: ScaledObjectSpec = serde_json::from_value(text.clone()).expect("it reads");
    assert!(spec.validate().is_empty());
    assert_eq!(serde_json::to_value(spec).expect("it is written"), text);
}

#[test]
fn bounds_are_checked() {
    assert_eq!(
        paths(json!({ "minReplicaCount": 5, "maxReplicaCount": 4 })),
        ["spec.minReplicaCount"]
    );
    let idle =
        |idle: i32, min: i32| paths(json!({ "idleReplicaCount": idle, "minReplicaCount": min }));
    assert_eq!(idle(2, 2), ["spec.idleReplicaCount"]);
    assert!(idle(1, 2).is_empty());
    assert_eq!(
        paths(json!({ "pollingInterval": 0, "cooldownPeriod": -1 })),
        ["spec.pollingInterval", "spec.cooldownPeriod"]
    );
    assert!(paths(json!({ "cooldownPeriod": 0 })).is_empty());
}

#[test]
fn a_cpu_trigger_alone_cannot_scale_to_zero_or_fall_back() {
    let cpu =
        json!([{ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "70" } }]);
    assert_eq!(
        paths(json!({ "triggers": cpu, "minReplicaCount": 0,
            "fallback": { "failureThreshold": 1, "replicas": 1 } })),
        ["spec.minReplicaCount", "spec.fallback"]
    );
    assert!(paths(json!({ "triggers": cpu })).is_empty());
}

#[test]
fn triggers_are_checked() {
    assert_eq!(paths(json!({ "triggers": [] })), ["spec.triggers"]);
    let triggers = json!([
        { "type": "redis", "name": "a", "metricType": "Utilization" },
        { "type": "cpu", "name": "a", "metricType": "Value", "useCachedMetrics": true }
    ]);
    assert_eq!(
        paths(json!({ "triggers": triggers })),
        [
            "spec.triggers[0].metricType",
            "spec.triggers[1].useCachedMetrics",
            "spec.triggers[1].metricType",
            "spec.triggers[1].name"
        ]
    );
}

#[test]
fn formulas_need_a_target_and_names() {
    let modifiers = json!({ "scalingModifiers": { "formula": "a", "target": "0",
        "activationTarget": "much", "metricType": "Utilization" } });
    assert_eq!(
        paths(json!({ "advanced": modifiers })),
        [
            "spec.advanced.scalingModifiers.target",
            "spec.advanced.scalingModifiers.activationTarget",
            "spec.advanced.scalingModifiers.metricType",
            "spec.triggers[0].name"
        ]
    );
    let fallback = json!({ "failureThreshold": 1, "replicas": -1, "behavior": "scalingModifiers" });
    assert_eq!(
        paths(json!({ "fallback": fallback })),
        ["spec.fallback.replicas", "spec.fallback.behavior"]
    );
}
