//! What must hold for every load: bounds, cooldowns, hold times, checkpoints, no panic.

use crate::driver::{Driver, build};
use flashcrowd_autoscalers::ScaleOutcome;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One sync: seconds since the one before, the metric (now and then missing or absurd), and whether
/// the write fails.
type Sync = (i64, Option<f64>, bool);

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    let value = prop_oneof![
        12 => (0.0..3000.0_f64).prop_map(Some),
        2 => Just(None),
        1 => prop_oneof![Just(0.0), Just(-5.0), Just(9e15), Just(-9e15), Just(0.001)].prop_map(Some),
    ];
    prop::collection::vec((1..120_i64, value, prop::bool::weighted(0.05)), 1..150)
}

/// Every policy with bounds of 2 and 12, and one metric.
fn policies() -> impl Strategy<Value = Value> {
    let load = json!({ "external": { "name": "load" } });
    let common = move |interval: u32| {
        json!({ "load": load, "per_replica": 100.0, "replicas": { "min": 2, "max": 12 },
                "interval": format!("{interval}s") })
    };
    let research = (1..90_u32, 0..5_usize).prop_map(move |(interval, name)| {
        let name = ["adapt", "conpaas", "hist", "react", "reg"][name];
        json!({ name: common(interval) })
    });
    let component = prop_oneof![Just("additive"), Just("multiplicative")];
    let holt_winters = (2..7_usize, 0.0..=1.0_f64, 0.0..=1.0_f64, component.clone(), component)
        .prop_map(|(period, alpha, damping, trend, seasonal)| {
            json!({ "holt_winters": { "alpha": alpha, "beta": 0.3, "gamma": 0.3, "damping": damping,
                    "seasonal_periods": period, "stored_seasons": 4, "trend": trend, "seasonal": seasonal } })
        });
    let linear = (0..600_u32, 1..30_usize).prop_map(|(ahead, size)| {
        json!({ "linear": { "look_ahead": format!("{ahead}s"), "history_size": size } })
    });
    let naive = (1..40_u32, 1..4_u32).prop_map(|(slots, seasons)| {
        json!({ "seasonal_naive": { "season": format!("{}s", slots * 30), "slot": "30s",
                "seasons": seasons, "lead": "60s" } })
    });
    let model = prop_oneof![holt_winters, linear, naive].prop_map(|it| json!({ "forecast": it }));
    let combine = prop_oneof![
        Just("maximum"),
        Just("minimum"),
        Just("mean"),
        Just("median")
    ];
    let models = prop::collection::vec(model, 0..4);
    let predictive = (models, combine, 0..400_u32).prop_map(|(models, combine, down)| {
        json!({ "predictive": { "load": { "external": { "name": "load" } }, "per_replica": 100.0,
                "replicas": { "min": 2, "max": 12 }, "models": models, "combine": combine,
                "stabilization_down": format!("{down}s") } })
    });
    let schedule = research.clone().prop_map(|inner| {
        json!({ "schedule": { "replicas": { "min": 2, "max": 12 }, "policy": inner,
                "windows": [{ "from": "*/7 * * * *", "to": "*/11 * * * *", "replicas": { "min": 3, "max": 5 } }],
                "actions": [{ "at": { "cron": "*/13 * * * *" }, "set": { "replicas": 40 } }] } })
    });
    let threshold =
        (0..200_u32, 0..200_u32).prop_map(|(hold, cooldown)| thresholds(hold, cooldown));
    prop_oneof![research, predictive, schedule, threshold]
}

/// Above 1000: +2; below 500: -1. One metric for both.
fn thresholds(hold: u32, cooldown: u32) -> Value {
    let rule = |when: Value, action: Value| {
        json!({ "metric": { "external": { "name": "load" } }, "when": when, "action": action,
                "for": format!("{hold}s"), "cooldown": format!("{cooldown}s") })
    };
    json!({ "threshold": { "interval": "10s", "lookback": "0s", "replicas": { "min": 2, "max": 12 },
            "rules": [rule(json!({ "above": 1000.0 }), json!({ "add": 2 })),
                      rule(json!({ "below": 500.0 }), json!({ "remove": 1 }))] } })
}

/// Drives a policy; the metric stands in for each of its queries.
fn drive(driver: &mut Driver, syncs: &[Sync], from: i64) -> Vec<(i64, u32, u32)> {
    let mut second = from;
    let count = driver.scaler.queries().len();
    let mut decisions = Vec::new();
    for &(elapsed, value, fails) in syncs {
        second += elapsed;
        let decision = driver.ask(second, &vec![value; count]);
        decisions.push((second, decision.current.get(), decision.desired.get()));
        if decision.is_rescale() {
            let outcome = if fails {
                ScaleOutcome::Failed
            } else {
                ScaleOutcome::Applied
            };
            driver.scaler.committed(&decision, outcome);
            if !fails {
                driver.replicas = decision.desired.get();
            }
        }
    }
    decisions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bounds_hold_for_every_policy(policy in policies(), replicas in 0..30_u32, syncs in syncs()) {
        let mut driver = Driver::new(policy, replicas);
        for (second, _, desired) in drive(&mut driver, &syncs, 0) {
            prop_assert!((2..=12).contains(&desired), "{desired} at {second}");
        }
    }

    /// A policy that was saved and restored in the middle decides like one that was not.
    #[test]
    fn checkpoints_change_nothing(policy in policies(), first in syncs(), second in syncs()) {
        let mut driver = Driver::new(policy.clone(), 4);
        let last = drive(&mut driver, &first, 0).last().map_or(0, |it| it.0);
        let text = serde_json::to_string(&driver.scaler.save()).expect("it is JSON");
        let state = serde_json::from_str(&text).expect("it is JSON");
        let mut restored = Driver { scaler: build(policy).expect("it is legal"), replicas: driver.replicas };
        restored.scaler.restore(&state).expect("it is of the same policy");
        prop_assert_eq!(drive(&mut restored, &second, last), drive(&mut driver, &second, last));
    }

    /// Recomputed from the metric alone: before each change the comparison held at every evaluation for
    /// the hold time, and the last change by the same rule is a cooldown ago.
    #[test]
    fn hold_times_and_cooldowns_are_kept(
        hold in 0..200_u32, cooldown in 0..200_u32, values in prop::collection::vec(prop::option::weighted(0.95, 0.0..1500.0_f64), 1..200),
    ) {
        let mut driver = Driver::new(thresholds(hold, cooldown), 5);
        let (hold, cooldown) = (i64::from(hold), i64::from(cooldown));
        let mut last = [None; 2];
        for (index, &value) in values.iter().enumerate() {
            let second = index as i64 * 10;
            let decision = driver.sync(second, &[value; 2]);
            if !decision.is_rescale() {
                continue;
            }
            let is_up = decision.desired > decision.current;
            let holds = |value: &Option<f64>| value.is_some_and(|it| if is_up { it > 1000.0 } else { it < 500.0 });
            let evaluations = (hold as usize).div_ceil(10);
            let since = index.checked_sub(evaluations);
            prop_assert!(since.is_some_and(|since| values[since..=index].iter().all(holds)), "for, at {second}");
            let before: &mut Option<i64> = &mut last[usize::from(is_up)];
            prop_assert!(before.is_none_or(|before| second - before >= cooldown), "cooldown, at {second}");
            *before = Some(second);
        }
    }
}
