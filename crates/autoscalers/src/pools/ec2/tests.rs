//! The vectors of the reference page.

use super::*;
use crate::pools::fixture::Pool;
use crate::{Limit, Steps};
use serde_json::{Value, json};

fn group(changes: Value) -> Ec2AutoScaling {
    let mut policy = json!({ "group": { "MinSize": 1, "MaxSize": 40, "DefaultInstanceWarmup": 0 },
                             "publish_delay": "0" });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    policy.as_object_mut().expect("it is one").extend(changes);
    let policy: Ec2Policy = serde_json::from_value(policy).expect("it reads");
    Ec2AutoScaling::new(&policy).expect("it is legal")
}

fn tracking(metric: &str, target: f64) -> Value {
    json!({ "PolicyName": metric, "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": { "TargetValue": target,
            "CustomizedMetricSpecification": { "MetricName": metric } } })
}

fn cpu_at_50() -> Value {
    json!({ "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": { "TargetValue": 50.0,
            "PredefinedMetricSpecification": { "PredefinedMetricType": "ASGAverageCPUUtilization" } } })
}

/// An alarm of one minute of CPU.
fn alarm(operator: &str, threshold: f64, policies: &[&str]) -> Value {
    json!({ "AlarmName": operator, "MetricName": "CPUUtilization", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": threshold, "ComparisonOperator": operator,
        "AlarmActions": policies })
}

const HIGH: &str = "GreaterThanOrEqualToThreshold";
const LOW: &str = "LessThanOrEqualToThreshold";

fn steps_of(scaler: &mut Ec2AutoScaling, pool: &Pool, secs: i64, cpu: f64) -> Ec2Steps {
    match pool.observe(scaler, secs, Some(cpu)).steps {
        Steps::Ec2(steps) => *steps,
        other => panic!("{other:?}"),
    }
}

#[test]
fn target_tracking() {
    for (size, metric, minutes, expected) in [
        (10, 75.0, 3, vec![(180, 15)]),
        (2, 87.5, 3, vec![(180, 4)]),
        (10, 75.0, 2, vec![]),
        (10, 50.0, 3, vec![]),
        (10, 46.0, 15, vec![]),
        (10, 42.5, 15, vec![(900, 9)]),
        (10, 35.0, 15, vec![(900, 7)]),
        (3, 26.0, 15, vec![(900, 2)]),
        (10, 42.5, 14, vec![]),
    ] {
        let mut scaler = group(json!({ "policies": [cpu_at_50()] }));
        let cpu = std::iter::repeat_n(metric, minutes);
        let changes = Pool::new(size, 0).minutes(&mut scaler, 0, cpu);
        assert_eq!(
            changes, expected,
            "{size} instances at {metric} for {minutes} minutes"
        );
    }
}

#[test]
fn scaling_in_can_be_disabled() {
    let mut policy = cpu_at_50();
    policy["TargetTrackingConfiguration"]["DisableScaleIn"] = json!(true);
    let mut scaler = group(json!({ "policies": [policy] }));
    let mut pool = Pool::new(10, 0);
    assert_eq!(pool.minutes(&mut scaler, 0, [10.0; 30]), []);
    assert_eq!(pool.minutes(&mut scaler, 1800, [75.0; 3]), [(1980, 15)]);
}

#[test]
fn warming_instances_are_already_there() {
    let mut policy = cpu_at_50();
    policy["EstimatedInstanceWarmup"] = json!(600);
    let mut scaler = group(json!({ "policies": [policy] }));
    let mut pool = Pool::new(10, 60);
    // The metric stays that of the ten old ones: 75 asks for the fifteen that there are, 90 for 18.
    assert_eq!(pool.minutes(&mut scaler, 0, [75.0; 6]), [(180, 15)]);
    assert_eq!(pool.minutes(&mut scaler, 360, [90.0; 2]), [(420, 18)]);
    // The last ones serve from 480 on and are warm at 1080: scaling in is blocked until then.
    let changes = pool.minutes(&mut scaler, 480, [25.0; 15]);
    assert_eq!(changes, [(1380, 9)]);
    let mut pool = Pool::new(10, 900);
    let mut scaler = group(json!({ "policies": [cpu_at_50()] }));
    pool.minutes(&mut scaler, 0, [75.0; 3]);
    let held = (4..=18).map(|minute| pool.sync(&mut scaler, 60 * minute, Some(20.0)));
    let last = held.last().expect("there are some");
    assert_eq!((last.desired, last.limited_by), (Replicas(6), None));
}

#[test]
fn several_target_tracking_policies() {
    let policies = json!([cpu_at_50(), tracking("queue", 10.0)]);
    let sized = |cpu: f64, queue: Option<f64>| {
        let mut scaler = group(json!({ "policies": policies }));
        let mut pool = Pool::new(10, 0);
        for minute in 1..=15 {
            let named: Vec<_> = queue.map(|queue| ("queue", queue)).into_iter().collect();
            if pool
                .sync_with(&mut scaler, 60 * minute, Some(cpu), &named)
                .is_rescale()
            {
                break;
            }
        }
        pool.size
    };
    assert_eq!(sized(20.0, Some(20.0)), 20, "one wants out");
    assert_eq!(sized(75.0, Some(20.0)), 20, "both want out");
    assert_eq!(sized(20.0, Some(6.0)), 6, "both want in");
    assert_eq!(sized(20.0, Some(10.0)), 10, "one is content");
    assert_eq!(sized(20.0, None), 10, "one has no data");
}

fn stepped(warmup: u32) -> Ec2AutoScaling {
    let step = |lower: Option<f64>, upper: Option<f64>, percent: i32| json!({ "MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper, "ScalingAdjustment": percent });
    let policy = |name: &str, steps: Value| {
        json!({ "PolicyName": name, "PolicyType": "StepScaling", "EstimatedInstanceWarmup": warmup,
            "AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": steps })
    };
    let out = [
        step(Some(0.0), Some(10.0), 0),
        step(Some(10.0), Some(20.0), 10),
        step(Some(20.0), None, 30),
    ];
    let inward = [
        step(Some(-10.0), Some(0.0), 0),
        step(Some(-20.0), Some(-10.0), -10),
        step(None, Some(-20.0), -30),
    ];
    group(json!({
        "policies": [policy("out", json!(out)), policy("in", json!(inward))],
        "alarms": [alarm(HIGH, 50.0, &["out"]), alarm(LOW, 50.0, &["in"])]
    }))
}

#[test]
fn step_scaling() {
    let mut pool = Pool::new(10, 0);
    let changes = pool.minutes(&mut stepped(0), 0, [60.0, 70.0, 40.0, 30.0, 55.0]);
    assert_eq!(changes, [(60, 11), (120, 14), (180, 13), (240, 10)]);
}

#[test]
fn steps_are_net_of_what_warms_up() {
    let mut scaler = stepped(300);
    let mut pool = Pool::new(10, 60);
    // The same step adds nothing, a higher one the difference, and scaling in waits.
    assert_eq!(
        pool.minutes(&mut scaler, 0, [60.0, 60.0, 70.0]),
        [(60, 11), (180, 13)]
    );
    let held = pool.sync(&mut scaler, 240, Some(30.0));
    assert_eq!(
        (held.desired, held.limited_by),
        (Replicas(13), Some(Limit::InstanceWarmup))
    );
    // The last two serve at 240 and are warm at 540: 13 less 30 % is 10.
    assert_eq!(pool.minutes(&mut scaler, 240, [30.0; 5]), [(540, 10)]);
}

fn simple(adjustment: i32, max: u32) -> Ec2AutoScaling {
    group(json!({
        "group": { "MinSize": 1, "MaxSize": max },
        "policies": [{ "PolicyName": "out", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": adjustment }],
        "alarms": [alarm(HIGH, 60.0, &["out"])]
    }))
}

#[test]
fn simple_scaling_waits_from_the_end_of_its_activity() {
    let mut pool = Pool::new(2, 120);
    // In service at 180; 300 s of cooldown.
    assert_eq!(
        pool.minutes(&mut simple(1, 40), 0, [90.0; 8]),
        [(60, 3), (480, 4)]
    );
    let mut pool = Pool::new(2, 120);
    assert_eq!(pool.minutes(&mut simple(3, 3), 0, [90.0; 1]), [(60, 3)]);
}

#[test]
fn the_largest_capacity_wins_for_scaling_in_too() {
    let policy = |name: &str, kind: &str, adjustment: i32| {
        json!({ "PolicyName": name, "PolicyType": "StepScaling", "AdjustmentType": kind,
            "StepAdjustments": [{ "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": adjustment }] })
    };
    let mut scaler = group(json!({
        "policies": [policy("three", "ChangeInCapacity", -3), policy("quarter", "PercentChangeInCapacity", -25)],
        "alarms": [alarm(LOW, 30.0, &["three", "quarter"])]
    }));
    let mut pool = Pool::new(8, 0);
    let decision = pool.sync(&mut scaler, 60, Some(20.0));
    assert_eq!(decision.desired, Replicas(6));
    let reason = "alarm LessThanOrEqualToThreshold in state ALARM triggered policy quarter";
    assert_eq!(decision.reason.to_string(), reason);
}

#[test]
fn scheduled_actions_change_bounds_and_size() {
    let mut scaler = group(json!({ "scheduled_actions": [
        { "ScheduledActionName": "up", "Recurrence": "0 8 * * *", "TimeZone": "Asia/Kolkata", "MinSize": 5 },
        { "ScheduledActionName": "down", "Recurrence": "0 9 * * *", "TimeZone": "Asia/Kolkata", "MinSize": 1, "MaxSize": 4 },
        { "ScheduledActionName": "sale", "StartTime": "2026-01-01T05:00:00Z", "MaxSize": 40, "DesiredCapacity": 20 }
    ] }));
    let mut pool = Pool::new(2, 0);
    let mut changes = Vec::new();
    for minute in 0..6 * 60 {
        if pool.sync(&mut scaler, 60 * minute, None).is_rescale() {
            changes.push((minute, pool.size));
        }
    }
    // 08:00 in India is 02:30 UTC.
    assert_eq!(changes, [(150, 5), (210, 4), (300, 20)]);
}

#[test]
fn the_desired_capacity_is_set_at_first() {
    let mut scaler = group(
        json!({ "group": { "MinSize": 1, "MaxSize": 9, "DesiredCapacity": 4 },
                                   "warm_pool": { "MaxGroupPreparedCapacity": 6 } }),
    );
    let mut pool = Pool::new(2, 0);
    assert_eq!(
        steps_of(&mut scaler.clone(), &pool, 0, 50.0).warm_pool,
        Some(2)
    );
    assert_eq!(pool.sync(&mut scaler, 0, None).desired, Replicas(4));
    assert!(!pool.sync(&mut scaler, 60, None).is_rescale());
    let below = pool.sync(
        &mut group(json!({ "group": { "MinSize": 6, "MaxSize": 9 } })),
        0,
        None,
    );
    assert_eq!(below.desired, Replicas(6));
}

/// The second day of a load that needs ten instances from 08:00 to 09:00 and one otherwise.
fn second_day(mode: &str, max: u32, breach: &str) -> (Vec<(i64, u32)>, Option<u32>) {
    let policy = json!({ "PolicyName": "forecast", "PolicyType": "PredictiveScaling",
        "PredictiveScalingConfiguration": { "Mode": mode, "MaxCapacityBreachBehavior": breach,
            "MetricSpecifications": [{ "TargetValue": 100.0,
                "PredefinedMetricPairSpecification": { "PredefinedMetricType": "ALBRequestCount" } }] } });
    let mut scaler =
        group(json!({ "group": { "MinSize": 1, "MaxSize": max }, "policies": [policy] }));
    let mut pool = Pool::new(1, 0);
    let (mut changes, mut forecast) = (Vec::new(), None);
    for minute in 1..=1440 + 10 * 60 {
        let hour = (minute - 1) / 60 % 24;
        let load = if hour == 8 { 1000.0 } else { 80.0 };
        let decision = pool.sync_with(&mut scaler, 60 * minute, None, &[("ALBRequestCount", load)]);
        if decision.is_rescale() {
            changes.push((minute - 1440, pool.size));
        }
        if let Steps::Ec2(steps) = decision.steps {
            forecast = forecast.max(steps.forecast);
        }
    }
    (changes, forecast)
}

#[test]
fn forecasts_scale_out_before_the_hour_and_never_in() {
    let before_8 = 7 * 60 + 55;
    let honor = "HonorMaxCapacity";
    assert_eq!(
        second_day("ForecastAndScale", 40, honor),
        (vec![(before_8, 10)], Some(10))
    );
    assert_eq!(
        second_day("ForecastAndScale", 6, honor),
        (vec![(before_8, 6)], Some(10))
    );
    assert_eq!(second_day("ForecastOnly", 40, honor), (vec![], Some(10)));
    // The raised maximum ends with the hour.
    let raised = second_day("ForecastAndScale", 6, "IncreaseMaxCapacity").0;
    assert_eq!(raised, [(before_8, 10), (9 * 60, 6)]);
}

#[test]
fn a_policy_without_an_alarm_is_refused() {
    let policy = json!({ "group": { "MinSize": 1, "MaxSize": 2 }, "policies": [
        { "PolicyName": "out", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1 }] });
    let policy: Ec2Policy = serde_json::from_value(policy).expect("it reads");
    let message = Ec2AutoScaling::new(&policy)
        .expect_err("it is a mistake")
        .to_string();
    assert_eq!(
        message,
        "the Auto Scaling group is not valid; policies[0].PolicyName: is `out`: no alarm calls it"
    );
}
