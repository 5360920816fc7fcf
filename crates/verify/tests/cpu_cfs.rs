//! A pod under a CPU limit behaves as a process under the real kernel's bandwidth control.

use flashcrowd_verify::cpu_cfs::{CalibrationError, CalibrationReport, calibrate};
use std::fs;
use std::path::{Path, PathBuf};

fn subset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/calibration/cpu_cfs")
}

fn report(dir: &Path) -> CalibrationReport {
    calibrate(dir).unwrap_or_else(|error| panic!("{error}"))
}

/// The description of the measurements names the cases that its own reference model fails.
#[test]
fn the_subset_is_inside_but_for_one_known_case() {
    let report = report(&subset());
    assert_eq!(report.cases().len(), 9, "the subset is complete");
    assert_eq!(report.outside(), ["ev_q025_r060_exp"], "{report}");
}

/// The complete set lies in a folder beside the checkout, or where `FLASHCROWD_SHARED` says.
#[test]
fn the_complete_set_is_inside_but_for_three_known_cases_where_it_is_there() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("FLASHCROWD_SHARED").map_or_else(beside, PathBuf::from);
    let dir = shared.join("calibration/cpu_cfs");
    if !dir.is_dir() {
        return;
    }
    let report = report(&dir);
    assert_eq!(report.cases().len(), 31, "the set is complete");
    let known = ["ev_q025_r060_exp", "ev_q025_r080_exp", "ev_q050_r060_const"];
    assert_eq!(report.outside(), known, "{report}");
}

#[test]
fn the_report_is_a_table_that_ends_with_totals() {
    let report = report(&subset());
    let text = report.to_string();
    assert_eq!(text.lines().last(), Some("cases=9 outside=1"));
    let table: Vec<_> = text.lines().collect();
    // A head, a row each, the totals.
    assert_eq!(table.len(), report.rows.len() + 2);
    let column = table[0].find("figure").unwrap();
    assert!(
        table[1..=report.rows.len()]
            .iter()
            .all(|row| &row[column - 1..column] == " ")
    );
    // Five figures each, and the utilisation of the four cases with one thread.
    assert_eq!(report.rows.len(), 9 * 5 + 4);

    let mut file = Vec::new();
    report.write_csv(&mut file).unwrap();
    let file = String::from_utf8(file).unwrap();
    let mut lines = file.lines();
    let header = "case,figure,measured,simulated,error,limit,inside";
    assert_eq!(lines.next(), Some(header));
    assert_eq!(lines.count(), report.rows.len());
}

/// What is said about a folder that is not as it should be. `{dir}` in front of file names is cut.
fn message(prepare: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path());
    let error: CalibrationError = calibrate(dir.path()).unwrap_err();
    let dir = dir.path().display().to_string();
    error.to_string().replace(&dir, "DIR")
}

/// A case of the subset with a text replaced in one of its files.
fn edited(extension: &str, from: &str, to: &str) -> String {
    message(|dir| {
        for it in ["json", "csv"] {
            let name = format!("lone_q020_t1.{it}");
            let mut text = fs::read_to_string(subset().join(&name)).unwrap();
            if it == extension {
                assert!(text.contains(from));
                text = text.replacen(from, to, 1);
            }
            fs::write(dir.join(name), text).unwrap();
        }
    })
}

#[test]
fn folders_without_cases_are_errors() {
    assert_eq!(message(|_| {}), "DIR: no case (*.json) in this folder");
    let missing = subset().join("missing");
    let error = calibrate(&missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{}: cannot be read", missing.display())
    );
    assert!(std::error::Error::source(&error).is_some());
    let no_requests = |dir: &Path| {
        let name = "lone_q020_t1.json";
        fs::copy(subset().join(name), dir.join(name)).unwrap();
    };
    assert_eq!(message(no_requests), "DIR/lone_q020_t1.csv: cannot be read");
}

#[test]
fn malformed_definitions_are_errors_with_a_line() {
    let file = fs::read_to_string(subset().join("lone_q020_t1.json")).unwrap();
    let phase = "\"period_phase_ms\": 42.98";
    let cases = [
        ("\"split\"", "\"crowd\"", "unknown variant `crowd`"),
        ("\"quota_us\": 20000", "\"quota_us\": 0", "a quota of 0 us"),
        (
            "\"period_us\": 100000",
            "\"period_us\": 1",
            "a period of 1 us",
        ),
        (
            phase,
            "\"period_phase_ms\": -1",
            "-1 ms is not between 0 and a day",
        ),
        ("\"wall_s\"", "wall_s", "key must be a string"),
    ];
    for (from, to, expected) in cases {
        let line = file[..file.find(from).unwrap()].lines().count();
        let message = edited("json", from, to);
        let expected = format!("DIR/lone_q020_t1.json:{line}: {expected}");
        assert!(message.starts_with(&expected), "{message}, not {expected}");
    }
    // What is missing is noticed at the end.
    let cases = [
        ("\"definition\"", "\"other\"", "missing field `definition`"),
        (phase, "\"other\": 1", "`period_phase_ms` is missing"),
    ];
    for (from, to, expected) in cases {
        let message = edited("json", from, to);
        let expected = format!("DIR/lone_q020_t1.json:{}: {expected}", file.lines().count());
        assert!(message.starts_with(&expected), "{message}, not {expected}");
    }
}

#[test]
fn malformed_requests_are_errors_with_a_line() {
    let file = fs::read_to_string(subset().join("lone_q020_t1.csv")).unwrap();
    let lines: Vec<_> = file.lines().collect();
    let last = format!("{}\n", lines[lines.len() - 1]);
    let demand = lines[2].split(',').nth(2).unwrap();
    let start = lines[2].split(',').take(2).collect::<Vec<_>>().join(",");
    let (row, torn) = (format!("{start},{demand},"), format!("{start},"));
    let count = lines.len() - 1;
    let fewer = format!(":{count}: {} requests instead of {count}", count - 1);
    let cases = [
        ("arrival_s", "arrival", ":1: no column `arrival_s`"),
        (
            "r3_latency_ms",
            "r4_latency_ms",
            ":1: no column `r3_latency_ms`",
        ),
        (
            &row,
            &format!("{start},many,"),
            ":3: `demand_ms` is `many`, not a number",
        ),
        (
            &row,
            &format!("{start},-1,"),
            ":3: `demand_ms`: -1 ms is not between 0 and a day",
        ),
        (
            &row,
            &format!("{start},NaN,"),
            ":3: `demand_ms` is `NaN`, not a number",
        ),
        (&row, &torn, ":3: CSV error: record 2"),
        (&last, "", &fewer),
    ];
    for (from, to, expected) in cases {
        let message = edited("csv", from, to);
        assert!(message.starts_with("DIR/lone_q020_t1.csv:"), "{message}");
        assert!(message.contains(expected), "{message}, not {expected}");
    }
}
