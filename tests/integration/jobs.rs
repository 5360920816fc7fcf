//! Scenarios with ScaledJobs: what the files of a run say about Jobs.

use crate::program::{flashcrowd, path_text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use tempfile::tempdir;

/// Rows of `events.csv` about Jobs of a service, by the stage that they reached.
fn job_rows(events: &str, service: &str) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for line in events.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[2..4] == [service, "job"] {
            assert!(cells[7].starts_with(&format!("{service}-job-")), "{line}");
            *rows.entry(cells[5].to_owned()).or_default() += 1;
        }
    }
    rows
}

#[test]
fn the_files_of_a_run_tell_of_its_jobs() {
    let dir = tempdir().unwrap();
    let out = path_text(dir.path().join("out"));
    let file = "scenarios/keda-jobs.yaml";
    let arguments = ["run", file, "--duration", "75m", "--out", &out];
    flashcrowd(&arguments).expect_code(0);
    let read = |name: &str| fs::read_to_string(format!("{out}/{name}")).unwrap();

    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let count = |pointer: &str| {
        let found = report.pointer(pointer).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("{pointer} is missing"))
    };
    let rows = job_rows(&read("events.csv"), "renderer");
    // One Job for each invoice; they are 40 at once at most.
    assert_eq!(rows["complete"] as f64, count("/queues/invoices/processed"));
    assert_eq!(count("/services/renderer/desired/max"), 40.0);
    let left = rows["active"] - rows["complete"];
    assert!(left <= 40 && left as f64 >= count("/queues/invoices/in_progress"));
    // KEDA keeps the ten newest; those since its last poll come on top.
    assert!(rows["complete"] > rows["deleted"] + 9);
    assert!(count("/services/renderer/cost_usd") > 0.0);

    let mut made = 0;
    for line in read("decisions.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["component"] != "renderer" {
            continue;
        }
        let steps = &line["decision"]["steps"]["scaled_job"];
        let number = |name: &str| {
            steps[name]
                .as_i64()
                .unwrap_or_else(|| panic!("{name}: {line}"))
        };
        // What the strategy `default` does, from the numbers that are written down.
        let worth = steps["max_value"].as_f64().unwrap().ceil() as i64;
        let allowed = (worth - number("running")).max(0);
        assert_eq!(number("effective_max_scale"), allowed, "{line}");
        assert!(number("running") + number("create") <= 40, "{line}");
        let change = line["decision"]["desired"].as_i64().unwrap()
            - line["decision"]["current"].as_i64().unwrap();
        assert_eq!(change, number("create"));
        made += number("create") * line["syncs"].as_i64().unwrap();
    }
    assert_eq!(made as u64, rows["active"]);

    let told = flashcrowd(&["explain", &out, "--service", "renderer", "--at", "00:05"]);
    let told = told.expect_code(0).stdout;
    for part in [
        "KEDA polled trigger s0-rabbitmq-invoices",
        "The strategy `default`",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let codes: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    // Nobody misses Jobs that start.
    assert!(codes.contains(&"replicas_at_max"), "{codes:?}");
    assert!(!codes.contains(&"no_ready_endpoint"), "{codes:?}");
}
