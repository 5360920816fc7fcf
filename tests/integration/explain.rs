//! `flashcrowd explain`.

use crate::program::{flashcrowd, path_text, scenario};
use std::fs;
use tempfile::tempdir;

/// Two minutes of a service whose HPA has to grow at once: 40 requests a second of 50 ms are two
/// cores, four pods' worth of requests at half a core each, and there is one pod.
const GROWING: &str = r"name: growing
seed: 5
start: 2025-11-28T09:13[Asia/Kolkata]
duration: 4m
workload:
  users:
    open: { rate: 40/s }
    endpoints: { serve: 100% }
services:
  web:
    replicas: 1
    pod: { cpu: { request: 500m } }
    autoscaler: { hpa: { minReplicas: 1, maxReplicas: 3 } }
    endpoints:
      serve: [cpu: 50ms]
  idle:
    endpoints:
      nothing: [cpu: 1ms]
";

/// The result of a run, and its folder.
fn run() -> (tempfile::TempDir, String) {
    let dir = tempdir().unwrap();
    let file = scenario(dir.path(), "growing.yaml", GROWING);
    let out = path_text(dir.path().join("out"));
    flashcrowd(&["run", &file, "--out", &out]).expect_code(0);
    (dir, out)
}

#[test]
fn a_change_is_told_and_so_is_its_absence() {
    let (_dir, out) = run();
    let changes = flashcrowd(&["explain", &out]).expect_code(0).stdout;
    // More is wanted than the three that are allowed; without behavior four are allowed at once.
    let change = changes.lines().find(|line| line.contains("1 -> 3"));
    let time = change.unwrap_or_else(|| panic!("{changes}")).trim();
    let minute = &time[..5];
    let story = flashcrowd(&["explain", &out, "--service", "web", "--at", minute]).expect_code(0);
    for part in [
        "HPA scaled it from 1 to 3 replicas",
        "It saw samples of 1 pod, which was ",
        "against a target of 80 %",
        "maxReplicas is 3: ",
        "ScalingLimited True (TooManyReplicas)",
    ] {
        assert!(story.stdout.contains(part), "{part}: {}", story.stdout);
    }
    let why = flashcrowd(&["explain", &out, "--at", "09:16:50", "--why-not"]).expect_code(0);
    // What 40 requests a second of 50 ms need is more than three pods at 80 % of half a core.
    for part in [
        "HPA kept it at 3 replicas",
        "Why not more: the metrics ask for ",
        "what keeps it at 3 is maxReplicas 3.",
    ] {
        assert!(why.stdout.contains(part), "{part}: {}", why.stdout);
    }
}

#[test]
fn an_interval_lists_every_sync() {
    let (_dir, out) = run();
    let list = flashcrowd(&["explain", &out, "--from", "09:14", "--to", "09:16"]).expect_code(0);
    let syncs = |line: &str| match line.split_once(" syncs)") {
        Some((before, _)) => before.rsplit('(').next().unwrap().parse().unwrap(),
        None => 1,
    };
    // Two minutes of one sync every 15 s.
    let listed: u32 = list.stdout.lines().skip(2).map(syncs).sum();
    assert_eq!(listed, 8, "{}", list.stdout);
}

/// What a cut file lacks is simulated again, with the same words.
#[test]
fn what_was_cut_is_simulated_again() {
    let (_dir, out) = run();
    let ask = || flashcrowd(&["explain", &out, "--at", "09:16", "--why-not"]).expect_code(0);
    let whole = ask();
    assert_eq!(whole.stderr, "");
    let file = format!("{out}/decisions.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let kept = text.lines().next().unwrap();
    let cut = r#"{"cut":{"time_seconds":30.0,"until_seconds":240.0,"syncs":14}}"#;
    fs::write(&file, format!("{kept}\n{cut}\n")).unwrap();
    let again = ask();
    assert!(
        again.stderr.contains("simulating again"),
        "{}",
        again.stderr
    );
    let story = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("  The "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(story(&again.stdout), story(&whole.stdout));
}

#[test]
fn mistakes_name_what_there_is() {
    let (dir, out) = run();
    let parent = path_text(dir.path());
    let cases: [(&[&str], &str); 6] = [
        (&["--service", "shop"], "with an autoscaler are web"),
        (&["--service", "idle"], "service `idle` has no autoscaler"),
        (
            &["--at", "10:00"],
            "from 2025-11-28T09:13:00 to 2025-11-28T09:17:00 (Asia/Kolkata)",
        ),
        (&["--at", "noon"], "`noon` is not a time"),
        (
            &["--from", "09:15", "--to", "09:14"],
            "`--to` is before `--from`",
        ),
        (&["--at", "09:14", "--from", "09:13"], "cannot be used with"),
    ];
    for (arguments, expected) in cases {
        let finished = flashcrowd(&[&["explain", &out], arguments].concat()).expect_code(2);
        assert!(
            finished.stderr.contains(expected),
            "{expected}: {}",
            finished.stderr
        );
        assert_eq!(finished.stdout, "");
    }
    let not_a_run = flashcrowd(&["explain", &parent]).expect_code(2);
    assert!(not_a_run.stderr.contains(&out), "{}", not_a_run.stderr);
}
