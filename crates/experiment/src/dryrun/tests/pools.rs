//! Instance pools: the worked examples of the documentation of OCI and EC2, and the configurations
//! of a published scaling guide.

use super::super::*;
use super::scaler;
use flashcrowd_scenario::{Diagnostics, ScalerManifest, load_scaler};
use flashcrowd_units::SimDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Minutes are seen at once, new instances run after that many seconds.
fn at_once(replicas: Option<u32>, startup_seconds: u64) -> Options {
    Options {
        replicas,
        startup: Some(SimDuration::from_secs(startup_seconds)),
        publish_delay: Some(SimDuration::ZERO),
        ..Options::default()
    }
}

fn run(manifest: &str, csv: &str, options: &Options) -> DryRun {
    let history = MetricHistory::read(csv, None).expect("the history reads");
    dry_run(&scaler(manifest), &history, options).unwrap_or_else(|error| panic!("{error}"))
}

/// The changes that these means of the minutes lead to: when, in seconds, and the new size.
fn changes(manifest: &Value, size: u32, startup_seconds: u64, cpu: &[f64]) -> Vec<(u64, u32)> {
    let mut csv = "time,cpu_utilization\n".to_owned();
    for (minute, value) in (1..).zip(cpu) {
        let _ = writeln!(csv, "{},{value}", 60 * minute);
    }
    let options = at_once(Some(size), startup_seconds);
    changed(&run(&manifest.to_string(), &csv, &options))
}

fn changed(run: &DryRun) -> Vec<(u64, u32)> {
    let start = u64::try_from(run.start.timestamp().as_second()).expect("it is after 1970");
    let rescales = run.syncs.iter().filter(|it| it.decision.is_rescale());
    rescales
        .map(|it| {
            let seconds = it.at.as_nanos() / 1_000_000_000;
            (start + seconds, it.decision.desired())
        })
        .collect()
}

fn oci_rule(operator: &str, threshold: i32, value: i32) -> Value {
    json!({ "action": { "type": "CHANGE_COUNT_BY", "value": value }, "metric": {
        "metricType": "CPU_UTILIZATION", "threshold": { "operator": operator, "value": threshold } } })
}

/// CPU above 70 adds two, below 30 removes one, 2 to 8 instances, five minutes of cooldown.
fn oci(rules: &[Value]) -> Value {
    json!({ "coolDownInSeconds": 300, "policies": [{ "policyType": "threshold", "rules": rules,
            "capacity": { "min": 2, "max": 8, "initial": 2 } }] })
}

#[test]
fn oci_acts_after_three_minutes_and_cools_down_once_it_runs() {
    let pool = oci(&[oci_rule("GT", 70, 2), oci_rule("LT", 30, -1)]);
    for (size, cpu, expected) in [
        (2, vec![75.0; 3], vec![(180, 4)]),
        (2, vec![75.0; 9], vec![(180, 4)]),
        // Instances take two minutes, so it runs at 300 and the cooldown ends at 600.
        (2, vec![75.0; 10], vec![(180, 4), (600, 6)]),
        (2, vec![75.0, 75.0, 60.0, 75.0, 75.0], vec![]),
        (2, vec![75.0, 75.0, 60.0, 75.0, 75.0, 75.0], vec![(360, 4)]),
        (2, vec![71.0, 69.0, 71.0, 71.0, 71.0], vec![(300, 4)]),
        (7, vec![80.0; 3], vec![(180, 8)]),
        (3, vec![20.0; 3], vec![(180, 2)]),
        (2, vec![10.0; 30], vec![]),
    ] {
        assert_eq!(changes(&pool, size, 120, &cpu), expected, "{size}: {cpu:?}");
    }
    for (operator, expected) in [("GTE", vec![(180, 4)]), ("GT", vec![])] {
        let pool = oci(&[oci_rule(operator, 70, 2)]);
        assert_eq!(changes(&pool, 2, 120, &[70.0; 3]), expected, "{operator}");
    }
}

#[test]
fn oci_waits_as_long_as_a_rule_is_pending() {
    let mut slow = oci_rule("LT", 30, -1);
    slow["metric"]["pendingDuration"] = json!("PT15M");
    let pool = oci(&[slow]);
    let dip = [vec![20.0; 14], vec![40.0]].concat();
    assert_eq!(changes(&pool, 4, 120, &dip), []);
    assert_eq!(changes(&pool, 4, 120, &[20.0; 15]), [(900, 3)]);
}

#[test]
fn oci_schedules_go_by_the_clock_of_the_history() {
    let schedule = |expression: &str| {
        json!({ "policies": [{ "policyType": "scheduled", "displayName": "morning",
            "capacity": { "min": 2, "max": 8, "initial": 6 },
            "executionSchedule": { "type": "cron", "expression": expression, "timezone": "UTC" } }] })
    };
    // A Monday.
    let csv = "time,replicas\n2026-01-05T07:58:00Z,2\n2026-01-05T08:02:00Z,6\n";
    let morning = schedule("0 0 8 ? * MON-FRI").to_string();
    let run = run(&morning, csv, &at_once(None, 0));
    let eight = run.start.timestamp().as_second().unsigned_abs() + 120;
    assert_eq!(changed(&run), [(eight, 6)]);
    let refused = refused(&schedule("30 0 8 ? * *"));
    assert!(refused.contains("seconds"), "{refused}");
}

fn refused(manifest: &Value) -> String {
    let text = serde_json::to_string_pretty(manifest).expect("it is written");
    let problems = load(&text).expect_err("it is refused");
    problems.to_string()
}

fn load(manifest: &str) -> Result<flashcrowd_scenario::LoadedScaler, Diagnostics> {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        BTreeMap::from([(PathBuf::from("pool.json"), manifest.as_bytes().to_vec())]);
    load_scaler("pool.json", None, &files)
}

#[test]
fn what_oci_refuses_is_refused_with_its_place() {
    let mut pool = oci(&[oci_rule("GT", 70, 2), oci_rule("LT", 30, -1)]);
    pool["coolDownInSeconds"] = json!(60);
    pool["policies"][0]["rules"][1]["metric"]["pendingDuration"] = json!("PT2M");
    let refused = refused(&pool);
    for part in [
        "pool.json:2:",
        "coolDownInSeconds",
        "pendingDuration",
        "PT3M",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

/// The list of `--policies` of a guide's backend: +2 above 70 %, -1 below 30 %, 2 to 10 instances.
const GUIDE_BACKEND: &str = r#"[{
    "displayName": "api-autoscale",
    "capacity": {"min": 2, "max": 10, "initial": 2},
    "rules": [
        {
            "displayName": "scale-up-cpu",
            "action": {"type": "CHANGE_COUNT_BY", "value": 2},
            "metric": {
                "metricType": "CPU_UTILIZATION",
                "threshold": {"operator": "GT", "value": 70}
            }
        },
        {
            "displayName": "scale-down-cpu",
            "action": {"type": "CHANGE_COUNT_BY", "value": -1},
            "metric": {
                "metricType": "CPU_UTILIZATION",
                "threshold": {"operator": "LT", "value": 30}
            }
        }
    ]
}]"#;

#[test]
fn the_backend_of_the_guide() {
    // Recorded: two instances at 90 % that nobody scaled. Four share it as 45 %, which is between
    // the thresholds.
    let mut csv = "time,replicas,cpu_utilization\n".to_owned();
    for minute in 1..=12 {
        let _ = writeln!(csv, "{},2,90", 60 * minute);
    }
    let run = run(GUIDE_BACKEND, &csv, &at_once(None, 0));
    assert_eq!(run.name, "api-autoscale");
    assert_eq!(changed(&run), [(180, 4)]);
    let certain: Vec<bool> = run.syncs.iter().map(|it| it.is_certain).collect();
    assert_eq!(certain, [vec![true; 3], vec![false; 9]].concat());
    let lines = run.lines();
    assert_eq!(
        lines[1].0,
        "00:03:00  2 -> 4  scale-up-cpu: CPU_UTILIZATION GT 70 for PT3M, 90 % in the latest minute: +2"
    );
    assert_eq!(
        lines[2].0,
        "00:04:00..00:12:00 (9 syncs)  4  no rule fires: CPU_UTILIZATION 45 % in the latest minute"
    );
    // As it is published, a minute is seen a minute later.
    let history = MetricHistory::read(&csv, None).expect("the history reads");
    let late = dry_run(&scaler(GUIDE_BACKEND), &history, &Options::default()).expect("it runs");
    assert_eq!(changed(&late), [(240, 4)]);
}

#[test]
fn an_initial_size_does_not_take_hold_again() {
    let csv = "time,replicas,cpu_utilization\n60,5,50\n120,5,50\n180,5,50\n240,5,50\n";
    assert_eq!(changed(&run(GUIDE_BACKEND, csv, &at_once(None, 0))), []);
}

#[test]
fn traps_of_the_guide_are_named() {
    // Its frontend has no rule for scaling in.
    let mut frontend: Value = serde_json::from_str(GUIDE_BACKEND).expect("it reads");
    frontend[0]["rules"].as_array_mut().expect("a list").pop();
    let loaded = load(&frontend.to_string()).expect("it is legal");
    assert!(matches!(loaded.manifest, ScalerManifest::Oci(_)));
    let said = loaded.diagnostics.to_string();
    assert!(said.contains("the pool never shrinks"), "{said}");
    // Its schedule has five fields and the time zone of its users.
    let schedule = json!([{ "displayName": "business-hours-scale", "policyType": "scheduled",
        "capacity": { "min": 2, "max": 10, "initial": 8 },
        "executionSchedule": { "expression": "0 8 * * *", "timezone": "Asia/Kolkata" } }]);
    let refused = refused(&schedule);
    for part in ["expression", "timezone"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

fn ec2(changes: Value) -> Value {
    let mut policy = json!({ "group": { "AutoScalingGroupName": "shop", "MinSize": 1, "MaxSize": 40,
                                        "DefaultInstanceWarmup": 0 } });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    policy.as_object_mut().expect("it is one").extend(changes);
    policy
}

fn cpu_at_50() -> Value {
    json!({ "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": { "TargetValue": 50.0,
            "PredefinedMetricSpecification": { "PredefinedMetricType": "ASGAverageCPUUtilization" } } })
}

#[test]
fn ec2_target_tracking() {
    let group = ec2(json!({ "policies": [cpu_at_50()] }));
    for (size, cpu, minutes, expected) in [
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
        let found = changes(&group, size, 0, &vec![cpu; minutes]);
        assert_eq!(found, expected, "{size} at {cpu} for {minutes} minutes");
    }
}

/// Above 50: +0 to 60, +10 % to 70, +30 % beyond; at or below 50: -10 % from 40, -30 % from 30 down.
fn ec2_steps(max_size: u32) -> Value {
    let alarm = |operator: &str, policy: &str| {
        json!({ "AlarmName": operator, "MetricName": "CPUUtilization", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 50.0, "ComparisonOperator": operator,
            "AlarmActions": [policy] })
    };
    let policy = |name: &str, steps: Value| {
        json!({ "PolicyName": name, "PolicyType": "StepScaling",
            "AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": steps })
    };
    let out = json!([
        { "MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 0 },
        { "MetricIntervalLowerBound": 10.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 10 },
        { "MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 30 }]);
    let inward = json!([
        { "MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": 0 },
        { "MetricIntervalLowerBound": -20.0, "MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -10 },
        { "MetricIntervalUpperBound": -20.0, "ScalingAdjustment": -30 }]);
    let mut group = ec2(json!({
        "policies": [policy("out", out), policy("in", inward)],
        "alarms": [alarm("GreaterThanOrEqualToThreshold", "out"),
                   alarm("LessThanOrEqualToThreshold", "in")] }));
    group["group"]["MaxSize"] = json!(max_size);
    group
}

#[test]
fn ec2_steps_by_how_far_the_metric_is() {
    let group = ec2_steps(40);
    for (size, cpu, expected) in [
        (10, 60.0, 11),
        (11, 70.0, 14),
        (14, 40.0, 13),
        (13, 30.0, 10),
    ] {
        let found = changes(&group, size, 0, &[cpu]);
        assert_eq!(found, [(60, expected)], "{size} at {cpu}");
    }
    assert_eq!(changes(&group, 10, 0, &[55.0]), []);
    assert_eq!(changes(&ec2_steps(12), 11, 0, &[70.0]), [(60, 12)]);
}

/// What the AWS command line prints for a group, its policies and its alarms, one after the other.
#[test]
fn ec2_parts_are_put_together() {
    let whole = ec2_steps(40);
    let mut parts = String::new();
    for (list, part) in [
        ("AutoScalingGroups", json!([whole["group"]])),
        ("ScalingPolicies", whole["policies"].clone()),
        ("MetricAlarms", whole["alarms"].clone()),
    ] {
        let _ = writeln!(parts, "---\n{}", json!({ list: part }));
    }
    let loaded = load(&parts).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.name, "shop");
    let ScalerManifest::Ec2(policy) = loaded.manifest else {
        panic!("it is an Auto Scaling group")
    };
    assert_eq!((policy.policies.len(), policy.alarms.len()), (2, 2));
    // Without the alarms nothing calls the policies.
    let (without, _) = parts.rsplit_once("---").expect("there are three");
    let problems = load(without).expect_err("it is refused").to_string();
    assert!(problems.contains("no alarm calls it"), "{problems}");
}

#[test]
fn a_metric_of_an_alarm_is_as_recorded_and_a_tracked_one_is_shared() {
    // Recorded with 4 instances; 8 from the first decision on.
    let mut csv = "time,replicas,backlog,per_instance\n".to_owned();
    for minute in 1..=4 {
        let _ = writeln!(csv, "{},4,100,100", 60 * minute);
    }
    let tracking = json!({ "PolicyName": "track", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": { "TargetValue": 50.0,
            "CustomizedMetricSpecification": { "MetricName": "per_instance" } } });
    let manifest = ec2(json!({ "policies": [tracking] })).to_string();
    // 4 x 100 / 50 = 8, and 8 instances have 50 each, which is the target.
    let tracked = run(&manifest, &csv, &at_once(None, 0));
    assert_eq!(changed(&tracked), [(180, 8)]);
    let simple = json!({ "PolicyName": "more", "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{ "MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1 }] });
    let alarm = json!({ "AlarmName": "backlog", "MetricName": "backlog", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 90.0,
        "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["more"] });
    let manifest = ec2(json!({ "policies": [simple], "alarms": [alarm] })).to_string();
    // The backlog stays above the threshold, however many instances there are.
    let alarmed = run(&manifest, &csv, &at_once(None, 0));
    assert_eq!(changed(&alarmed), [(60, 5), (120, 6), (180, 7), (240, 8)]);
}

#[test]
fn finer_values_are_averaged_by_the_minute() {
    // The minutes' means are 75, 75 and 75; the values at their ends are 90, 60 and 60.
    let csv = "time,cpu_utilization
15,60\n30,70\n45,80\n60,90
75,90\n90,80\n105,70\n120,60
135,90\n150,90\n165,60\n180,60\n";
    let pool = oci(&[oci_rule("GT", 70, 2)]).to_string();
    let run = run(&pool, csv, &at_once(Some(2), 0));
    assert_eq!(changed(&run), [(180, 4)]);
}

/// Two pods of an HPA are not ready at 15 s, and count as using nothing.
#[test]
fn pods_that_start_are_left_out() {
    let hpa = super::HPA;
    let csv = "time,replicas,cpu_utilization\n0,4,105\n15,6,105\n";
    let options = Options {
        startup: Some(SimDuration::from_secs(30)),
        ..Options::default()
    };
    let run = run(hpa, csv, &options);
    // 105 / 70 = 1.5 of 4 pods is 6. With two of six that use nothing it is 4 x 105 / 6 / 70 = 1.0.
    assert_eq!(run.syncs[0].decision.desired(), 6);
    assert_eq!(run.syncs[1].decision.desired(), 6);
    let at_once = super::decided(hpa, csv);
    assert_eq!(at_once[1].1, 9);
}
