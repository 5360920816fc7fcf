//! The commands of the README do what it shows.

use crate::program::{FLASHCROWD, Finished, root};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// What a reader types, and what the README shows as the answer.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The transcripts: lines after `$ ` in fenced blocks, with the lines below them.
fn transcripts(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut fenced, mut open) = (false, false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            (fenced, open) = (!fenced, false);
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| fenced) {
            shown.push(Shown {
                command: command.to_owned(),
                output: Vec::new(),
            });
            open = true;
        } else if open {
            let command = &mut shown.last_mut().expect("opened").command;
            if command.ends_with('\\') {
                command.truncate(command.len() - 1);
                command.push_str(line);
            } else {
                shown
                    .last_mut()
                    .expect("opened")
                    .output
                    .push(line.trim_end().to_owned());
            }
        }
    }
    shown
}

/// The command with the program under test in place of what cargo would run, if it is one of ours.
fn ours(command: &str) -> Option<String> {
    let arguments = command
        .strip_prefix("cargo run --release -- ")
        .or_else(|| command.strip_prefix("./target/release/flashcrowd "))
        .or_else(|| command.strip_prefix("flashcrowd "))?;
    Some(format!("'{FLASHCROWD}' {arguments}"))
}

/// Whether `output` is what is shown, where a line of `...` or `[...]` stands for any lines.
fn matches(shown: &[&str], output: &[&str]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((&("..." | "[...]" | "…"), rest)) => {
            (0..=output.len()).any(|skipped| matches(rest, &output[skipped..]))
        }
        Some((line, rest)) => output.first() == Some(line) && matches(rest, &output[1..]),
    }
}

/// The lines without trailing blanks, without empty ones at either end and without what cargo says.
fn trimmed<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let cargo = ["Compiling ", "Finished ", "Running "];
    let mut lines: Vec<_> = lines
        .map(str::trim_end)
        .filter(|line| {
            !cargo
                .iter()
                .any(|word| line.starts_with(' ') && line.trim_start().starts_with(word))
        })
        .collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let blank = lines.iter().take_while(|line| line.is_empty()).count();
    lines.split_off(blank)
}

/// A folder that looks like the checkout, in which commands may write.
fn copy_of_checkout(folder: &Path) {
    for entry in fs::read_dir(root()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "target" {
            symlink(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn commands_do_what_the_readme_shows() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let dir = tempdir().unwrap();
    copy_of_checkout(dir.path());
    let mut differing = Vec::new();
    let mut compared = 0;
    for shown in transcripts(&text) {
        let Some(command) = ours(&shown.command) else {
            continue;
        };
        // A terminal shows both streams.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{{ {command}\n}} 2>&1")])
            .current_dir(dir.path());
        shell.env_remove("COLUMNS");
        let finished = Finished::from(shell.output().unwrap());
        assert!(
            matches!(finished.code, Some(0 | 1)),
            "{}\n{}",
            shown.command,
            finished.stdout
        );
        let expected = trimmed(shown.output.iter().map(String::as_str));
        if expected.is_empty() {
            continue;
        }
        compared += 1;
        if !matches(&expected, &trimmed(finished.stdout.lines())) {
            differing.push(format!("$ {}\n{}", shown.command, finished.stdout));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 0, "the README shows no output");
}

#[test]
fn the_readme_names_the_two_commands_of_a_fresh_checkout() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.trim_start_matches("$ "))
        .collect();
    for command in [
        "cargo run --release -- run scenarios/black-friday.yaml",
        "cargo test",
    ] {
        assert!(lines.contains(&command), "{command}");
    }
}
