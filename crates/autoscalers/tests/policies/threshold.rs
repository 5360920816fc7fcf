//! The worked examples of threshold rules.

use crate::driver::{Driver, build};
use flashcrowd_autoscalers::threshold::{Action, ConnectionBudget};
use flashcrowd_autoscalers::{Limit, Reason, ScaleOutcome};
use flashcrowd_units::Ratio;
use serde_json::{Value, json};

/// A rule on `cpu`, whose values are percentages.
fn rule(when: Value, hold: &str, action: Value, cooldown: &str) -> Value {
    json!({ "metric": { "external": { "name": "cpu" } }, "when": when, "for": hold, "action": action,
            "cooldown": cooldown })
}

fn policy(rules: &[Value]) -> Value {
    json!({ "threshold": { "rules": rules, "replicas": { "min": 1, "max": 20 } } })
}

/// Seconds at which the number of replicas changes, under a constant value.
fn changes(policy: Value, replicas: u32, value: f64, interval: i64, until: i64) -> Vec<i64> {
    let mut driver = Driver::new(policy, replicas);
    let count = driver.scaler.queries().len();
    (0..=until / interval)
        .map(|sync| sync * interval)
        .filter(|&second| driver.sync(second, &vec![Some(value); count]).is_rescale())
        .collect()
}

#[test]
fn above_70_for_five_minutes_adds_one_every_cooldown() {
    let preset = |cooldown, rearm| {
        let mut rule = rule(
            json!({ "above": 70.0 }),
            "5m",
            json!({ "add": 1 }),
            cooldown,
        );
        rule["rearm"] = json!(rearm);
        changes(policy(&[rule]), 2, 80.0, 60, 1560)
    };
    assert_eq!(preset("300s", "alert"), [300, 600, 900, 1200, 1500]);
    assert_eq!(preset("300s", "trigger"), [300, 600, 900, 1200, 1500]);
    assert_eq!(preset("600s", "alert"), [300, 900, 1500]);
    // Without a cooldown an alert acts at every evaluation, a trigger has to earn its `for` again.
    assert_eq!(preset("0s", "alert")[..3], [300, 360, 420]);
    assert_eq!(preset("0s", "trigger"), [300, 600, 900, 1200, 1500]);
}

#[test]
fn below_50_for_a_quarter_of_an_hour_removes_one() {
    let down = rule(
        json!({ "below": 50.0 }),
        "15m",
        json!({ "remove": 1 }),
        "900s",
    );
    assert_eq!(changes(policy(&[down]), 5, 40.0, 60, 1800), [900, 1800]);
}

/// The driver may ask more often; evaluations keep their distance.
#[test]
fn evaluations_keep_their_distance() {
    let up = rule(json!({ "above": 70.0 }), "0s", json!({ "add": 1 }), "0s");
    assert_eq!(changes(policy(&[up]), 1, 80.0, 15, 180), [0, 60, 120, 180]);
}

#[test]
fn one_low_evaluation_starts_the_timer_again_unless_a_window_smooths_it() {
    let fires = |window: &str| {
        let mut up = rule(json!({ "above": 70.0 }), "5m", json!({ "add": 1 }), "1h");
        up["window"] = json!(window);
        let mut driver = Driver::new(policy(&[up]), 2);
        let value = |second| if second == 240 { 60.0 } else { 80.0 };
        (0..20)
            .map(|it| it * 60)
            .find(|&at| driver.sync(at, &[Some(value(at))]).is_rescale())
    };
    assert_eq!(fires("0s"), Some(600)); // 300 + 300
    assert_eq!(fires("5m"), Some(300)); // 76.7 on average
}

#[test]
fn a_missing_value_is_the_last_one_for_five_minutes() {
    let up = || rule(json!({ "above": 70.0 }), "5m", json!({ "add": 1 }), "1h");
    let fires = |lookback: &str, gap: std::ops::Range<i64>| {
        let mut policy = policy(&[up()]);
        policy["threshold"]["lookback"] = json!(lookback);
        let mut driver = Driver::new(policy, 2);
        let value = |second| (!gap.contains(&second)).then_some(80.0);
        (0..30)
            .map(|it| it * 60)
            .find(|&at| driver.sync(at, &[value(at)]).is_rescale())
    };
    assert_eq!(fires("5m", 120..121), Some(300));
    assert_eq!(fires("0s", 120..121), Some(480)); // a stale marker: true again from 180
    assert_eq!(fires("5m", 120..1000), Some(300)); // carried from 60 to 360
    assert_eq!(fires("1m", 120..600), Some(900)); // lost at 180, true again from 600
}

#[test]
fn without_data_nothing_is_done_unless_missing_counts_as_a_breach() {
    let quiet = |missing: &str| {
        let mut up = rule(json!({ "above": 70.0 }), "1m", json!({ "add": 2 }), "0s");
        up["missing"] = json!(missing);
        let mut driver = Driver::new(policy(&[up]), 2);
        driver.sync(0, &[None]);
        driver.sync(60, &[None])
    };
    let decision = quiet("fails");
    assert_eq!(
        (decision.desired.get(), decision.reason),
        (2, Reason::MetricsUnavailable)
    );
    assert_eq!(quiet("holds").desired.get(), 4);
}

#[test]
fn the_largest_rise_wins_and_a_fall_needs_every_rule() {
    let add = |name: &str, above: f64, action: Value| json!({ "metric": { "external": { "name": name } }, "when": { "above": above }, "action": action });
    let remove = |name: &str, below: f64, count: u32| {
        json!({ "metric": { "external": { "name": name } }, "when": { "below": below },
                "action": { "remove": count } })
    };
    let rules = [
        add("cpu", 70.0, json!({ "add": 1 })),
        add("queue", 100.0, json!({ "add_percent": 50.0 })),
        remove("cpu", 50.0, 3),
        remove("queue", 10.0, 1),
    ];
    let at_ten = |cpu, queue| {
        let values = [cpu, queue, cpu, queue].map(Some);
        Driver::new(policy(&rules), 10).sync(0, &values)
    };
    let both = at_ten(80.0, 200.0);
    assert_eq!(both.desired.get(), 15);
    assert_eq!(both.reason.to_string(), "queue above target");
    assert_eq!(at_ten(80.0, 5.0).desired.get(), 11);
    assert_eq!(
        at_ten(40.0, 50.0).desired.get(),
        10,
        "the queue does not agree"
    );
    assert_eq!(at_ten(40.0, 5.0).desired.get(), 9, "the smallest reduction");
}

#[test]
fn percentages_are_rounded_away_from_zero() {
    assert_eq!(Action::AddPercent(25.0).apply(2), 3);
    assert_eq!(Action::AddPercent(25.0).apply(8), 10);
    assert_eq!(Action::AddPercent(25.0).apply(9), 12);
    assert_eq!(Action::RemovePercent(10.0).apply(5), 4);
    assert_eq!(Action::RemovePercent(10.0).apply(11), 9);
    assert_eq!(Action::Multiply(1.5).apply(3), 5);
    assert_eq!(Action::Set(15).apply(3), 15);
}

#[test]
fn the_connections_of_a_database_are_a_maximum() {
    let budget = ConnectionBudget {
        max: 200,
        pool_size: 20,
        share: Ratio::new(0.8).unwrap(),
    };
    assert_eq!(budget.max_replicas(), 8);
    let mut policy = policy(&[rule(
        json!({ "above": 1.0 }),
        "0s",
        json!({ "add": 50 }),
        "0s",
    )]);
    policy["threshold"]["connections"] = json!({ "max": 200, "pool_size": 20 });
    let decision = Driver::new(policy, 2).sync(0, &[Some(5.0)]);
    assert_eq!(decision.desired.get(), 8);
    assert_eq!(decision.limited_by, Some(Limit::TooManyReplicas));
}

/// 70 % up and 50 % down, one at a time: a load just above 70 % of `n` replicas makes the number
/// swing for 1 and 2 replicas (35 % and 46.7 % after the step) and not for 3 (52.5 %).
#[test]
fn thresholds_that_are_close_together_swing_where_the_step_is_large() {
    let turns = |replicas: u32| {
        let up = rule(json!({ "above": 70.0 }), "0s", json!({ "add": 1 }), "0s");
        let down = rule(json!({ "below": 50.0 }), "0s", json!({ "remove": 1 }), "0s");
        let mut driver = Driver::new(policy(&[up, down]), replicas);
        let load = 70.1 * f64::from(replicas);
        let sync = |it: i64| {
            let value = Some(load / f64::from(driver.replicas));
            driver.sync(it * 60, &[value, value]).is_rescale()
        };
        (0..10).map(sync).filter(|&changed| changed).count()
    };
    assert_eq!([1, 2, 3].map(turns), [10, 10, 1]);
}

#[test]
fn a_write_that_fails_starts_no_cooldown() {
    let up = rule(json!({ "above": 70.0 }), "0s", json!({ "add": 1 }), "1h");
    let mut driver = Driver::new(policy(&[up]), 2);
    let decision = driver.ask(0, &[Some(80.0)]);
    assert!(decision.is_rescale());
    driver.scaler.committed(&decision, ScaleOutcome::Failed);
    assert!(driver.sync(60, &[Some(80.0)]).is_rescale());
    assert!(!driver.sync(120, &[Some(80.0)]).is_rescale());
}

#[test]
fn a_shared_cooldown_holds_for_all_rules() {
    let up = rule(json!({ "above": 70.0 }), "0s", json!({ "add": 1 }), "0s");
    let down = rule(json!({ "below": 50.0 }), "0s", json!({ "remove": 1 }), "0s");
    let mut policy = policy(&[up, down]);
    policy["threshold"]["cooldown"] = json!("5m");
    let mut driver = Driver::new(policy, 2);
    let mut at = |second: i64, value| driver.sync(second, &[Some(value); 2]).desired.get();
    assert_eq!(
        [at(0, 80.0), at(60, 20.0), at(240, 90.0), at(300, 20.0)],
        [3, 3, 3, 2]
    );
}

#[test]
fn mistakes_are_named_all_at_once() {
    let up = rule(
        json!({ "above": 70.0 }),
        "0s",
        json!({ "add_percent": -1.0 }),
        "0s",
    );
    let mut policy = policy(&[up]);
    policy["threshold"]["replicas"] = json!({ "min": 3, "max": 2 });
    policy["threshold"]["interval"] = json!("0s");
    assert_eq!(
        build(policy).expect_err("it is a mistake"),
        "the policy `threshold` is not valid; replicas.max: is 2: must not be less than min, 3; \
         interval: must be longer than 0s; rules[0].action: must be a finite number that is not negative"
    );
}
