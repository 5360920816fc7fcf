//! The vectors of the reference page, with a target of 60 % CPU.

use super::*;
use crate::pools::fixture::Pool;
use serde_json::{Value, json};

fn mig(changes: &Value) -> GcpMig {
    let mut policy = json!({ "minNumReplicas": 1, "maxNumReplicas": 20,
                             "cpuUtilization": { "utilizationTarget": 0.6 } });
    let fields = changes.as_object().expect("changes are an object");
    policy
        .as_object_mut()
        .expect("it is one")
        .extend(fields.clone());
    let policy: GcpPolicy = serde_json::from_value(json!({ "policy": policy })).expect("it reads");
    GcpMig::new(&policy).expect("it is legal")
}

fn once(changes: &Value, size: u32, cpu: f64) -> u32 {
    let mut pool = Pool::new(size, 60);
    pool.sync(&mut mig(changes), 0, Some(cpu));
    pool.size
}

#[test]
fn scaling_out_is_immediate() {
    assert_eq!(once(&json!({}), 5, 90.0), 8);
    assert_eq!(once(&json!({}), 3, 61.0), 4);
    assert_eq!(once(&json!({}), 10, 60.0), 10);
    assert_eq!(once(&json!({ "maxNumReplicas": 7 }), 5, 90.0), 7);
}

#[test]
fn scaling_in_waits_for_ten_minutes() {
    let mut pool = Pool::new(10, 60);
    let mut scaler = mig(&json!({}));
    let held = pool.sync(&mut scaler, 0, Some(30.0));
    assert_eq!(
        (held.desired, held.limited_by),
        (Replicas(10), Some(Limit::ScaleDownStabilized))
    );
    assert_eq!(pool.minutes(&mut scaler, 0, [30.0; 9]), []);
    assert_eq!(pool.minutes(&mut scaler, 540, [30.0]), [(600, 5)]);
}

#[test]
fn a_peak_inside_the_window_starts_it_again() {
    let mut pool = Pool::new(10, 60);
    let mut scaler = mig(&json!({}));
    let cpu = std::iter::repeat_n(30.0, 5)
        .chain([60.0])
        .chain(std::iter::repeat_n(30.0, 10));
    // The peak is seen at 360.
    assert_eq!(pool.minutes(&mut scaler, 0, cpu), [(960, 5)]);
}

#[test]
fn the_scale_in_control_counts_from_the_peak() {
    let control = json!({ "scaleInControl": { "maxScaledInReplicas": { "fixed": 3 }, "timeWindowSec": 1200 } });
    let mut scaler = mig(&control);
    let mut pool = Pool::new(10, 60);
    // Load for five instances: 299 % in all.
    let mut changes = Vec::new();
    for minute in 0..60 {
        let cpu = 299.0 / f64::from(pool.size);
        let decision = pool.sync(&mut scaler, 60 * minute, Some(cpu));
        if decision.is_rescale() {
            changes.push((60 * minute, pool.size));
        }
    }
    // The stabilized size is 10 until 540, so it leaves the control's window at 1740.
    assert_eq!(changes, [(600, 7), (1740, 5)]);
}

#[test]
fn schedules_are_minimums() {
    // 80 % of six is eight.
    let schedule = |duration: u64| {
        json!({ "scalingSchedules": { "sale": {
        "minRequiredReplicas": 12, "schedule": "0 0 * * *", "durationSec": duration } } })
    };
    assert_eq!(once(&json!({}), 6, 80.0), 8);
    assert_eq!(once(&schedule(3600), 6, 80.0), 12);
    // It is over after its duration.
    let at = |secs| {
        let mut pool = Pool::new(6, 60);
        pool.sync(&mut mig(&schedule(3600)), secs, Some(80.0));
        pool.size
    };
    assert_eq!((at(3599), at(3600), at(86_400)), (12, 8, 12));
}

#[test]
fn modes() {
    assert_eq!(once(&json!({ "mode": "OFF" }), 5, 90.0), 5);
    let mut scaler = mig(&json!({ "mode": "ONLY_SCALE_OUT" }));
    let mut pool = Pool::new(5, 60);
    pool.sync(&mut scaler, 0, Some(90.0));
    assert_eq!(pool.minutes(&mut scaler, 0, [10.0; 30]), []);
    assert_eq!(pool.size, 8);
}

#[test]
fn initializing_instances_do_not_count_for_scaling_out() {
    let mut scaler = mig(&json!({ "coolDownPeriodSec": 300 }));
    let mut pool = Pool::new(5, 30);
    pool.sync(&mut scaler, 0, Some(90.0));
    assert_eq!(pool.size, 8);
    // The three new ones report, but the recommendation is that of the five old ones.
    assert_eq!(pool.minutes(&mut scaler, 0, [90.0; 4]), []);
    // In service since 30, counted from 330 on: 8 * 90 / 60.
    assert_eq!(pool.minutes(&mut scaler, 240, [90.0; 2]), [(360, 12)]);
}

#[test]
fn the_largest_signal_wins_and_a_missing_one_prevents_scaling_in() {
    let queue = json!({ "stabilizationPeriodSec": 0, "customMetricUtilizations": [
        { "metric": "queue", "singleInstanceAssignment": 100.0 } ] });
    let sized = |cpu: f64, named: &[(&str, f64)]| {
        let mut pool = Pool::new(5, 60);
        let mut scaler = mig(&queue);
        pool.sync_with(&mut scaler, 0, Some(cpu), named);
        pool.size
    };
    assert_eq!(sized(60.0, &[("queue", 950.0)]), 10);
    assert_eq!(sized(30.0, &[("queue", 50.0)]), 3);
    assert_eq!(sized(30.0, &[]), 5);
    assert_eq!(sized(90.0, &[]), 8);
}
