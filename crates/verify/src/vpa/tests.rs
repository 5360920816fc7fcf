//! Bad input is an error with its place, and a difference is found.

use super::*;
use serde_json::{Value, json};

fn trace() -> Value {
    json!({
        "id": "hand-made", "cat": "hand",
        "config": {
            "safety_margin_fraction": 0.15, "pod_min_cpu_millicores": 25, "pod_min_memory_mb": 250,
            "target_cpu_percentile": 0.9, "lower_bound_cpu_percentile": 0.5,
            "upper_bound_cpu_percentile": 0.95, "target_memory_percentile": 0.9,
            "lower_bound_memory_percentile": 0.5, "upper_bound_memory_percentile": 0.95,
            "confidence_interval_cpu_ms": 86_400_000, "confidence_interval_memory_ms": 86_400_000,
            "memory_aggregation_interval_ms": 86_400_000, "memory_aggregation_interval_count": 8,
            "memory_histogram_decay_half_life_ms": 86_400_000,
            "cpu_histogram_decay_half_life_ms": 86_400_000,
            "oom_bump_up_ratio": 1.2, "oom_min_bump_up_bytes": 104_857_600
        },
        "containers": ["app"], "pod_agg": [0],
        "ticks": [{
            "t": 0, "s": [[0, 0, 0, 500, 314_572_800], [0, 0, -1, 500, null]],
            "drop": [[0, 0, "cpu"]],
            // One sample: the bounds know nothing yet.
            "rec": [{ "c": "app", "target": [587, 380_258_472], "lower": [25, 262_144_000],
                      "upper": [100_000_000_000_000u64, 100_000_000_000_000u64],
                      "uncapped": [587, 380_258_472] }]
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
fn each_kind_of_difference_is_found() {
    let found = |change: fn(&mut Value)| {
        let mut trace = trace();
        change(&mut trace["ticks"][0]);
        let report = run(&trace.to_string()).unwrap();
        assert_eq!(report.mismatches, 1, "{report}");
        report.first[0].field
    };
    assert_eq!(found(|tick| tick["drop"] = json!([])), "drop");
    assert_eq!(found(|tick| tick["oom"] = json!([[0, 0, -1, 0, 1]])), "oom");
    assert_eq!(found(|tick| tick["rec"] = json!([])), "rec");
    for field in ["target", "lower", "upper", "uncapped"] {
        let mut trace = trace();
        trace["ticks"][0]["rec"][0][field][1] = Value::Null;
        let report = run(&trace.to_string()).unwrap();
        assert_eq!(report.mismatches, 1, "{field}: {report}");
        assert_eq!(report.first[0].field, format!("rec.{field}"));
    }
}

#[test]
fn a_difference_is_reported_with_its_place_and_steps() {
    let mut trace = trace();
    trace["ticks"][0]["rec"][0]["target"][0] = json!(588);
    let text = run(&trace.to_string()).unwrap().to_string();
    let expected = "hand-made tick 0: `rec.target` differs\n  \
        expected {\"c\":\"app\",\"amounts\":[588,380258472]}\n  \
        got      {\"c\":\"app\",\"amounts\":[587,380258472]}\n  \
        steps    {\"samples\":1,\"resources\":[{\"resource\":\"cpu\",";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(text.lines().last(), Some("traces=1 ticks=1 mismatches=1"));
}

#[test]
fn bad_lines_are_errors_with_their_place() {
    let good = trace().to_string();
    let message = |text: &str| run(text).unwrap_err().to_string();
    assert!(message(&format!("{good}\n{{ nonsense")).starts_with("traces.jsonl:2: "));
    let broken = |index: usize| {
        let mut trace = trace();
        trace["ticks"][0]["s"][0][index] = json!(7);
        message(&trace.to_string())
    };
    assert_eq!(broken(0), "traces.jsonl:1: tick 0: there is no pod 7");
    assert_eq!(broken(1), "traces.jsonl:1: tick 0: there is no container 7");
}
