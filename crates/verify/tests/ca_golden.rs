//! The cluster autoscaler decides as the real one did.

use flashcrowd_verify::ca::conform;
use flashcrowd_verify::conformance::ConformReport;
use std::path::{Path, PathBuf};

fn assert_agrees(report: &ConformReport) {
    assert!(
        report.traces > 0 && report.ticks > 0,
        "nothing was replayed"
    );
    assert_eq!(report.mismatches, 0, "{report}");
}

#[test]
fn the_subset_agrees() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/ca/traces.jsonl");
    let report = conform(&[traces]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (report.traces, report.ticks),
        (63, 514),
        "the subset is complete"
    );
    assert_agrees(&report);
}

/// The complete set lies in a folder beside the checkout, or where `FLASHCROWD_SHARED` says.
#[test]
fn the_complete_set_agrees_where_it_is_there() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("FLASHCROWD_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(entries) = shared.join("golden").read_dir() else {
        return;
    };
    let is_trace = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("ca-"))
            && path.extension().is_some_and(|it| it == "jsonl")
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_trace)
        .collect();
    paths.sort();
    let report = conform(&paths).unwrap_or_else(|error| panic!("{error}"));
    assert_agrees(&report);
}
