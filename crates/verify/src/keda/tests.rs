//! Bad input is an error with its place, and a difference is found.

use super::*;

/// A list of 5 wakes an object that has nothing.
fn trace() -> Value {
    json!({ "id": "hand-made", "cat": "hand", "hpa_name": 0,
        "spec": { "poll": 30, "created": 0, "triggers": [{ "type": "ext", "target": 5 }] },
        "ticks": [{ "t": 30500, "r": 0, "x": [[5000, 1]],
            "o": { "n": 1, "la": 30000, "act": { "0": 1 }, "c": {
                "Active": "T:ScalerActive", "Fallback": "U:", "Paused": "F:",
                "Ready": "T:ScaledObjectReady" } } }] })
}

fn run(text: &str) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    conform_reader("traces.jsonl", text.as_bytes(), &mut report).map(|()| report)
}

#[test]
fn an_agreeing_trace_has_no_mismatch() {
    let report = run(&trace().to_string()).unwrap();
    assert_eq!(report.to_string(), "traces=1 ticks=1 mismatches=0");
}

#[test]
fn a_difference_is_reported_with_its_place() {
    let mut trace = trace();
    trace["ticks"][0]["o"]["n"] = json!(2);
    let text = run(&trace.to_string()).unwrap().to_string();
    assert!(
        text.starts_with("hand-made tick 0: `n` differs\n  expected 2\n  got      1\n"),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("traces=1 ticks=1 mismatches=1"));
}

#[test]
fn bad_lines_are_errors_with_their_place() {
    let message = |change: fn(&mut Value)| {
        let mut trace = trace();
        change(&mut trace);
        run(&trace.to_string()).unwrap_err().to_string()
    };
    assert_eq!(
        run("{}").unwrap_err().to_string(),
        "traces.jsonl:1: it is no trace of KEDA"
    );
    let target = message(|trace| trace["spec"]["triggers"][0] = json!({ "type": "ext" }));
    assert_eq!(target, "traces.jsonl:1: a trigger has no target");
    let status = message(|trace| trace["ticks"][0]["hpa"] = json!(["Maybe", ""]));
    assert_eq!(status, "traces.jsonl:1: tick 0: `Maybe` is no status");
}
