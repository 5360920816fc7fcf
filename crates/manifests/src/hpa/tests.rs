//! Defaulting, validation and lints against what the API reference says.

use super::*;
use serde_json::json;

fn spec(changes: Value) -> HpaSpec {
    let mut spec = json!({
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "shop" },
        "maxReplicas": 10
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("the base is an object")
        .extend(changes);
    serde_json::from_value(spec).expect("the specification reads")
}

fn paths(problems: &[crate::Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect()
}

#[test]
fn an_empty_behavior_is_filled_and_an_absent_one_is_not() {
    let filled = spec(json!({ "behavior": {} })).defaulted();
    let expected = json!({
        "scaleUp": { "stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            { "type": "Pods", "value": 4, "periodSeconds": 15 },
            { "type": "Percent", "value": 100, "periodSeconds": 15 }
        ] },
        "scaleDown": { "selectPolicy": "Max", "policies": [
            { "type": "Percent", "value": 100, "periodSeconds": 15 }
        ] }
    });
    assert_eq!(serde_json::to_value(filled.behavior).unwrap(), expected);
    assert_eq!(spec(json!({})).defaulted().behavior, None);
}

#[test]
fn minimum_and_metric_are_filled() {
    let filled = spec(json!({ "metrics": null })).defaulted();
    assert_eq!(filled.min_replicas, Some(1));
    let expected = json!([
        { "type": "Resource", "resource": { "name": "cpu",
          "target": { "type": "Utilization", "averageUtilization": 80 } } }
    ]);
    assert_eq!(serde_json::to_value(filled.metrics).unwrap(), expected);
}

#[test]
fn bounds_are_checked() {
    let refused = |changes, gate| {
        let problems = spec(changes).validate(gate);
        problems
            .iter()
            .map(|problem| problem.path.clone())
            .collect::<Vec<_>>()
    };
    assert!(refused(json!({ "minReplicas": 1 }), false).is_empty());
    assert_eq!(
        refused(json!({ "minReplicas": 11 }), false),
        ["spec.maxReplicas"]
    );
    assert_eq!(
        refused(json!({ "maxReplicas": 0 }), false),
        ["spec.maxReplicas"]
    );
    assert_eq!(
        refused(json!({ "minReplicas": -1 }), true),
        ["spec.minReplicas"]
    );
    let queue = json!([{ "type": "External", "external": {
        "metric": { "name": "depth" }, "target": { "type": "AverageValue", "averageValue": "10" } } }]);
    assert_eq!(
        refused(json!({ "minReplicas": 0, "metrics": queue }), false),
        ["spec.minReplicas"]
    );
    assert!(refused(json!({ "minReplicas": 0, "metrics": queue }), true).is_empty());
    let cpu = json!([{ "type": "Resource", "resource": {
        "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } }]);
    assert_eq!(
        refused(json!({ "minReplicas": 0, "metrics": cpu }), true),
        ["spec.metrics"]
    );
}

#[test]
fn metrics_are_checked() {
    let metrics = json!([
        { "type": "Resource", "pods": { "metric": { "name": "rps" },
          "target": { "type": "AverageValue", "averageValue": "10" } } },
        { "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization" } } },
        { "type": "ContainerResource", "containerResource": { "name": "cpu", "container": "",
          "target": { "type": "Utilization", "averageUtilization": 0 } } },
        { "type": "Pods", "pods": { "metric": { "name": "" },
          "target": { "type": "AverageValue", "averageValue": "0" } } },
        { "type": "Object", "object": { "describedObject": { "kind": "", "name": "a/b" },
          "metric": { "name": "hits" }, "target": { "type": "Value" } } },
        { "type": "External", "external": { "metric": { "name": "depth" },
          "target": { "type": "Value", "value": "1", "averageValue": "1" } } }
    ]);
    assert_eq!(
        paths(&spec(json!({ "metrics": metrics })).validate(false)),
        [
            "spec.metrics[0].pods",
            "spec.metrics[0].resource",
            "spec.metrics[1].resource.target.averageUtilization",
            "spec.metrics[2].containerResource.container",
            "spec.metrics[2].containerResource.target.averageUtilization",
            "spec.metrics[3].pods.metric.name",
            "spec.metrics[3].pods.target.averageValue",
            "spec.metrics[4].object.describedObject.kind",
            "spec.metrics[4].object.describedObject.name",
            "spec.metrics[4].object.target.averageValue",
            "spec.metrics[5].external.target.value",
        ]
    );
}

#[test]
fn behavior_is_checked() {
    let behavior = json!({
        "scaleUp": { "stabilizationWindowSeconds": 3601, "policies": [] },
        "scaleDown": { "stabilizationWindowSeconds": 3600, "tolerance": "-1m", "policies": [
            { "type": "Pods", "value": 0, "periodSeconds": 1801 },
            { "type": "Percent", "value": 1, "periodSeconds": 1800 },
            { "type": "Percent", "value": 1, "periodSeconds": 0 }
        ] }
    });
    assert_eq!(
        paths(&spec(json!({ "behavior": behavior })).validate(false)),
        [
            "spec.behavior.scaleUp.stabilizationWindowSeconds",
            "spec.behavior.scaleUp.policies",
            "spec.behavior.scaleDown.policies[0].value",
            "spec.behavior.scaleDown.policies[0].periodSeconds",
            "spec.behavior.scaleDown.policies[2].periodSeconds",
            "spec.behavior.scaleDown.tolerance",
        ]
    );
}

#[test]
fn contradictions_are_named() {
    let metrics = json!([
        { "type": "Resource", "resource": { "name": "cpu",
          "target": { "type": "Value", "averageUtilization": 70 } } },
        { "type": "Object", "object": { "describedObject": { "kind": "Service", "name": "shop" },
          "metric": { "name": "hits" }, "target": { "type": "Value", "averageValue": "1" } } },
        { "type": "Resource", "resource": { "name": "cpu",
          "target": { "type": "Utilization", "averageUtilization": 70 } } }
    ]);
    let spec = spec(json!({ "metrics": metrics }));
    assert!(spec.validate(false).is_empty());
    assert_eq!(
        paths(&spec.lint()),
        [
            "spec.metrics[0].resource.target.type",
            "spec.metrics[1].object.target.type"
        ]
    );
}
