//! The files of a run, read again by readers that we did not write.

use super::*;
use crate::made_up_run;
use crate::output::REPORT_FILE;
use crate::results::{Attachment, Timing};
use serde_json::Value;
use std::fs;

fn text(exporter: &dyn Exporter, results: &Results) -> String {
    let mut text = Vec::new();
    exporter.export(results, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn rows(text: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    (header, reader.records().map(Result::unwrap).collect())
}

#[test]
fn the_time_series_add_up_to_the_report() {
    let results = made_up_run::black_friday();
    let (header, rows) = rows(&text(&TimeseriesCsv, &results));
    assert_eq!(header, ["time_seconds", "component", "metric", "value"]);
    let mut offered = 0.0;
    let mut times = Vec::new();
    for row in &rows {
        let value: f64 = row[3].parse().unwrap();
        assert!(value.is_finite());
        if &row[2] == "requests_per_second" {
            offered += value * 15.0;
        }
        if &row[2] == "replicas_desired" {
            times.push(row[0].parse::<f64>().unwrap());
        }
    }
    assert_eq!((offered + 0.5) as u64, results.report().requests.offered);
    // Six hours have a resolution of 15 s.
    assert_eq!(times.len(), 1440);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 15.0));
}

#[test]
fn events_are_rows_with_local_times() {
    let results = made_up_run::black_friday();
    let (header, rows) = rows(&text(&EventsCsv, &results));
    let columns = [
        "time_seconds",
        "local_time",
        "component",
        "kind",
        "from",
        "to",
        "reason",
        "detail",
    ];
    assert_eq!(header, columns);
    let scaling: Vec<_> = rows.iter().filter(|row| &row[3] == "scaling").collect();
    let events = &results.report().services["backend"].scaling_events;
    assert_eq!(scaling.len() as u64, events.up + events.down);
    // Every change of scale begins where the one before ended.
    assert_eq!(&scaling[0][4], "2");
    assert!(scaling.windows(2).all(|pair| pair[0][5] == pair[1][4]));
    for row in &rows {
        let local: jiff::Timestamp = row[1].parse().unwrap();
        let start: jiff::Timestamp = "2025-11-28T06:00:00+05:30".parse().unwrap();
        assert_eq!(
            (local - start).total(jiff::Unit::Second).unwrap(),
            row[0].parse::<f64>().unwrap()
        );
    }
}

#[test]
fn decisions_are_lines_that_follow_one_another() {
    let results = made_up_run::black_friday();
    let text = text(&DecisionsJsonl, &results);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // One sync after each of the 1,440 intervals.
    assert_eq!(
        lines
            .iter()
            .map(|line| line["syncs"].as_u64().unwrap())
            .sum::<u64>(),
        1440
    );
    let number = |line: &Value, key: &str| line[key].as_f64().unwrap();
    for pair in lines.windows(2) {
        assert_eq!(
            number(&pair[0], "until_seconds") + 15.0,
            number(&pair[1], "time_seconds")
        );
        assert_ne!(
            pair[0]["decision"], pair[1]["decision"],
            "neighbours differ"
        );
        assert_eq!(
            pair[0]["decision"]["desired"],
            pair[1]["decision"]["current"]
        );
    }
    assert_eq!(lines[0]["component"], "backend");
}

#[test]
fn a_folder_has_all_files_and_their_hashes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("out");
    let mut results = made_up_run::quiet_day();
    let timing = Timing::new(results.report(), 2.0);
    let resolved = Attachment {
        name: "scenario.resolved.yaml",
        contents: b"abc",
    };
    results
        .write(&dir, &[resolved], Some(&timing), &|| false)
        .unwrap();
    let report: Value = serde_json::from_slice(&fs::read(dir.join(REPORT_FILE)).unwrap()).unwrap();
    let hashed: Vec<_> = report["outputs"].as_object().unwrap().keys().collect();
    assert_eq!(
        hashed,
        [
            "decisions.jsonl",
            "events.csv",
            "scenario.resolved.yaml",
            "timeseries.csv"
        ]
    );
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(report["outputs"]["scenario.resolved.yaml"], abc);
    let timing: Value =
        serde_json::from_slice(&fs::read(dir.join("timing.json")).unwrap()).unwrap();
    assert_eq!(
        timing["requests_per_second"],
        report["requests"]["offered"].as_f64().unwrap() / 2.0
    );
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let exporters: [&dyn Exporter; 5] = [
        &TimeseriesCsv,
        &EventsCsv,
        &DecisionsJsonl,
        &JsonReport::pretty(),
        &crate::TextSummary::default(),
    ];
    let (one, two) = (made_up_run::black_friday(), made_up_run::black_friday());
    for exporter in exporters {
        assert_eq!(
            text(exporter, &one),
            text(exporter, &two),
            "{}",
            exporter.file_name()
        );
    }
}

#[test]
fn compact_json_is_one_line() {
    let line = text(&JsonReport::compact(), &made_up_run::quiet_day());
    assert_eq!(line.matches('\n').count(), 1);
    let report: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(report.get("outputs"), None, "nothing was written");
}
