//! Forecasts in their policy. The models' worked examples stand beside the models.

use crate::driver::{Driver, build, step};
use flashcrowd_autoscalers::{Limit, Reason};
use serde_json::{Value, json};

/// Ten a replica, a sync every 10 s, nothing in the way.
fn policy(model: Value) -> Value {
    json!({ "predictive": {
        "load": { "external": { "name": "requests" } }, "per_replica": 10.0, "interval": "10s",
        "tolerance": "0%", "stabilization_down": "0s", "replicas": { "min": 1, "max": 100 },
        "models": [model] } })
}

fn linear(look_ahead: &str) -> Value {
    json!({ "forecast": { "linear": { "look_ahead": look_ahead, "history_size": 4 } } })
}

/// Replicas of 1, 2, 3 and 4 ten seconds apart rise by one every ten seconds.
#[test]
fn a_line_looks_ahead() {
    let after = |look_ahead| {
        let mut driver = Driver::new(policy(linear(look_ahead)), 1);
        let loads = [(33, 10.0), (43, 20.0), (53, 30.0), (63, 40.0)];
        let decisions = loads.map(|(second, load)| driver.sync(second, &[Some(load)]));
        decisions[3].desired.get()
    };
    assert_eq!(after("0s"), 4);
    assert_eq!(after("10s"), 5);
    assert_eq!(after("15s"), 6); // 5.5
}

fn holt_winters(period: usize, coefficients: [f64; 3]) -> Value {
    let [alpha, beta, gamma] = coefficients;
    json!({ "forecast": { "holt_winters": { "alpha": alpha, "beta": beta, "gamma": gamma,
            "seasonal_periods": period, "stored_seasons": 4 } } })
}

/// Decisions for needs of so many replicas.
fn needs(policy: Value, needs: &[u32]) -> Vec<u32> {
    let mut driver = Driver::new(policy, 1);
    let mut second = -10;
    let mut sync = |&need: &u32| {
        second += 10;
        driver
            .sync(second, &[Some(f64::from(need) * 10.0)])
            .desired
            .get()
    };
    needs.iter().map(&mut sync).collect()
}

#[test]
fn holt_winters_sees_the_peak_coming() {
    let series = [1, 3, 1, 1, 3, 1, 1, 3, 1, 1, 3, 1, 1];
    let decisions = needs(policy(holt_winters(3, [0.9, 0.9, 0.3])), &series);
    assert_eq!(decisions[12], 3, "1 is needed now, 3 next");
    let series = [2, 4, 6, 4, 2, 2, 2, 4, 6, 4, 2, 2, 3, 5, 7, 5, 3, 3];
    let decisions = needs(policy(holt_winters(6, [0.9; 3])), &series);
    assert_eq!(decisions[17], 4);
    let series = [
        10, 12, 15, 11, 10, 13, 16, 12, 11, 14, 17, 13, 12, 15, 18, 14,
    ];
    let mut minimum = policy(holt_winters(4, [0.3, 0.1, 0.2]));
    minimum["predictive"]["combine"] = json!("minimum");
    assert_eq!(needs(minimum, &series)[15], 14);
}

#[test]
fn too_little_history_is_left_out_or_zero() {
    let last = |short: &str| {
        let mut policy = policy(holt_winters(6, [0.9; 3]));
        policy["predictive"]["short_history"] = json!(short);
        policy["predictive"]["combine"] = json!("mean");
        needs(policy, &[8; 15])[14]
    };
    assert_eq!(last("ignore"), 8);
    assert_eq!(last("zero"), 4);
}

#[test]
fn the_history_is_of_needs_and_not_of_what_is_there() {
    let mut policy = policy(linear("0s"));
    policy["predictive"]["replicas"]["max"] = json!(3);
    let mut driver = Driver::new(policy, 1);
    driver.sync(0, &[Some(100.0)]);
    let decision = driver.sync(10, &[Some(200.0)]);
    assert_eq!(step(&decision, "linear"), Some("Replicas(20)"));
    assert_eq!(decision.desired.get(), 3);
    assert_eq!(decision.limited_by, Some(Limit::TooManyReplicas));
}

#[test]
fn within_the_tolerance_the_number_stays() {
    let mut policy = policy(linear("0s"));
    policy["predictive"]["models"] = json!([]);
    policy["predictive"]["tolerance"] = json!("10%");
    let mut driver = Driver::new(policy, 10);
    let mut after = |second, load| driver.sync(second, &[Some(load)]).desired.get();
    assert_eq!(after(0, 109.0), 10);
    assert_eq!(after(10, 111.0), 12);
    assert_eq!(after(20, 109.0), 12);
    assert_eq!(after(30, 107.0), 11);
}

#[test]
fn recommendations_of_five_minutes_hold_a_fall_back() {
    let mut policy = policy(linear("0s"));
    policy["predictive"]["models"] = json!([]);
    policy["predictive"]["stabilization_down"] = json!("300s");
    let mut driver = Driver::new(policy, 1);
    driver.sync(0, &[Some(80.0)]);
    let held = driver.sync(290, &[Some(20.0)]);
    assert_eq!(
        (held.desired.get(), held.limited_by),
        (8, Some(Limit::ScaleDownStabilized))
    );
    assert_eq!(driver.sync(300, &[Some(30.0)]).desired.get(), 3);
}

#[test]
fn a_model_may_rest_start_later_and_forget() {
    let mut model = linear("10s");
    model["every"] = json!(2);
    model["start_interval"] = json!("60s");
    model["reset_after"] = json!("30s");
    let mut driver = Driver::new(policy(model), 1);
    let mut said = |second, load| {
        let decision = driver.sync(second, &[Some(load)]);
        step(&decision, "linear").map(str::to_owned)
    };
    assert_eq!(said(5, 10.0).as_deref(), Some("Silent"), "starts at 60");
    assert_eq!(said(55, 10.0).as_deref(), Some("Silent"));
    assert_eq!(
        said(65, 10.0).as_deref(),
        Some("Silent"),
        "the first of two"
    );
    assert_eq!(said(75, 20.0).as_deref(), Some("Replicas(3)"));
    assert_eq!(said(85, 30.0).as_deref(), Some("Silent"));
    assert_eq!(
        said(135, 50.0).as_deref(),
        Some("Silent"),
        "50 s later: starts again, at 180"
    );
    assert_eq!(
        said(185, 50.0).as_deref(),
        Some("Replicas(5)"),
        "its first point"
    );
}

/// The second morning is seen five minutes before it comes.
#[test]
fn the_season_before_tells_this_one() {
    let naive = json!({ "forecast": { "seasonal_naive": { "season": "1h", "slot": "5m", "lead": "5m",
                        "seasons": 3 } } });
    let mut driver = Driver::new(policy(naive), 1);
    let load = |second: i64| if second % 3600 >= 1800 { 200.0 } else { 20.0 };
    let mut rises = (0..720).map(|it| it * 10).filter_map(|second| {
        let decision = driver.sync(second, &[Some(load(second))]);
        (decision.desired > decision.current).then_some((second, decision.desired.get()))
    });
    assert_eq!(rises.next(), Some((0, 2)));
    assert_eq!(
        rises.next(),
        Some((1800, 20)),
        "the first hour comes as a surprise"
    );
    assert_eq!(rises.next(), Some((3600 + 1500, 20)), "the second does not");
}

#[test]
fn without_a_metric_nothing_changes() {
    let mut driver = Driver::new(policy(linear("0s")), 4);
    let decision = driver.sync(0, &[None]);
    assert_eq!(
        (decision.desired.get(), decision.reason),
        (4, Reason::MetricsUnavailable)
    );
}

#[test]
fn mistakes_are_named_all_at_once() {
    let mut policy = policy(holt_winters(1, [1.5, 0.1, 0.1]));
    policy["predictive"]["per_replica"] = json!(0.0);
    let message = build(policy).expect_err("it is a mistake");
    assert_eq!(
        message,
        "the policy `predictive` is not valid; per_replica: must be a finite number above 0; \
         models[0].holt_winters.seasonal_periods: must be at least 2; \
         models[0].holt_winters.alpha: must be within 0 and 1"
    );
}
