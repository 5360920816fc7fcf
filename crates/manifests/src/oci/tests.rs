//! Configurations of a published scaling guide, and what the service would say to them.

use super::*;
use crate::Problem;
use serde_json::json;

/// The policy of a backend pool as the guide has it.
pub(super) fn api_autoscale() -> Value {
    json!([{
        "displayName": "api-autoscale",
        "capacity": { "min": 2, "max": 10, "initial": 2 },
        "rules": [
            { "displayName": "scale-up-cpu",
              "action": { "type": "CHANGE_COUNT_BY", "value": 2 },
              "metric": { "metricType": "CPU_UTILIZATION", "threshold": { "operator": "GT", "value": 70 } } },
            { "displayName": "scale-down-cpu",
              "action": { "type": "CHANGE_COUNT_BY", "value": -1 },
              "metric": { "metricType": "CPU_UTILIZATION", "threshold": { "operator": "LT", "value": 30 } } }
        ]
    }])
}

fn read(policies: &Value) -> AutoScalingConfiguration {
    serde_json::from_value(json!({ "policies": policies })).expect("it reads")
}

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn changed(pointer: &str, value: Value) -> Vec<String> {
    let mut policies = api_autoscale();
    *policies.pointer_mut(pointer).expect("the field is there") = value;
    shown(&read(&policies).validate())
}

#[test]
fn the_guide_reads_as_it_is() {
    let configuration = read(&api_autoscale());
    assert_eq!(configuration.validate(), []);
    assert_eq!(
        shown(&configuration.lint()),
        ["policies[0].policyType: is missing: the API demands `threshold` or `scheduled`"]
    );
    let written = serde_json::to_value(&configuration.policies).expect("it is written");
    let mut expected = api_autoscale();
    for pointer in [
        "/0/rules/0/metric/threshold/value",
        "/0/rules/1/metric/threshold/value",
    ] {
        let value = expected.pointer_mut(pointer).expect("it is there");
        *value = json!(value.as_f64());
    }
    assert_eq!(written, expected);
}

#[test]
fn a_pool_without_a_scale_in_rule_never_shrinks() {
    let mut policies = api_autoscale();
    policies[0]["rules"]
        .as_array_mut()
        .expect("a list")
        .truncate(1);
    let lint = shown(&read(&policies).lint());
    assert_eq!(
        lint[1],
        "policies[0].rules: has no scale-in rule: the pool never shrinks"
    );
}

#[test]
fn the_schedule_of_the_guide_is_refused() {
    let configuration = read(&json!([{
        "displayName": "business-hours-scale",
        "policyType": "scheduled",
        "capacity": { "min": 2, "max": 10, "initial": 8 },
        "executionSchedule": { "expression": "0 8 * * *", "timezone": "Asia/Kolkata" }
    }]));
    assert_eq!(
        shown(&configuration.validate()),
        [
            "policies[0].executionSchedule.expression: is `0 8 * * *`: has 5 fields, Quartz starts \
             with the seconds; did you mean `0 0 8 * * ?`?",
            "policies[0].executionSchedule.timezone: is `Asia/Kolkata`: must be UTC"
        ]
    );
    assert_eq!(
        shown(&configuration.lint()),
        ["policies[0]: is the only schedule: nothing ever undoes it"]
    );
}

#[test]
fn limits_of_the_service() {
    let bad = changed("/0/capacity/initial", json!(11));
    assert_eq!(
        bad,
        ["policies[0].capacity.initial: is 11: must be 2 to 10"]
    );
    let bad = changed("/0/rules/1/action/value", json!(1));
    assert_eq!(
        bad,
        ["policies[0].rules[1].action.value: is 1: must be negative for this operator"]
    );
    let pending = json!({ "metricType": "CPU_UTILIZATION", "pendingDuration": "PT2M",
                          "threshold": { "operator": "GT", "value": 70 } });
    assert_eq!(
        changed("/0/rules/0/metric", pending),
        ["policies[0].rules[0].metric.pendingDuration: is PT2M: must be PT3M to PT1H"]
    );
    let mut short = read(&api_autoscale());
    short.cool_down_in_seconds = Some(299);
    assert_eq!(
        shown(&short.validate()),
        ["coolDownInSeconds: is 299: must be at least 300"]
    );
    let mut two = read(&api_autoscale());
    two.policies.push(two.policies[0].clone());
    assert_eq!(two.validate()[0].path, "policies");
    assert_eq!(read(&json!([])).validate()[0].path, "policies");
}

#[test]
fn queries_end_in_a_comparison() {
    let query = CustomQuery::parse(r#"QueueDepth[1m]{queue = "orders"}.mean() >= 12.5"#);
    let query = query.expect("it is legal");
    assert_eq!(query.metric, "QueueDepth");
    assert_eq!(
        query.threshold,
        Threshold {
            operator: Operator::Gte,
            value: 12.5
        }
    );
    for text in [
        "",
        "QueueDepth[1m].mean()",
        "> 3",
        "QueueDepth > many",
        "QueueDepth > NaN",
    ] {
        assert!(CustomQuery::parse(text).is_err(), "{text}");
    }
}
