//! The test vectors of the reference page: CPU above 70 adds two, below 30 removes one, 2 to 8
//! instances, five minutes of cooldown, two minutes to launch an instance.

use super::*;
use crate::pools::fixture::Pool;
use crate::pools::oci::OciPolicy;
use serde_json::{Value, json};

fn rule(operator: &str, threshold: i32, value: i32) -> Value {
    json!({ "action": { "type": "CHANGE_COUNT_BY", "value": value }, "metric": {
        "metricType": "CPU_UTILIZATION", "threshold": { "operator": operator, "value": threshold } } })
}

fn threshold(initial: u32, rules: &Value) -> OciPool {
    policy(&json!([{ "policyType": "threshold", "rules": rules,
                    "capacity": { "min": 2, "max": 8, "initial": initial } }]))
}

fn policy(policies: &Value) -> OciPool {
    let policy = json!({ "configuration": { "policies": policies }, "publish_delay": "0" });
    let policy: OciPolicy = serde_json::from_value(policy).expect("it reads");
    OciPool::new(&policy).expect("it is legal")
}

/// The changes that minute averages lead to.
fn changes(initial: u32, cpu: &[f64]) -> Vec<(i64, u32)> {
    let rules = json!([rule("GT", 70, 2), rule("LT", 30, -1)]);
    let mut scaler = threshold(initial, &rules);
    Pool::new(initial, 120).minutes(&mut scaler, 0, cpu.iter().copied())
}

#[test]
fn vectors_1_and_2_the_cooldown_begins_when_the_pool_runs_again() {
    assert_eq!(changes(2, &[75.0; 3]), [(180, 4)]);
    // Running again at 300, so the cooldown ends at 600, and the condition acts at once.
    assert_eq!(changes(2, &[75.0; 9]), [(180, 4)]);
    assert_eq!(changes(2, &[75.0; 10]), [(180, 4), (600, 6)]);
}

#[test]
fn vectors_3_and_4_the_minutes_have_to_be_consecutive() {
    assert_eq!(changes(2, &[75.0, 75.0, 60.0, 75.0, 75.0]), []);
    assert_eq!(
        changes(2, &[75.0, 75.0, 60.0, 75.0, 75.0, 75.0]),
        [(360, 4)]
    );
    assert_eq!(changes(2, &[71.0, 69.0, 71.0, 71.0]), []);
    assert_eq!(changes(2, &[71.0, 69.0, 71.0, 71.0, 71.0]), [(300, 4)]);
}

#[test]
fn vectors_5_to_7_bounds_hold() {
    assert_eq!(changes(7, &[80.0; 3]), [(180, 8)]);
    assert_eq!(changes(3, &[20.0; 3]), [(180, 2)]);
    assert_eq!(changes(2, &[20.0; 10]), []);
    assert_eq!(changes(2, &[30.0; 10]), []);
}

#[test]
fn at_the_maximum_no_cooldown_starts() {
    let rules = json!([rule("GT", 70, 2), rule("LT", 30, -1)]);
    let mut scaler = threshold(8, &rules);
    let mut pool = Pool::new(8, 120);
    let high = [80.0; 10];
    assert_eq!(pool.minutes(&mut scaler, 0, high), []);
    // No need to wait for anything but three minutes.
    assert_eq!(pool.minutes(&mut scaler, 600, [20.0; 3]), [(780, 7)]);
}

#[test]
fn vector_8_at_the_threshold() {
    for (operator, expected) in [("GTE", vec![(180, 4)]), ("GT", vec![])] {
        let mut scaler = threshold(2, &json!([rule(operator, 70, 2)]));
        let found = Pool::new(2, 120).minutes(&mut scaler, 0, [70.0; 3]);
        assert_eq!(found, expected, "{operator}");
    }
}

#[test]
fn vector_9_a_schedule_sets_the_size() {
    // 2026 begins on a Thursday; Monday 5 January, 08:00, is 96 + 8 hours later.
    let monday = (4 * 24 + 8) * 3600;
    let mut scaler = policy(&json!([{ "policyType": "scheduled",
        "capacity": { "min": 2, "max": 10, "initial": 6 },
        "executionSchedule": { "type": "cron", "expression": "0 0 8 ? * MON-FRI", "timezone": "UTC" } }]));
    let mut pool = Pool::new(2, 120);
    let before = pool.sync(&mut scaler, monday - 2 * 86_400, None);
    assert!(!before.is_rescale(), "Saturday: {before:?}");
    assert!(!pool.sync(&mut scaler, monday - 60, None).is_rescale());
    let decision = pool.sync(&mut scaler, monday, None);
    assert_eq!(
        (decision.desired, decision.reason.to_string().as_str()),
        (Replicas(6), "schedule policies[0]")
    );
    // Somebody resizes it by hand: a schedule acts once.
    pool.resize(3, TimePoint::from_secs(monday + 30));
    assert!(!pool.sync(&mut scaler, monday + 60, None).is_rescale());
}

#[test]
fn vectors_10_and_12_are_refused() {
    let refused = |policies: Value| {
        let policy = json!({ "configuration": { "policies": policies } });
        let policy: OciPolicy = serde_json::from_value(policy).expect("it reads");
        OciPool::new(&policy)
            .expect_err("it is not legal")
            .to_string()
    };
    let schedule = refused(json!([{ "policyType": "scheduled",
        "capacity": { "min": 2, "max": 10, "initial": 6 },
        "executionSchedule": { "expression": "30 0 8 ? * *", "timezone": "UTC" } }]));
    assert!(schedule.contains("has seconds 30, must be 0"), "{schedule}");
    let mut short = rule("GT", 70, 2);
    short["metric"]["pendingDuration"] = json!("PT2M");
    let short =
        refused(json!([{ "rules": [short], "capacity": { "min": 2, "max": 8, "initial": 2 } }]));
    assert!(short.contains("is PT2M: must be PT3M to PT1H"), "{short}");
}

#[test]
fn vector_11_a_longer_pending_duration() {
    let mut inward = rule("LT", 30, -1);
    inward["metric"]["pendingDuration"] = json!("PT15M");
    let rules = json!([inward]);
    let run = |low: usize, then: &[f64]| {
        let mut scaler = threshold(4, &rules);
        let cpu = std::iter::repeat_n(20.0, low).chain(then.iter().copied());
        Pool::new(4, 120).minutes(&mut scaler, 0, cpu)
    };
    assert_eq!(run(14, &[40.0, 40.0]), []);
    assert_eq!(run(15, &[]), [(900, 3)]);
}

#[test]
fn the_initial_size_is_set_at_once_and_starts_a_cooldown() {
    let mut scaler = threshold(4, &json!([rule("GT", 70, 2)]));
    let mut pool = Pool::new(2, 120);
    // Sized at 60, running at 180, free at 480.
    assert_eq!(pool.minutes(&mut scaler, 0, [90.0; 8]), [(60, 4), (480, 6)]);
}

#[test]
fn a_minute_without_data_breaks_the_count() {
    let mut scaler = threshold(2, &json!([rule("GT", 70, 2)]));
    let mut pool = Pool::new(2, 120);
    for (minute, cpu) in [
        (1, Some(90.0)),
        (2, Some(90.0)),
        (3, None),
        (4, Some(90.0)),
        (5, Some(90.0)),
    ] {
        assert!(
            !pool.sync(&mut scaler, 60 * minute, cpu).is_rescale(),
            "minute {minute}"
        );
    }
    assert_eq!(pool.sync(&mut scaler, 360, Some(90.0)).desired, Replicas(4));
}

#[test]
fn a_latched_alarm_outlasts_a_dip() {
    let rules = json!([rule("GT", 70, 2)]);
    let run = |latch: bool| {
        let policy = json!({ "publish_delay": "0", "alarm_latch": latch, "configuration": { "policies": [{
            "rules": rules, "capacity": { "min": 2, "max": 8, "initial": 2 } }] } });
        let policy: OciPolicy = serde_json::from_value(policy).expect("it reads");
        let mut scaler = OciPool::new(&policy).expect("it is legal");
        let cpu = [
            90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0, 60.0, 60.0, 60.0,
        ];
        Pool::new(2, 120).minutes(&mut scaler, 0, cpu)
    };
    assert_eq!(run(false), [(180, 4)]);
    assert_eq!(run(true), [(180, 4), (600, 6)]);
}

#[test]
fn of_two_metrics_the_larger_step_wins_and_either_is_enough() {
    let memory = json!({ "action": { "type": "CHANGE_COUNT_BY", "value": 2 }, "metric": {
        "metricSource": "CUSTOM_QUERY", "query": "MemoryUtilization[1m].mean() > 85" } });
    let rules = json!([rule("GT", 80, 3), memory]);
    for (cpu, memory, expected) in [
        (90.0, 90.0, 5),
        (10.0, 90.0, 4),
        (90.0, 10.0, 5),
        (10.0, 10.0, 2),
    ] {
        let mut scaler = threshold(2, &rules);
        let mut pool = Pool::new(2, 120);
        for minute in 1..=3 {
            let named = [("MemoryUtilization", memory)];
            pool.sync_with(&mut scaler, 60 * minute, Some(cpu), &named);
        }
        assert_eq!(pool.size, expected, "CPU {cpu}, memory {memory}");
    }
}

#[test]
fn a_failed_write_starts_no_cooldown() {
    let mut scaler = threshold(2, &json!([rule("GT", 70, 2)]));
    // The writes of the first of these pools never arrive.
    let mut shown = Pool::new(2, 120);
    shown.minutes(&mut scaler, 0, [90.0; 2]);
    let observed = shown.observe(&mut scaler, 180, Some(90.0));
    assert_eq!(observed.desired, Replicas(4));
    scaler.committed(&observed, ScaleOutcome::Failed);
    assert_eq!(
        shown.observe(&mut scaler, 240, Some(90.0)).desired,
        Replicas(4)
    );
}
