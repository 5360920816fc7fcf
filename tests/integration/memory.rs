//! How much memory a long run takes.

use crate::program::{FLASHCROWD, path_text, root};
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::tempdir;

/// Peak of resident memory of a process so far \[KiB\].
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Six hours, more than ten million requests, all files written.
#[test]
fn black_friday_stays_below_64_mebibytes() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let mut command = Command::new(FLASHCROWD);
    command.args([
        "run",
        "scenarios/black-friday.yaml",
        "--out",
        &path_text(&out),
    ]);
    let mut run = command
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut highest = 0;
    while run.try_wait().unwrap().is_none() {
        highest = highest.max(peak(run.id()).unwrap_or(0));
        sleep(Duration::from_millis(2));
    }
    let report = fs::read_to_string(out.join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["requests"]["offered"].as_u64() >= Some(10_000_000));
    assert!((1..64 * 1024).contains(&highest), "{highest} KiB");
}
