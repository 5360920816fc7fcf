//! Calendars, among them those of the scaling guides.

use crate::driver::{Driver, build};
use flashcrowd_autoscalers::{Reason, SavedState, TimePoint};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};

/// Midnight in Kolkata on 2025-11-28, the start of the run: 2025-11-27T18:30Z.
fn start() -> Value {
    json!({ "unix_seconds": 1_764_268_200, "time_zone": "Asia/Kolkata" })
}

/// Ten waiting messages for each replica.
fn hpa(min: u32, max: u32) -> Value {
    json!({ "hpa": { "spec": { "minReplicas": min, "maxReplicas": max, "metrics": [{ "type": "External",
        "external": { "metric": { "name": "depth" }, "target": { "type": "AverageValue", "averageValue": "10" } } }] } } })
}

/// Hours at which the number of replicas changes, with the new number.
fn changes(driver: &mut Driver, hours: i64, depth: f64) -> Vec<(f64, u32)> {
    let syncs = (0..=hours * 60).map(|minute| minute * 60);
    let mut changes = Vec::new();
    for second in syncs {
        let values = vec![Some(depth); driver.scaler.queries().len()];
        let decision = driver.sync(second, &values);
        if decision.is_rescale() {
            changes.push((second as f64 / 3600.0, decision.desired.get()));
        }
    }
    changes
}

/// BharatMart's crontab: 10 workers at 8:00, 3 at 20:00, Asia/Kolkata.
#[test]
fn ten_workers_by_day_and_three_by_night() {
    let action =
        |cron, replicas: u32| json!({ "at": { "cron": cron }, "set": { "replicas": replicas } });
    let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 1, "max": 20 },
        "actions": [action("0 8 * * *", 10), action("0 20 * * *", 3)] } });
    let mut driver = Driver::new(policy.clone(), 5);
    assert_eq!(
        changes(&mut driver, 36, 0.0),
        [(8.0, 10), (20.0, 3), (32.0, 10)]
    );
    // The same crontab on a machine whose clock is UTC: half past one in the afternoon.
    let mut utc = policy;
    utc["schedule"]["start"]["time_zone"] = json!("UTC");
    assert_eq!(
        changes(&mut Driver::new(utc, 5), 36, 0.0),
        [(1.5, 3), (13.5, 10), (25.5, 3)]
    );
}

/// BharatMart's schedule of the instance pool as what it means: bounds of 2 and 10 with 8 by day.
#[test]
fn business_hours_are_a_window() {
    let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 2, "max": 10 },
        "windows": [{ "from": "0 8 * * 1-5", "to": "0 20 * * 1-5", "replicas": { "min": 8, "max": 10 } }],
        "policy": hpa(1, 50) } });
    // Friday to Tuesday: nothing happens on Saturday and Sunday.
    let mut driver = Driver::new(policy, 2);
    assert_eq!(
        changes(&mut driver, 4 * 24, 0.0),
        [(8.0, 8), (20.0, 2), (80.0, 8), (92.0, 2)]
    );
}

/// A number that is set is the HPA's to take back, a minimum is not.
#[test]
fn an_hpa_takes_back_what_a_crontab_sets() {
    let with = |morning: Value, evening: Value| {
        let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 1, "max": 20 },
            "actions": [{ "at": { "cron": "0 8 * * *" }, "set": morning },
                        { "at": { "cron": "0 20 * * *" }, "set": evening }], "policy": hpa(2, 20) } });
        changes(&mut Driver::new(policy, 2), 9, 20.0)
    };
    // At the latest when its stabilization window of five minutes is over.
    let taken_back = with(json!({ "replicas": 10 }), json!({ "replicas": 3 }));
    assert_eq!(taken_back[0], (8.0, 10));
    assert_eq!(taken_back[1].1, 2);
    assert!(taken_back[1].0 <= 8.1, "{taken_back:?}");
    let bounds = |min: u32| json!({ "bounds": { "min": min, "max": 20 } });
    assert_eq!(with(bounds(10), bounds(2)), [(8.0, 10)]);
}

/// Artisan's emergency script: 15 at once, by hand, 90 minutes into the run.
#[test]
fn an_emergency_is_an_action_that_happens_once() {
    let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 1, "max": 20 },
        "actions": [{ "at": { "elapsed": "90m" }, "set": { "replicas": 15 } }] } });
    let mut driver = Driver::new(policy, 3);
    let decision = driver.sync(5399, &[]);
    assert!(!decision.is_rescale());
    let decision = driver.sync(5430, &[]);
    assert_eq!(decision.desired.get(), 15);
    assert_eq!(decision.reason, Reason::Other("scheduled".into()));
    assert!(!driver.sync(5460, &[]).is_rescale());
}

#[test]
fn of_windows_that_overlap_the_largest_bounds_hold() {
    let window = |from, to, min: u32, max: u32| json!({ "from": from, "to": to, "replicas": { "min": min, "max": max } });
    let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 1, "max": 30 },
        "windows": [window("0 8 * * *", "0 20 * * *", 4, 6), window("0 12 * * *", "0 13 * * *", 2, 20),
                    window("0 22 * * *", "0 2 * * *", 3, 3)],
        "policy": hpa(1, 50) } });
    let mut driver = Driver::new(policy, 10);
    // Over midnight the third is open from the start; the depth asks for 25.
    assert_eq!(
        changes(&mut driver, 23, 250.0),
        [
            (0.0, 3),
            (2.0, 6),
            (2.0 + 1.0 / 60.0, 12),
            (2.0 + 2.0 / 60.0, 24),
            (2.0 + 3.0 / 60.0, 25),
            (8.0, 6),
            (12.0, 12),
            (12.0 + 1.0 / 60.0, 20),
            (13.0, 6),
            (20.0, 12),
            (20.0 + 1.0 / 60.0, 24),
            (20.0 + 2.0 / 60.0, 25),
            (22.0, 3)
        ]
    );
}

/// A run that starts at ten in the morning is in the middle of the day that an action began.
#[test]
fn bounds_that_were_set_before_the_run_hold() {
    let bounds = |cron, min: u32| json!({ "at": { "cron": cron }, "set": { "bounds": { "min": min, "max": 20 } } });
    let mut start = start();
    start["unix_seconds"] = json!(1_764_268_200 + 10 * 3600);
    let policy = json!({ "schedule": { "start": start, "replicas": { "min": 1, "max": 20 },
        "actions": [bounds("0 8 * * *", 8), bounds("0 20 * * *", 2)] } });
    let mut driver = Driver::new(policy, 1);
    assert_eq!(changes(&mut driver, 9, 0.0), [(0.0, 8)]);
    assert_eq!(
        driver.scaler.next_wakeup(),
        Some(TimePoint::from_secs(10 * 3600))
    );
}

#[test]
fn a_checkpoint_includes_the_policy_inside() {
    let policy = json!({ "schedule": { "start": start(), "replicas": { "min": 1, "max": 20 },
        "policy": hpa(2, 20) } });
    let mut driver = Driver::new(policy.clone(), 2);
    driver.sync(0, &[Some(100.0)]);
    driver.sync(60, &[Some(100.0)]);
    let state = driver.scaler.save();
    let mut other = Driver::new(policy, driver.replicas);
    other.scaler.restore(&state).expect("it is a schedule's");
    assert_eq!(
        other.ask(120, &[Some(20.0)]),
        driver.ask(120, &[Some(20.0)])
    );
    assert!(other.scaler.restore(&SavedState::of(&7)).is_err());
}

#[test]
fn mistakes_are_named_all_at_once() {
    let policy = json!({ "schedule": { "replicas": { "min": 1, "max": 20 },
        "windows": [{ "from": "0 8 * *", "to": "0 20 * * *", "replicas": { "min": 1, "max": 2 }, "time_zone": "Asia/Calcutt" }],
        "actions": [{ "at": { "cron": "0 0 8 ? * *" }, "set": { "replicas": 1 } }] } });
    assert_eq!(
        build(policy).expect_err("it is a mistake"),
        "the policy `schedule` is not valid; \
         windows[0].time_zone: is `Asia/Calcutt`: must be a time zone such as Asia/Kolkata; \
         windows[0].from: is `0 8 * *`: must have 5 fields (minute hour day-of-month month day-of-week), not 4; \
         actions[0].at.cron: is `0 0 8 ? * *`: must have 5 fields (minute hour day-of-month month day-of-week), not 6"
    );
    let nested = json!({ "schedule": { "replicas": { "min": 1, "max": 2 }, "policy": { "hpa": { "spec": { "maxReplicas": 0 } } } } });
    let message = build(nested).expect_err("it is a mistake");
    assert!(
        message.starts_with("the HorizontalPodAutoscaler is not valid"),
        "{message}"
    );
}

/// Windows against the recorded answers of KEDA's cron scaler, replayed where the recordings lie
/// beside the checkout. Its rule for a window is the same; what happens to a time that is
/// left out or repeated is not, so the days around a change of the clock are left out.
#[test]
fn windows_agree_with_recorded_ones() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/golden/keda-cron.jsonl"
    );
    let Ok(recorded) = std::fs::read_to_string(path) else {
        return;
    };
    let mut compared = 0;
    for line in recorded.lines() {
        let trace: Value = serde_json::from_str(line).expect("a line is JSON");
        let category = trace["cat"].as_str().unwrap_or_default();
        if ![
            "daily",
            "overnight",
            "weekday",
            "weekday_daily_end",
            "month_end",
        ]
        .contains(&category)
        {
            continue;
        }
        compared += replay(&trace);
    }
    assert!(compared > 3000, "{compared} instants");
}

/// The number of compared instants of a recorded window, each of which has to agree.
fn replay(trace: &Value) -> usize {
    let policy = json!({ "schedule": { "start": { "unix_seconds": 0, "time_zone": trace["tz"] },
        "replicas": { "min": 1, "max": 1 },
        "windows": [{ "from": trace["start"], "to": trace["end"], "replicas": { "min": 7, "max": 7 } }] } });
    let mut driver = Driver::new(policy, 1);
    let zone = TimeZoneDatabase::bundled().get(trace["tz"].as_str().expect("a zone"));
    let zone = zone.expect("the zone is known");
    let offset = |second| zone.to_offset(Timestamp::from_second(second).expect("a time"));
    let mut compared = 0;
    for instant in trace["at"].as_array().expect("instants") {
        let second = instant[0].as_f64().expect("seconds").floor() as i64;
        if offset(second - 2 * 86_400) != offset(second + 2 * 86_400) {
            continue;
        }
        compared += 1;
        let is_open = instant[1].as_i64() == Some(1);
        let replicas = driver.sync(second, &[]).desired.get();
        assert_eq!(
            replicas == 7,
            is_open,
            "{} {} {} at {second}",
            trace["start"],
            trace["end"],
            trace["tz"]
        );
    }
    compared
}
