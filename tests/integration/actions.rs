//! Scenarios in which people and timetables act.

use crate::program::{flashcrowd, path_text};
use std::fs;

/// A row of `events.csv`: when, and the columns after the local time.
type Row = (f64, String, Vec<String>);

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = record.iter().skip(2).map(str::to_owned).collect();
        (record[0].parse().unwrap(), record[1].to_owned(), cells)
    });
    rows.collect()
}

/// Somebody is paged five minutes after users began to wait, acts when he has found his laptop, and
/// the rest of the day goes by the clock of Kolkata.
#[test]
fn an_emergency_is_handled_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let out = path_text(folder.path().join("out"));
    flashcrowd(&["run", "scenarios/artisan-emergency.yaml", "--out", &out]);
    let text = fs::read_to_string(folder.path().join("out/events.csv")).unwrap();
    let rows = rows(&text);
    let find = |component: &str, kind: &str, to: &str| {
        let is = |row: &&Row| row.2[0] == component && row.2[1] == kind && row.2[3] == to;
        let found = rows.iter().find(is);
        found.unwrap_or_else(|| panic!("{component} {kind} {to}"))
    };
    let alert = find("emergency", "alert", "firing");
    // The campaign begins at 12:00, six hours after the start.
    assert!(alert.0 > 6.0 * 3600.0 + 300.0, "{alert:?}");
    let started = find("emergency", "procedure", "started");
    assert_eq!(started.0.to_bits(), alert.0.to_bits());
    let patched = find("backend", "action", "done");
    assert!(patched.2[5].contains("minReplicas=15"), "{patched:?}");
    assert!(patched.0 > started.0 + 30.0, "{patched:?}");
    let finished = find("emergency", "procedure", "finished");
    assert!((finished.0 - patched.0 - 20.0).abs() < 1e-6, "{finished:?}");

    let local = |component: &str| {
        let done = rows
            .iter()
            .filter(|row| row.2[1] == "action" && row.2[4] == component);
        done.map(|row| row.1[11..19].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(local("workers-by-day"), ["08:00:00"]);
    assert_eq!(local("workers-by-night"), ["22:00:00"]);
    assert_eq!(local("larger-pods"), ["16:00:00", "16:15:00"]);
}
