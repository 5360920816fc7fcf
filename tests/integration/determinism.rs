//! The same version, scenario and seed give the same bytes in every file.

use crate::program::{FLASHCROWD, call, contents, flashcrowd, path_text, scenario};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const BLACK_FRIDAY: [&str; 3] = ["scenarios/black-friday.yaml", "--duration", "10m"];
const NODES: [&str; 3] = ["scenarios/nodes.yaml", "--duration", "80m"];
const W2: [&str; 3] = ["benches/workloads/w2.yaml", "--duration", "2m"];

/// Names another build of the program, as `target/release/flashcrowd`: it has to write the same.
const OTHER_BUILD: &str = "FLASHCROWD_OTHER_BUILD";

/// Runs a scenario and returns what it wrote, without the file of wall-clock times.
fn written(program: &Path, arguments: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let dir = tempdir().unwrap();
    let out = path_text(dir.path().join("out"));
    let mut all = vec!["run", "--out", &out];
    all.extend(arguments);
    let run = call(program, &all);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.stderr);
    let mut files = contents(Path::new(&out));
    let before = files.len();
    files.retain(|path, _| path.file_name().is_none_or(|name| name != "timing.json"));
    assert!(files.len() < before, "timing.json was written");
    files
}

/// Fails and names the files that differ, rather than to print megabytes of them.
#[track_caller]
fn assert_same(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    let differing: Vec<_> = one
        .keys()
        .filter(|path| one[*path] != other[*path])
        .collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn twice_in_a_row() {
    for arguments in [BLACK_FRIDAY, NODES, W2] {
        let first = written(FLASHCROWD.as_ref(), &arguments);
        for name in [
            "report.json",
            "timeseries.csv",
            "events.csv",
            "decisions.jsonl",
            "scenario.resolved.yaml",
        ] {
            assert!(first.contains_key(Path::new(name)), "{name}");
        }
        assert_same(&first, &written(FLASHCROWD.as_ref(), &arguments));
    }
}

#[test]
fn with_one_thread_and_with_two() {
    let with = |threads| {
        let files = ["scenarios/black-friday.yaml", "benches/workloads/w2.yaml"];
        let options = ["--duration", "2m", "--threads", threads];
        written(FLASHCROWD.as_ref(), &[&files[..], &options[..]].concat())
    };
    let one = with("1");
    assert!(one.contains_key(Path::new("black-friday/report.json")));
    assert!(one.contains_key(Path::new("w2/report.json")));
    assert_same(&one, &with("2"));
}

#[test]
fn in_debug_and_release() {
    let Some(other) = std::env::var_os(OTHER_BUILD) else {
        eprintln!("skipped: {OTHER_BUILD} names no other build");
        return;
    };
    for arguments in [
        BLACK_FRIDAY,
        W2,
        ["benches/workloads/w4.yaml", "--duration", "2m"],
    ] {
        let here = written(FLASHCROWD.as_ref(), &arguments);
        assert_same(&here, &written(other.as_ref(), &arguments));
    }
}

#[test]
fn another_seed_is_another_run() {
    let with = |seed| {
        let arguments = [
            "run",
            W2[0],
            "--duration",
            "2m",
            "--seed",
            seed,
            "--format",
            "json",
        ];
        flashcrowd(&arguments).json()
    };
    let (one, other) = (with("1"), with("2"));
    assert_eq!(one["provenance"]["seed"], 1);
    assert_ne!(one["endpoints"], other["endpoints"]);
}

/// A shop alone, then a blog beside it, before and after it in the file.
#[test]
fn an_unrelated_service_leaves_the_others_untouched() {
    let workload = |name: &str, rate: &str, endpoint: &str| {
        format!(
            "  {name}:\n    open: {{ process: poisson, rate: {rate} }}\n    endpoints: {{ {endpoint}: 100% }}\n"
        )
    };
    let service = |name: &str, endpoint: &str| {
        format!(
            "  {name}:
    replicas: 2
    pod: {{ cpu: {{ request: 250m, limit: 500m }} }}
    startup: {{ lognormal: {{ median: 12s, p95: 25s }} }}
    load_balancer: {{ policy: random }}
    autoscaler:
      hpa:
        minReplicas: 2
        maxReplicas: 10
        metrics:
          - type: Resource
            resource: {{ name: cpu, target: {{ type: Utilization, averageUtilization: 70 }} }}
    endpoints:
      {endpoint}: [cpu: {{ lognormal: {{ mean: 10ms, cv: 1 }} }}]
"
        )
    };
    let (shoppers, shop) = (
        workload("shoppers", "80/s", "browse"),
        service("shop", "browse"),
    );
    let (readers, blog) = (workload("readers", "30/s", "read"), service("blog", "read"));
    let dir = tempdir().unwrap();
    let run = |name: &str, workloads: [&str; 2], services: [&str; 2]| -> Value {
        let text = format!(
            "name: {name}\nseed: 3\nduration: 20m\nworkload:\n{}services:\n{}",
            workloads.concat(),
            services.concat()
        );
        let file = scenario(dir.path(), name, &text);
        flashcrowd(&["run", &file, "--format", "json"])
            .expect_code(0)
            .json()
    };
    let alone = run("alone", [&shoppers, ""], [&shop, ""]);
    assert!(alone["services"]["shop"]["scaling_events"]["up"].as_u64() > Some(0));
    let after = run("after", [&shoppers, &readers], [&shop, &blog]);
    let before = run("before", [&readers, &shoppers], [&blog, &shop]);
    assert!(before["endpoints"]["read"]["offered"].as_u64() > Some(30_000));
    for beside in [&after, &before] {
        assert_eq!(beside["endpoints"]["browse"], alone["endpoints"]["browse"]);
        assert_eq!(beside["services"]["shop"], alone["services"]["shop"]);
    }
}
