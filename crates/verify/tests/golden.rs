//! Every controller decides as the real one did.

use flashcrowd_verify::conformance::{ConformError, ConformReport};
use flashcrowd_verify::{ca, hpa, keda, kpa, vpa};
use std::path::{Path, PathBuf};

type Conform = fn(&[PathBuf]) -> Result<ConformReport, ConformError>;

/// The controller, how it is replayed, and how many traces and syncs the checkout has of it.
const CONTROLLERS: [(&str, Conform, (usize, usize)); 5] = [
    ("ca", ca::conform, (63, 514)),
    ("hpa", hpa::conform, (70, 2185)),
    ("keda", keda::conform, (58, 2220)),
    ("kpa", kpa::conform, (27, 4065)),
    ("vpa", vpa::conform, (21, 1214)),
];

fn replay(conform: Conform, paths: &[PathBuf]) -> ConformReport {
    let report = conform(paths).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        report.traces > 0 && report.ticks > 0,
        "nothing was replayed"
    );
    assert_eq!(report.mismatches, 0, "{report}");
    report
}

#[test]
fn the_subsets_agree() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    for (controller, conform, size) in CONTROLLERS {
        let report = replay(conform, &[golden.join(controller).join("traces.jsonl")]);
        assert_eq!(
            (report.traces, report.ticks),
            size,
            "the subset of {controller} is complete"
        );
    }
}

/// The complete sets lie in a folder beside the checkout, or where `FLASHCROWD_SHARED` says.
#[test]
fn the_complete_sets_agree_where_they_are_there() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("FLASHCROWD_SHARED").map_or_else(beside, PathBuf::from);
    for (controller, conform, _) in CONTROLLERS {
        let Ok(entries) = shared.join("golden").read_dir() else {
            return;
        };
        let is_trace = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(controller))
                && path.extension().is_some_and(|it| it == "jsonl")
        };
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(is_trace)
            .collect();
        paths.sort();
        replay(conform, &paths);
    }
}
