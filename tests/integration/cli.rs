//! Commands, exit codes and outputs that other programs rely on.

use crate::program::{SMALL, contents, flashcrowd, path_text, root, scenario};
use serde_json::Value;
use std::fs;
use tempfile::tempdir;

/// The small scenario in a folder of its own.
fn small() -> (tempfile::TempDir, String) {
    let dir = tempdir().unwrap();
    let file = scenario(dir.path(), "small.yaml", SMALL);
    (dir, file)
}

#[test]
fn exit_codes_say_whether_the_objectives_were_met() {
    let (_dir, file) = small();
    flashcrowd(&["run", &file]).expect_code(0);
    let strict = "slos.0.objective=p(95)<1ms";
    flashcrowd(&["run", &file, "--set", strict]).expect_code(1);
    flashcrowd(&["run", &file, "--assert", "p(99)<10s"]).expect_code(0);
    flashcrowd(&["run", &file, "--assert", "serve: p(50)<1ms"]).expect_code(1);
    flashcrowd(&["run", &file, "--assert", "count>1e9"]).expect_code(1);
}

#[test]
fn bad_usage_and_bad_input_exit_with_2_and_print_no_result() {
    let (dir, file) = small();
    let typo = scenario(
        dir.path(),
        "typo.yaml",
        &SMALL.replace("replicas:", "replicsa:"),
    );
    let cases: [&[&str]; 12] = [
        &[],
        &["run"],
        &["walk", &file],
        &["run", &file, "--seed", "many"],
        &["run", &file, "--duration", "soon"],
        &["run", &file, "--set", "services.web.replicas"],
        &["run", &file, "--set", "services.web.replicsa=3"],
        &["run", &file, "--assert", "p(95) is low"],
        &["run", "no-such-file.yaml"],
        &["run", &file, &typo],
        &["conform", "hpa", "no-such-file.jsonl"],
        &["calibrate", "cpu_cfs", "no-such-folder"],
    ];
    for arguments in cases {
        let finished = flashcrowd(arguments);
        assert_eq!(finished.code, Some(2), "{arguments:?}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert_ne!(finished.stderr, "", "{arguments:?}");
    }
}

/// Notes on the way to a run are short, and do not push an error up the screen.
#[test]
fn notes_take_a_line_and_give_way_to_errors() {
    let black_friday = path_text(root().join("scenarios/black-friday.yaml"));
    let run = ["run", &black_friday, "--duration"];
    let fine = flashcrowd(&[&run[..], &["10s"]].concat()).expect_code(0);
    let note = fine.stderr.trim_end();
    assert_eq!(note.lines().count(), 1, "{note}");
    assert!(note.starts_with("note[skipped-kind]: "), "{note}");
    assert!(
        note.contains("backend.yaml: skipped Namespace, ConfigMap (lines "),
        "{note}"
    );
    let (_dir, small) = small();
    for wrong in [
        [&run[..], &["10s", "--set", "services.nope.x=1"]].concat(),
        [&run[..], &["10"]].concat(),
    ] {
        // A second scenario that is in order does not add to it.
        let stderr = flashcrowd(&[&wrong[..], &[small.as_str()]].concat()).stderr;
        assert!(stderr.starts_with("error"), "{stderr}");
        assert!(!stderr.contains("skipped"), "{stderr}");
    }
}

#[test]
fn bad_input_leaves_the_output_folder_alone() {
    let (dir, file) = small();
    let out = dir.path().join("out");
    let arguments = ["run", &file, "--out", &path_text(&out)];
    let bad = [&arguments[..], &["--set", "services.web.replicsa=3"]].concat();
    flashcrowd(&bad).expect_code(2);
    assert!(!out.exists());
    flashcrowd(&arguments).expect_code(0);
    let before = contents(&out);
    flashcrowd(&bad).expect_code(2);
    assert_eq!(contents(&out), before);
}

#[test]
fn unknown_fields_are_shown_with_a_suggestion() {
    let (dir, _) = small();
    let typo = scenario(
        dir.path(),
        "typo.yaml",
        &SMALL.replace("replicas:", "replicsa:"),
    );
    for command in ["run", "check"] {
        let finished = flashcrowd(&[command, &typo]).expect_code(2);
        for part in ["replicsa", "typo.yaml:10:5", "`replicas`"] {
            assert!(
                finished.stderr.contains(part),
                "{part}: {}",
                finished.stderr
            );
        }
    }
}

#[test]
fn fields_and_the_seed_can_be_set_for_one_run() {
    let (_dir, file) = small();
    let json = ["run", &file, "--format", "json"];
    let run = |more: &[&str]| {
        flashcrowd(&[&json[..], more].concat())
            .expect_code(0)
            .json()
    };
    let plain = run(&[]);
    assert_eq!(plain["provenance"]["seed"], 11);
    assert_eq!(plain["provenance"]["simulated_seconds"], 60.0);
    assert_eq!(plain["services"]["web"]["replicas"]["max"], 2);

    let changed = run(&[
        "--set",
        "services.web.replicas=3",
        "--seed",
        "12",
        "--duration",
        "2m",
    ]);
    assert_eq!(changed["provenance"]["seed"], 12);
    assert_eq!(changed["provenance"]["simulated_seconds"], 120.0);
    assert_eq!(changed["services"]["web"]["replicas"]["max"], 3);
    assert_ne!(
        changed["provenance"]["scenario_sha256"],
        plain["provenance"]["scenario_sha256"]
    );
}

#[test]
fn json_is_one_document_a_line_and_nothing_else() {
    let (dir, file) = small();
    let second = scenario(
        dir.path(),
        "second.yaml",
        &SMALL.replace("name: small", "name: second"),
    );
    let finished = flashcrowd(&["run", &file, &second, "--format", "json"]).expect_code(0);
    let names = finished.stdout.lines().map(|line| {
        let report: Value = serde_json::from_str(line).unwrap();
        report["provenance"]["scenario"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(names.collect::<Vec<_>>(), ["small", "second"]);
    assert_eq!(finished.stderr, "");
}

/// The keys of `report.json` that docs/scenario and other programs name.
#[test]
fn the_report_has_its_keys() {
    let (dir, file) = small();
    let out = dir.path().join("out");
    let arguments = [
        "run",
        &file,
        "--out",
        &path_text(&out),
        "--assert",
        "rate<1%",
    ];
    flashcrowd(&arguments).expect_code(0);
    let report: Value =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "flashcrowd.report/1");
    let keys = [
        (
            "/provenance",
            "version scenario scenario_sha256 seed mode simulated_seconds",
        ),
        ("/requests", "offered completed failed in_flight failures"),
        (
            "/endpoints/serve",
            "offered completed failed latency_seconds",
        ),
        (
            "/endpoints/serve/latency_seconds",
            "mean p50 p90 p95 p99 p999 max",
        ),
        (
            "/services/web",
            "replicas scaling_events cpu_utilization_mean cost_usd",
        ),
        ("/services/web/replicas", "min mean max"),
        ("/services/web/scaling_events", "up down"),
        ("/slos/0", "name objective measured met error_budget_used"),
        ("/slos/1", "name objective measured met error_budget_used"),
        ("/cost", "total_usd by_item"),
        (
            "",
            "queues databases caches elasticity findings events_processed",
        ),
    ];
    for (place, names) in keys {
        let object = report.pointer(place).unwrap_or_else(|| panic!("{place}"));
        for name in names.split(' ') {
            assert!(object.get(name).is_some(), "{place}/{name}");
        }
    }
    assert_eq!(report["provenance"]["mode"], "exact");
    let header = |name: &str| {
        let text = fs::read_to_string(out.join(name)).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        header("events.csv"),
        "time_seconds,local_time,component,kind,from,to,reason,detail"
    );
    assert_eq!(
        header("timeseries.csv"),
        "time_seconds,component,metric,value"
    );
}

#[test]
fn every_request_is_accounted_for() {
    for (file, duration) in [
        ("scenarios/black-friday.yaml", "5m"),
        ("scenarios/flash-crowd.yaml", "20m"),
        ("scenarios/keda-queue.yaml", "25m"),
        ("scenarios/knative.yaml", "20m"),
        ("scenarios/office-hours.yaml", "3h"),
        ("scenarios/nodes.yaml", "90m"),
        ("scenarios/broxiva-nodes.yaml", "40m"),
        ("scenarios/bharatmart-pool.yaml", "25m"),
        ("scenarios/karpenter.yaml", "90m"),
        ("scenarios/artisan-emergency.yaml", "3h"),
        ("benches/workloads/w1.yaml", "10m"),
        ("benches/workloads/w2.yaml", "3m"),
        ("benches/workloads/w4.yaml", "1m"),
    ] {
        let finished = flashcrowd(&["run", file, "--duration", duration, "--format", "json"]);
        let report = finished.json();
        let conserved = |requests: &Value| {
            let count = |name: &str| requests[name].as_u64().unwrap();
            assert!(count("offered") > 0, "{file}");
            assert_eq!(
                count("offered"),
                count("completed") + count("failed") + count("in_flight"),
                "{file}"
            );
            let reasons = requests["failures"].as_object().unwrap().values();
            assert_eq!(
                reasons.map(|it| it.as_u64().unwrap()).sum::<u64>(),
                count("failed")
            );
        };
        conserved(&report["requests"]);
        report["endpoints"]
            .as_object()
            .unwrap()
            .values()
            .for_each(conserved);
        for queue in report["queues"].as_object().unwrap().values() {
            let count = |name: &str| queue[name].as_u64().unwrap();
            assert!(count("enqueued") > 0, "{file}");
            let ended = count("processed") + count("failed");
            let left = count("waiting") + count("in_progress");
            assert_eq!(count("enqueued"), ended + left, "{file}");
            for name in ["/depth/mean", "/depth/max", "/wait_seconds/p95"] {
                assert!(queue.pointer(name).is_some(), "{file} {name}");
            }
        }
    }
}

#[test]
fn check_takes_scenarios_and_manifests() {
    let files = [
        "scenarios/black-friday.yaml",
        "scenarios/flash-crowd.yaml",
        "scenarios/trace-replay.yaml",
        "scenarios/keda-queue.yaml",
        "scenarios/keda-jobs.yaml",
        "scenarios/knative.yaml",
        "scenarios/office-hours.yaml",
        "scenarios/nodes.yaml",
        "scenarios/broxiva-nodes.yaml",
        "scenarios/bharatmart-pool.yaml",
        "scenarios/karpenter.yaml",
        "scenarios/artisan-emergency.yaml",
        "benches/workloads/w1.yaml",
        "benches/workloads/w2.yaml",
        "benches/workloads/w4.yaml",
        "scenarios/manifests/bharatmart/backend.yaml",
        "scenarios/manifests/bharatmart/worker-order.yaml",
        "scenarios/manifests/invoices/renderer.yaml",
    ];
    let finished = flashcrowd(&[&["check"], &files[..]].concat()).expect_code(0);
    for file in files {
        assert!(finished.stdout.contains(&format!("{file}: ok")), "{file}");
    }
    let bad = "tests/bad/many-mistakes.yaml";
    let finished = flashcrowd(&["check", files[0], bad]).expect_code(2);
    assert!(finished.stdout.contains(&format!("{}: ok", files[0])));
    assert!(finished.stderr.contains(bad), "{}", finished.stderr);
}

#[test]
fn schema_is_the_one_that_is_checked_in() {
    let finished = flashcrowd(&["schema"]).expect_code(0);
    let checked_in = fs::read_to_string(root().join("docs/scenario.schema.json")).unwrap();
    assert!(
        finished.stdout == checked_in,
        "run `flashcrowd schema > docs/scenario.schema.json`"
    );
}

#[test]
fn conform_agrees_with_the_recorded_decisions() {
    // How many syncs the files hold is stated by the READMEs beside them.
    let recorded = [
        ("hpa", 2185),
        ("vpa", 1214),
        ("keda", 2220),
        ("kpa", 4065),
        ("ca", 514),
    ];
    for (controller, ticks) in recorded {
        let traces = format!("tests/golden/{controller}/traces.jsonl");
        let finished = flashcrowd(&["conform", controller, &traces]).expect_code(0);
        let number = fs::read_to_string(root().join(traces))
            .unwrap()
            .lines()
            .count();
        assert_eq!(
            finished.last_line(),
            format!("traces={number} ticks={ticks} mismatches=0")
        );
    }
}

/// Counts the wrong answer, rather than only to notice it.
#[test]
fn conform_finds_a_falsified_decision() {
    let text = fs::read_to_string(root().join("tests/golden/hpa/traces.jsonl")).unwrap();
    let mut trace: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let desired = &mut trace["ticks"][0]["o"]["d"];
    *desired = (desired.as_i64().unwrap() + 1).into();
    let ticks = trace["ticks"].as_array().unwrap().len();
    let dir = tempdir().unwrap();
    let file = scenario(dir.path(), "falsified.jsonl", &format!("{trace}\n"));
    let finished = flashcrowd(&["conform", "hpa", &file]).expect_code(1);
    assert_eq!(
        finished.last_line(),
        format!("traces=1 ticks={ticks} mismatches=1")
    );
}

/// Only this case of those that are checked in may lie outside, as its README says.
#[test]
fn calibrate_judges_every_case() {
    let dir = tempdir().unwrap();
    let rows = dir.path().join("rows.csv");
    let finished = flashcrowd(&[
        "calibrate",
        "cpu_cfs",
        "tests/calibration/cpu_cfs",
        "--csv",
        &path_text(&rows),
    ]);
    let cases = fs::read_dir(root().join("tests/calibration/cpu_cfs")).unwrap();
    let cases = cases.filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    let mut outside = Vec::new();
    let mut read = 0;
    for row in csv::Reader::from_path(&rows).unwrap().deserialize() {
        let row: std::collections::BTreeMap<String, String> = row.unwrap();
        read += 1;
        if row["inside"] == "false" && !outside.contains(&row["case"]) {
            outside.push(row["case"].clone());
        }
    }
    let cases = cases.count();
    assert!(read > cases, "several figures of each case");
    let last = format!("cases={cases} outside={}", outside.len());
    assert_eq!(finished.last_line(), last);
    assert_eq!(finished.code, Some(i32::from(!outside.is_empty())));
    outside.retain(|case| case != "ev_q025_r060_exp");
    assert!(outside.is_empty(), "{outside:?}\n{}", finished.stdout);
}
