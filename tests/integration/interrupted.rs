//! Ctrl-C and a full disk leave the old files or none, never half of one, and say so.

use crate::program::{
    FLASHCROWD, Finished, SMALL, contents, flashcrowd, path_text, root, scenario,
};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::tempdir;

/// Longer than any test is allowed to last.
const FOREVER: [&str; 3] = ["benches/workloads/w1.yaml", "--duration", "10000h"];

/// Starts a run and returns once it would notice Ctrl-C.
fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(FLASHCROWD);
    command.current_dir(root()).args(arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !catches_interrupt(child.id()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        sleep(Duration::from_millis(5));
    }
    child
}

/// Whether a process has a handler for SIGINT, which is signal 2.
fn catches_interrupt(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 0b10 != 0)
}

fn interrupt(child: Child) -> Finished {
    let process = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-INT", &process])
        .status()
        .unwrap();
    assert!(sent.success());
    child.wait_with_output().unwrap().into()
}

/// The names in a folder, hidden ones and left-over staging folders included.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| path_text(entry.unwrap().file_name()))
        .collect();
    names.sort();
    names
}

#[test]
fn an_interrupted_run_writes_nothing() {
    let dir = tempdir().unwrap();
    let out = path_text(dir.path().join("out"));
    let run = start(&[&["run", "--out", &out], &FOREVER[..]].concat());
    let finished = interrupt(run).expect_code(130);
    assert_eq!(finished.stdout, "");
    assert!(
        finished.stderr.contains("interrupted"),
        "{}",
        finished.stderr
    );
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
}

#[test]
fn an_interrupted_run_leaves_the_results_of_an_earlier_one() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let text = path_text(&out);
    flashcrowd(&[
        "run",
        "benches/workloads/w2.yaml",
        "--duration",
        "1m",
        "--out",
        &text,
    ])
    .expect_code(0);
    let before = contents(&out);
    let run = start(&[&["run", "--out", &text], &FOREVER[..]].concat());
    interrupt(run).expect_code(130);
    assert_eq!(names(dir.path()), ["out"]);
    assert!(contents(&out) == before);
}

/// A limit on the size of files: writing fails in the middle of one, as on a full disk.
#[test]
fn a_failed_write_leaves_the_results_of_an_earlier_run() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("out");
    let arguments = ["run", "benches/workloads/w2.yaml", "--out"].map(str::to_owned);
    let command = |minutes: &str| {
        // Blocks of 512 bytes. Without the trap the signal would kill before the write can fail.
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' XFSZ; ulimit -f 32; exec \"$@\"",
            "sh",
            FLASHCROWD,
        ]);
        command
            .args(&arguments)
            .arg(&out)
            .args(["--duration", minutes])
            .current_dir(root());
        Finished::from(command.output().unwrap()).expect_code(2)
    };
    let finished = command("10m");
    assert!(
        finished.stderr.contains("could not be written"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("nothing of this run was kept"),
        "{}",
        finished.stderr
    );
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));

    flashcrowd(&[
        "run",
        "benches/workloads/w2.yaml",
        "--duration",
        "1m",
        "--out",
        &path_text(&out),
    ])
    .expect_code(0);
    let before = contents(&out);
    command("10m");
    assert_eq!(names(dir.path()), ["out"]);
    assert!(contents(&out) == before);
}

/// Needs the right to mount; where it is missing, the test above stands for it.
#[test]
fn a_full_disk_is_named() {
    let dir = tempdir().unwrap();
    let disk = dir.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no right to mount");
        return;
    }
    let out = path_text(disk.join("out"));
    let finished = flashcrowd(&[
        "run",
        "benches/workloads/w2.yaml",
        "--duration",
        "10m",
        "--out",
        &out,
    ]);
    let left = names(&disk);
    assert!(
        Command::new("umount")
            .arg(&disk)
            .status()
            .unwrap()
            .success()
    );
    let finished = finished.expect_code(2);
    assert!(
        finished.stderr.contains("the disk is full"),
        "{}",
        finished.stderr
    );
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_full_standard_output_is_an_error() {
    let dir = tempdir().unwrap();
    let file = scenario(dir.path(), "small.yaml", SMALL);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = Command::new(FLASHCROWD);
    let output = command.args(["run", &file]).stdout(full).output().unwrap();
    let finished = Finished::from(output).expect_code(2);
    assert!(
        finished.stderr.contains("standard output"),
        "{}",
        finished.stderr
    );
}

#[test]
fn results_go_neither_over_a_file_nor_among_strangers() {
    let dir = tempdir().unwrap();
    let small = scenario(dir.path(), "small.yaml", SMALL);
    let foreign = dir.path().join("photos");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("holiday.jpg"), "sea").unwrap();
    let before = contents(dir.path());
    for taken in [&small, &path_text(&foreign)] {
        let finished = flashcrowd(&["run", &small, "--out", taken]).expect_code(2);
        assert!(
            finished.stderr.contains(taken.as_str()),
            "{}",
            finished.stderr
        );
        assert_eq!(finished.stdout, "");
    }
    assert_eq!(contents(dir.path()), before);
}
