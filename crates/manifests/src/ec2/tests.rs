//! Reading and refusing, against the API reference.

use super::*;
use crate::Problem;
use serde_json::json;

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn policy(json: Value) -> ScalingPolicy {
    serde_json::from_value(json).expect("it reads")
}

#[test]
fn the_example_of_the_api_reference_reads() {
    let json = json!({
        "AutoScalingGroupName": "my-auto-scaling-group",
        "PolicyName": "alb1000-target-tracking-scaling-policy",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": "app/my-alb/778d41231b141a0f/targetgroup/my-alb-target-group/943f017f100becff"
            },
            "TargetValue": 1000.0,
            "DisableScaleIn": false
        }
    });
    let read = policy(json.clone());
    assert_eq!(read.validate(), []);
    assert_eq!(serde_json::to_value(&read).expect("it is written"), json);
}

#[test]
fn mistakes_are_named() {
    let simple = policy(json!({ "PolicyName": "out" }));
    assert_eq!(
        shown(&simple.validate()),
        [
            "AdjustmentType: is missing: must be given for SimpleScaling",
            "ScalingAdjustment: is missing: must be given for SimpleScaling"
        ]
    );
    let gap = policy(json!({
        "PolicyName": "out", "PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [
            { "MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1 },
            { "MetricIntervalLowerBound": 15.0, "ScalingAdjustment": 2 }
        ]
    }));
    assert_eq!(
        shown(&gap.validate()),
        ["StepAdjustments: must not overlap or have gaps"]
    );
    let target = policy(json!({
        "PolicyName": "t", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": { "TargetValue": 0.0 }
    }));
    assert_eq!(target.validate().len(), 2);
}

#[test]
fn alarms_call_policies_by_name_or_arn() {
    let alarm: MetricAlarm = serde_json::from_value(json!({
        "AlarmName": "high", "MetricName": "CPUUtilization", "Period": 120, "EvaluationPeriods": 2,
        "Threshold": 60.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": ["arn:aws:autoscaling:eu-west-1:1:scalingPolicy:2:autoScalingGroupName/web:policyName/out"]
    }))
    .expect("it reads");
    assert!(alarm.calls("out") && !alarm.calls("ut") && !alarm.calls("in"));
    assert_eq!(alarm.validate(), []);
}

#[test]
fn the_warm_pool_fills_up_to_the_prepared_capacity() {
    let pool = |json| serde_json::from_value::<WarmPool>(json).expect("it reads");
    assert_eq!(pool(json!({})).size(4, 10), 6);
    assert_eq!(
        pool(json!({ "MaxGroupPreparedCapacity": 6, "MinSize": 1 })).size(4, 10),
        2
    );
    assert_eq!(
        pool(json!({ "MaxGroupPreparedCapacity": 6, "MinSize": 3 })).size(5, 10),
        3
    );
}

#[test]
fn scheduled_actions_and_groups() {
    let action: ScheduledAction =
        serde_json::from_value(json!({ "ScheduledActionName": "up", "Recurrence": "0 25 * * *" }))
            .expect("it reads");
    let problems = action.validate();
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].path, "Recurrence");
    let group: AutoScalingGroup =
        serde_json::from_value(json!({ "MinSize": 3, "MaxSize": 2 })).expect("it reads");
    assert_eq!(
        shown(&group.validate()),
        ["MaxSize: is 2: must be at least `MinSize` (3)"]
    );
}
