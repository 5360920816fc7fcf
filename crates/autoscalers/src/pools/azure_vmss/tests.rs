//! The vectors of the reference page.

use super::*;
use crate::pools::fixture::Pool;
use serde_json::{Value, json};

/// A rule on one metric, looking at the last five minutes.
fn rule(
    metric: &str,
    operator: &str,
    threshold: f64,
    direction: &str,
    action: (&str, u32),
) -> Value {
    json!({
        "metricTrigger": { "metricName": metric, "timeGrain": "PT1M", "statistic": "Average",
            "timeWindow": "PT5M", "timeAggregation": "Average", "operator": operator,
            "threshold": threshold },
        "scaleAction": { "direction": direction, "type": action.0, "value": action.1.to_string(),
            "cooldown": "PT5M" }
    })
}

fn cpu(operator: &str, threshold: f64, direction: &str, action: (&str, u32)) -> Value {
    rule("Percentage CPU", operator, threshold, direction, action)
}

fn profile(rules: &[Value]) -> Value {
    json!({ "name": "default", "rules": rules,
            "capacity": { "minimum": "1", "maximum": "40", "default": "2" } })
}

fn vmss(profiles: &[Value]) -> AzureVmss {
    let policy =
        json!({ "setting": { "properties": { "profiles": profiles } }, "publish_delay": "0" });
    let policy: AzurePolicy = serde_json::from_value(policy).expect("it reads");
    AzureVmss::new(&policy).expect("it is legal")
}

/// The decision after one minute.
fn once(rules: &[Value], size: u32, value: f64) -> ScalingDecision {
    let mut scaler = vmss(&[profile(rules)]);
    let named = [("Threads", value)];
    Pool::new(size, 60).sync_with(&mut scaler, 60, Some(value), &named)
}

const BY_1: (&str, u32) = ("ChangeCount", 1);

#[test]
fn vector_1_scaling_in_would_scale_out_again() {
    let rules = [
        cpu("GreaterThan", 50.0, "Increase", BY_1),
        cpu("LessThan", 30.0, "Decrease", BY_1),
    ];
    assert_eq!(once(&rules, 1, 56.0).desired, Replicas(2));
    let deferred = once(&rules, 2, 28.0);
    assert_eq!(
        (deferred.desired, deferred.limited_by),
        (Replicas(2), Some(Limit::Flapping))
    );
    assert_eq!(once(&rules, 2, 25.0).desired, Replicas(1));
}

#[test]
fn vectors_2_and_3_threads() {
    let threads = |low| {
        [
            rule("Threads", "GreaterThanOrEqual", 600.0, "Increase", BY_1),
            rule("Threads", "LessThan", low, "Decrease", BY_1),
        ]
    };
    assert_eq!(once(&threads(600.0), 3, 417.0).desired, Replicas(3));
    assert_eq!(once(&threads(400.0), 3, 394.0).desired, Replicas(2));
}

#[test]
fn vectors_4_to_6_several_rules() {
    let out = |by| cpu("GreaterThan", 70.0, "Increase", ("ChangeCount", by));
    assert_eq!(once(&[out(3), out(5)], 10, 80.0).desired, Replicas(15));
    let inward = |threshold, action| cpu("LessThan", threshold, "Decrease", action);
    let both = [
        inward(30.0, ("PercentChangeCount", 50)),
        inward(30.0, ("ChangeCount", 3)),
    ];
    assert_eq!(once(&both, 10, 20.0).desired, Replicas(7));
    let one = [inward(30.0, BY_1), inward(10.0, BY_1)];
    assert_eq!(once(&one, 10, 20.0).desired, Replicas(10));
}

#[test]
fn vector_7_the_first_size_that_does_not_flap() {
    let rules = [
        cpu("GreaterThan", 70.0, "Increase", BY_1),
        cpu("LessThan", 66.0, "Decrease", ("ChangeCount", 10)),
    ];
    let decision = once(&rules, 30, 65.0);
    assert_eq!(
        (decision.desired, decision.limited_by),
        (Replicas(28), Some(Limit::Flapping))
    );
}

/// Out with a cooldown of an hour: nothing for an hour. In with one of 40 minutes: a peak 20
/// minutes later waits for another 20.
#[test]
fn the_cooldown_of_the_rule_that_acted_blocks_both_directions() {
    let mut out = cpu("GreaterThan", 70.0, "Increase", BY_1);
    out["scaleAction"]["cooldown"] = json!("PT1H");
    let mut inward = cpu("LessThan", 30.0, "Decrease", BY_1);
    inward["scaleAction"]["cooldown"] = json!("PT40M");
    let profiles = [profile(&[out, inward])];
    let high = Pool::new(4, 0).minutes(&mut vmss(&profiles), 0, [90.0; 62]);
    assert_eq!(high, [(60, 5), (3660, 6)]);
    let peak = std::iter::repeat_n(10.0, 20).chain([95.0; 25]);
    let low = Pool::new(4, 0).minutes(&mut vmss(&profiles), 0, peak);
    assert_eq!(low, [(60, 3), (60 + 40 * 60, 4)]);
}

#[test]
fn without_metrics_it_goes_up_to_the_default() {
    let rules = [cpu("GreaterThan", 70.0, "Increase", BY_1)];
    let sized = |size| {
        let mut scaler = vmss(&[profile(&rules)]);
        Pool::new(size, 60)
            .sync(&mut scaler, 60, None)
            .desired
            .get()
    };
    assert_eq!((sized(1), sized(3)), (2, 3));
    let mut scaler = vmss(&[profile(&rules)]);
    assert_eq!(
        Pool::new(50, 0).sync(&mut scaler, 60, None).desired,
        Replicas(40)
    );
}

#[test]
fn profiles_go_by_the_calendar() {
    // The run begins on Thursday, 1 January 2026.
    let capacity =
        |n: u32| json!({ "minimum": n.to_string(), "maximum": "40", "default": n.to_string() });
    let weekly = |name: &str, days: &[&str], hour: u8, n: u32| {
        json!({ "name": name, "capacity": capacity(n), "recurrence": { "frequency": "Week", "schedule": {
            "timeZone": "W. Europe Standard Time", "days": days, "hours": [hour], "minutes": [0] } } })
    };
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
    let fixed = json!({ "name": "sale", "capacity": capacity(20), "fixedDate": {
        "timeZone": "UTC", "start": "2026-01-02T12:00:00", "end": "2026-01-02T13:00:00" } });
    let profiles = [
        json!({ "name": "default", "capacity": capacity(1) }),
        weekly("day", &days, 8, 10),
        weekly("night", &days, 18, 3),
        fixed,
    ];
    let minimum = |hours: i64| {
        let mut scaler = vmss(&profiles);
        Pool::new(1, 0)
            .sync(&mut scaler, hours * 3600, None)
            .desired
            .get()
    };
    // Berlin is one hour ahead. Before Thursday 07:00 UTC it is still Wednesday night.
    assert_eq!(
        (minimum(6), minimum(7), minimum(16), minimum(17)),
        (3, 10, 10, 3)
    );
    assert_eq!(
        (minimum(24 + 11), minimum(24 + 12), minimum(24 + 14)),
        (10, 20, 10)
    );
    // All weekend.
    assert_eq!(minimum(24 * 3), 3);
}

#[test]
fn percentages_are_rounded_and_at_least_one() {
    let percent = |n| {
        [cpu(
            "GreaterThan",
            70.0,
            "Increase",
            ("PercentChangeCount", n),
        )]
    };
    assert_eq!(once(&percent(10), 3, 80.0).desired, Replicas(4));
    assert_eq!(once(&percent(50), 5, 80.0).desired, Replicas(8));
    let exact = [cpu("GreaterThan", 70.0, "Increase", ("ExactCount", 9))];
    assert_eq!(once(&exact, 5, 80.0).desired, Replicas(9));
}

#[test]
fn sums_do_not_follow_the_size_unless_they_are_divided() {
    let mut out = rule("Threads", "GreaterThan", 50.0, "Increase", BY_1);
    out["metricTrigger"]["statistic"] = json!("Sum");
    let mut inward = rule("Threads", "LessThan", 40.0, "Decrease", BY_1);
    inward["metricTrigger"]["statistic"] = json!("Sum");
    assert_eq!(
        once(&[out.clone(), inward.clone()], 2, 30.0).desired,
        Replicas(1)
    );
    for rule in [&mut out, &mut inward] {
        rule["metricTrigger"]["dividePerInstance"] = json!(true);
    }
    // 60 on two is 30 each, and would be 60 on one.
    assert_eq!(once(&[out, inward], 2, 60.0).desired, Replicas(2));
}
