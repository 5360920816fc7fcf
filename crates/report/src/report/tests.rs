//! The contract of `report.json`.

use super::*;
use crate::made_up_run;
use serde_json::Value;

fn json() -> Value {
    serde_json::to_value(made_up_run::black_friday().report()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// The keys that other programs rely on, as the design lists them.
#[test]
fn the_keys_of_the_contract_are_there() {
    let report = json();
    let contract: &[(&str, &[&str])] = &[
        (
            "",
            &[
                "schema",
                "provenance",
                "requests",
                "endpoints",
                "services",
                "queues",
                "databases",
                "caches",
                "slos",
                "elasticity",
                "cost",
                "findings",
                "events_processed",
            ],
        ),
        (
            "/provenance",
            &[
                "version",
                "scenario",
                "scenario_sha256",
                "seed",
                "mode",
                "simulated_seconds",
            ],
        ),
        (
            "/requests",
            &["offered", "completed", "failed", "in_flight", "failures"],
        ),
        ("/requests/failures", &["client_timeout"]),
        (
            "/endpoints/checkout",
            &["offered", "completed", "failed", "latency_seconds"],
        ),
        (
            "/endpoints/checkout/latency_seconds",
            &["mean", "p50", "p90", "p95", "p99", "p999", "max"],
        ),
        (
            "/services/backend",
            &[
                "replicas",
                "scaling_events",
                "cpu_utilization_mean",
                "cost_usd",
            ],
        ),
        ("/services/backend/replicas", &["min", "mean", "max"]),
        ("/services/backend/desired", &["min", "mean", "max"]),
        ("/services/backend/current", &["min", "mean", "max"]),
        ("/services/backend/ready", &["min", "mean", "max"]),
        ("/services/backend/scaling_events", &["up", "down"]),
        (
            "/slos/0",
            &["name", "objective", "measured", "met", "error_budget_used"],
        ),
        (
            "/elasticity/backend",
            &[
                "accuracy_under",
                "accuracy_over",
                "timeshare_under",
                "timeshare_over",
                "instability",
            ],
        ),
        ("/cost", &["total_usd", "by_item"]),
        (
            "/findings/0",
            &["severity", "at_seconds", "component", "code", "message"],
        ),
    ];
    for (path, expected) in contract {
        let object = report
            .pointer(path)
            .unwrap_or_else(|| panic!("{path} is missing"));
        for key in *expected {
            assert!(
                object.get(key).is_some(),
                "{path}/{key} is missing in {:?}",
                keys(object)
            );
        }
    }
    assert_eq!(report["schema"], "flashcrowd.report/1");
    assert_eq!(
        keys(&report["endpoints"]),
        ["browse", "search", "checkout"],
        "in the scenario's order"
    );
}

#[test]
fn requests_are_conserved_in_all_and_for_each_endpoint() {
    let report = json();
    let mut all = vec![&report["requests"]];
    all.extend(report["endpoints"].as_object().unwrap().values());
    for requests in all {
        let number = |key: &str| requests[key].as_u64().unwrap();
        assert_eq!(
            number("offered"),
            number("completed") + number("failed") + number("in_flight")
        );
        let failures = requests["failures"].as_object().unwrap().values();
        assert_eq!(
            failures.map(|n| n.as_u64().unwrap()).sum::<u64>(),
            number("failed")
        );
    }
    let sum = |key: &str| -> u64 {
        report["endpoints"]
            .as_object()
            .unwrap()
            .values()
            .map(|e| e[key].as_u64().unwrap())
            .sum()
    };
    for key in ["offered", "completed", "failed", "in_flight"] {
        assert_eq!(sum(key), report["requests"][key].as_u64().unwrap(), "{key}");
    }
}

#[test]
#[should_panic(expected = "records and totals disagree")]
fn a_request_that_was_not_recorded_is_noticed() {
    let context = made_up_run::context(flashcrowd_units::SimDuration::from_secs(60));
    let mut recorder = crate::RunRecorder::new(context);
    let totals = flashcrowd_core::record::Totals {
        offered: 1,
        in_flight: 1,
        ..Default::default()
    };
    let _ = Report::new(&mut recorder, &totals);
}

/// JSON has no infinity: a percentile that failed requests made infinite is `null` and says so.
#[test]
fn an_infinite_percentile_is_null() {
    let report = json();
    let slo = &report["slos"][0];
    assert_eq!(slo["objective"], "p(95)<500ms");
    assert_eq!(
        (&slo["measured"], &slo["infinite"], &slo["met"]),
        (&Value::Null, &true.into(), &false.into())
    );
    assert!(slo["error_budget_used"].as_f64().unwrap() > 1.0);
    // More than 1 % failed.
    assert_eq!(report["slos"][2]["unit"], "share");
    assert!(report["slos"][2]["measured"].as_f64().unwrap() > 0.01);
    assert!(!made_up_run::black_friday().report().passed());
    assert!(made_up_run::quiet_day().report().passed());
}

/// Cost is pod-hours at 0.10 USD, replicas stay within the bounds of the autoscaler.
#[test]
fn services_add_up() {
    let report = json();
    let backend = &report["services"]["backend"];
    let number = |value: &Value| value.as_f64().unwrap();
    assert!((number(&backend["cost_usd"]) - 0.1 * number(&backend["pod_hours"])).abs() < 1e-9);
    assert_eq!(
        report["cost"]["total_usd"],
        report["cost"]["by_item"]["backend"]
    );
    let replicas = &backend["replicas"];
    assert_eq!(
        (number(&replicas["min"]), number(&replicas["max"])),
        (2.0, 10.0)
    );
    assert!((number(&replicas["mean"]) * 6.0 - number(&backend["pod_hours"])).abs() < 1e-9);
}

/// An empty run is a report, too: nothing is divided by nothing.
#[test]
fn an_empty_run_has_finite_numbers() {
    let context = made_up_run::context(flashcrowd_units::SimDuration::from_secs(60));
    let mut recorder = crate::RunRecorder::new(context);
    let report = Report::new(&mut recorder, &flashcrowd_core::record::Totals::default());
    assert_eq!(
        report.endpoints["browse"].latency_seconds,
        LatencySummary::default()
    );
    assert_eq!(report.cost.total_usd.to_bits(), 0.0f64.to_bits());
    assert!(report.passed());
}
