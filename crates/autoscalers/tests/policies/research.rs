//! The policies of the literature against their published code.

use crate::driver::{Driver, build};
use serde_json::json;

/// `published.csv`: 180 loads with what each policy has after them, from 2 replicas of 100 within 1 and
/// 60. Computed by a re-statement in Python of the loops in ahmedaley/Autoscalers (commit 0a626e5),
/// with a constant server speed and, for Reg, the parabola in exact fractions.
const PUBLISHED: &str = include_str!("published.csv");

/// The column of a policy beside what it decides here.
fn replay(name: &str) -> Vec<(usize, u32, u32)> {
    let mut lines = PUBLISHED.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = header
        .iter()
        .position(|&it| it == name)
        .expect("the column is there");
    let policy = json!({ name: { "load": { "external": { "name": "requests" } }, "per_replica": 100.0,
                                 "replicas": { "min": 1, "max": 60 } } });
    let mut driver = Driver::new(policy, 2);
    lines
        .enumerate()
        .map(|(index, line)| {
            let values: Vec<u32> = line
                .split(',')
                .map(|it| it.parse().expect("a number"))
                .collect();
            let second = i64::try_from(index).expect("there are few lines") * 60;
            let decision = driver.sync(second, &[Some(f64::from(values[0]))]);
            (index + 2, values[column], decision.desired.get())
        })
        .collect()
}

fn assert_published(name: &str) {
    let rows = replay(name);
    assert_eq!(rows.len(), 180);
    let differing: Vec<_> = rows
        .into_iter()
        .filter(|(_, published, own)| published != own)
        .collect();
    assert!(
        differing.is_empty(),
        "{name}: line, published, own: {differing:?}"
    );
}

#[test]
fn adapt_as_published() {
    assert_published("adapt");
}

#[test]
fn hist_with_its_two_lists_apart() {
    assert_published("hist");
}

#[test]
fn react_as_published() {
    assert_published("react");
}

#[test]
fn reg_as_published() {
    assert_published("reg");
}

fn react(replicas: u32, load: f64) -> u32 {
    let policy = json!({ "react": { "load": { "external": { "name": "requests" } }, "per_replica": 100.0,
                                    "replicas": { "min": 1, "max": 60 } } });
    Driver::new(policy, replicas)
        .sync(0, &[Some(load)])
        .desired
        .get()
}

/// By hand from the three lines of `repair`.
#[test]
fn what_the_page_of_react_says() {
    assert_eq!(react(4, 1000.0), 4 + 7); // 6 missing, 7.2 with the reserve
    assert_eq!(react(4, 800.0), 8, "of four the reserve is less than one");
    assert_eq!(react(10, 950.0), 10, "1.1 * 9.5 is not less than 10");
    assert_eq!(react(10, 450.0), 6);
    assert_eq!(react(10, 900.0), 11, "9 * 1.2, upwards");
}

/// Until there are 21 loads, ConPaaS has as many replicas as the load needs; a straight line goes
/// on.
#[test]
fn conpaas_forecasts_after_21_loads() {
    let policy = json!({ "conpaas": { "load": { "external": { "name": "requests" } },
        "per_replica": 100.0, "replicas": { "min": 1, "max": 60 } } });
    let mut driver = Driver::new(policy, 2);
    let mut replicas = |it: i64| {
        let load = 1000.0 + 50.0 * it as f64;
        driver.sync(it * 60, &[Some(load)]).desired.get()
    };
    let decisions: Vec<u32> = (0..30).map(&mut replicas).collect();
    for (it, &replicas) in decisions.iter().enumerate().take(20) {
        assert_eq!(
            replicas,
            (1000 + 50 * u32::try_from(it).unwrap()).div_ceil(100)
        );
    }
    // From the second forecast on the line is the best of the three: 2100 + 50 * 13 (the mean of
    // 0 to 19 with weights of 0 to 19) and so on.
    assert_eq!(decisions[22..25], [28, 28, 29]); // 2750, 2800, 2850
}

#[test]
fn conpaas_has_one_replica_for_what_one_bears() {
    let policy = json!({ "conpaas": { "load": { "external": { "name": "requests" } },
        "per_replica": 100.0, "replicas": { "min": 1, "max": 60 } } });
    let mut driver = Driver::new(policy, 2);
    let replicas: Vec<u32> = (0..25)
        .map(|it| {
            driver
                .sync(it * 60, &[Some(if it < 22 { 500.0 } else { 100.0 })])
                .desired
                .get()
        })
        .collect();
    assert_eq!(replicas[18..], [5, 5, 5, 5, 1, 1, 1]);
}

/// A run from midnight in Kolkata with a peak from 8 to 9. A quarter before the second peak it is
/// still 7 o'clock there, an hour that never needed more than 4; in UTC it is a quarter past two, and
/// the second half of that hour was part of the first peak.
#[test]
fn hist_goes_by_the_hour_of_its_zone() {
    let before_the_second_peak = |zone: &str| {
        let policy = json!({ "hist": { "load": { "external": { "name": "requests" } }, "per_replica": 100.0,
            "replicas": { "min": 1, "max": 60 }, "interval": "15m",
            "tuning": { "start": { "unix_seconds": 1_767_225_600 - 19_800, "time_zone": zone } } } });
        let mut driver = Driver::new(policy, 4);
        let load = |quarter| if quarter / 4 % 24 == 8 { 2000.0 } else { 400.0 };
        let mut sync = |quarter: i64| driver.sync(quarter * 900, &[Some(load(quarter))]);
        (0..32 * 4)
            .map(&mut sync)
            .last()
            .expect("there are syncs")
            .desired
            .get()
    };
    assert!(before_the_second_peak("Asia/Kolkata") < 10);
    assert!(before_the_second_peak("UTC") > 15);
}

#[test]
fn mistakes_are_named_all_at_once() {
    let policy = json!({ "hist": { "load": "cpu_usage", "per_replica": -1.0, "interval": "0s",
        "replicas": { "min": 1, "max": 0 }, "tuning": { "start": { "time_zone": "Kolkata" } } } });
    assert_eq!(
        build(policy).expect_err("it is a mistake"),
        "the policy `hist` is not valid; replicas.max: is 0: must not be less than min, 1; \
         replicas.max: is 0: must be at least 1; per_replica: must be a finite number above 0; \
         interval: must be longer than 0s; tuning.start.time_zone: is not a time zone"
    );
}
