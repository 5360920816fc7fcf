//! Bad input is an error with its place, and a difference is found.

use super::*;
use serde_json::{Value, json};

fn trace() -> Value {
    json!({
        "id": "hand-made", "cat": "hand", "tags": [],
        "gates": { "HPAScaleToZero": false, "HPAConfigurableTolerance": true },
        "ctl": { "downscale_stabilization_ms": 300_000, "tolerance": 0.1,
                 "cpu_initialization_period_ms": 300_000, "initial_readiness_delay_ms": 30_000 },
        "sync_ms": 15_000, "metric_window_ms": 30_000,
        "spec": { "maxReplicas": 10 },
        "spec_eff": { "minReplicas": 1, "maxReplicas": 10, "metrics": [
            { "type": "Resource", "resource": { "name": "cpu",
              "target": { "type": "Utilization", "averageUtilization": 80 } } }] },
        "tol_eff": [0.1, 0.1],
        "pod_templates": [{ "containers": [{ "name": "app", "cpu": "500m" }] }],
        "ticks": [{
            "t": 0, "r": 1, "s": 1, "p": [[0, "R", -600_000, "T", -590_000, 0, 0]],
            "rm": { "lag": 1000, "cpu": [800] },
            // 800m of 500m is 160 %, twice the target.
            "o": { "raw": [2], "mi": 0, "md": 2, "stab": 2, "lim": 2, "d": 2, "n": 2, "rs": 1,
                   "why": "above", "cur": [[160, 800]], "c": {
                     "AbleToScale": "T:SucceededRescale", "ScalingActive": "T:ValidMetricFound",
                     "ScalingLimited": "F:DesiredWithinRange" } }
        }]
    })
}

fn run(text: &str) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    conform_reader("traces.jsonl", text.as_bytes(), &mut report).map(|()| report)
}

#[test]
fn an_agreeing_trace_has_no_mismatch() {
    let report = run(&format!("{}\n\n", trace())).unwrap();
    assert_eq!(report.to_string(), "traces=1 ticks=1 mismatches=0");
}

#[test]
fn a_difference_is_reported_with_its_place() {
    let mut trace = trace();
    trace["ticks"][0]["o"]["n"] = json!(3);
    let text = run(&trace.to_string()).unwrap().to_string();
    assert!(
        text.starts_with("hand-made tick 0: `n` differs\n  expected 3\n  got      2\n"),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("traces=1 ticks=1 mismatches=1"));
}

#[test]
fn bad_lines_are_errors_with_their_place() {
    let good = trace().to_string();
    let message = |text: &str| run(text).unwrap_err().to_string();
    assert!(message(&format!("{good}\n{{ nonsense")).starts_with("traces.jsonl:2: "));
    assert!(message("[]").starts_with("traces.jsonl:1: "));
    let broken = |change: fn(&mut Value)| {
        let mut trace = trace();
        change(&mut trace);
        message(&trace.to_string())
    };
    let unknown_pod = broken(|trace| trace["ticks"][0]["x"] = json!([7]));
    assert_eq!(
        unknown_pod,
        "traces.jsonl:1: tick 0: pod 7 is removed but does not exist"
    );
    let samples = broken(|trace| trace["ticks"][0]["rm"]["cpu"] = json!([1, 2]));
    assert_eq!(
        samples,
        "traces.jsonl:1: tick 0: 2 samples of cpu for 1 pods"
    );
    let template = broken(|trace| trace["ticks"][0]["p"][0][6] = json!(1));
    assert_eq!(template, "traces.jsonl:1: tick 0: pod 0 has no template 1");
    let invalid = broken(|trace| trace["spec"]["maxReplicas"] = json!(0));
    assert!(invalid.contains("spec.maxReplicas"), "{invalid}");
}

#[test]
fn a_missing_file_is_an_error() {
    assert_eq!(
        conform(&["no/such/file"]).unwrap_err().to_string(),
        "no/such/file: cannot be read"
    );
}
