//! Bad input is an error with its place, and a difference is found.

use super::*;
use serde_json::{Value, json};

/// Three samples of 3 and 9 in a window of 6 s, whose mean is 5.
fn trace() -> Value {
    json!({ "id": "hand-made", "cat": "hand", "kind": "window", "window_ms": 6000,
        "granularity_ms": 1000, "weighted": 0,
        "rows": [["w", 0, 3.0], ["w", 1000, 3.0], ["w", 2000, 9.0], ["a", 2500, 5.0, 0]] })
}

fn run(text: &str) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    conform_reader("traces.jsonl", text.as_bytes(), &mut report).map(|()| report)
}

#[test]
fn an_agreeing_trace_has_no_mismatch() {
    let report = run(&trace().to_string()).unwrap();
    assert_eq!(report.to_string(), "traces=1 ticks=4 mismatches=0");
}

#[test]
fn a_difference_is_reported_with_its_place() {
    let mut trace = trace();
    trace["rows"][3][2] = json!(5.5);
    let text = run(&trace.to_string()).unwrap().to_string();
    assert!(
        text.starts_with("hand-made tick 3: `average` differs\n  expected 5.5\n  got      5.0\n"),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("traces=1 ticks=4 mismatches=1"));
}

#[test]
fn bad_lines_are_errors_with_their_place() {
    let message = |change: fn(&mut Value)| {
        let mut trace = trace();
        change(&mut trace);
        run(&trace.to_string()).unwrap_err().to_string()
    };
    assert!(
        run("{ nonsense")
            .unwrap_err()
            .to_string()
            .starts_with("traces.jsonl:1: ")
    );
    let granularity = message(|trace| trace["granularity_ms"] = json!(0));
    assert_eq!(granularity, "traces.jsonl:1: the granularity is 0");
    let row = message(|trace| trace["rows"][0][0] = json!("x"));
    assert!(row.contains("\"x\" is no kind of row"), "{row}");
    let settings = message(|trace| trace["kind"] = json!("decider"));
    assert_eq!(settings, "traces.jsonl:1: the trace has no settings");
}
