//! `flashcrowd dryrun`.

use crate::args::DryrunArgs;
use crate::{Outcome, print, show};
use flashcrowd::experiment::dryrun::{DryRun, DryRunError, MetricHistory, Options, dry_run};
use flashcrowd::scenario::{Diagnostics, Disk, Files, load_scaler, nearest};
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

/// How many problems of one kind are shown.
const SHOWN: usize = 20;

/// Drives the autoscaler of a manifest with recorded metrics.
pub(crate) fn dryrun(args: &DryrunArgs) -> Outcome {
    // Both are read before anything is said, so that all that is wrong comes at once.
    let loaded = load_scaler(&args.manifest, args.name.as_deref(), &Disk);
    let history = read(&args.metrics);
    match &loaded {
        Ok(scaler) => show(&scaler.diagnostics, Diagnostics::render_briefly),
        Err(diagnostics) => show(diagnostics, Diagnostics::render),
    }
    let (scaler, history) = match (loaded, history) {
        (Ok(scaler), Ok(history)) => (scaler, history),
        (_, Err(problems)) => return bad(&problems),
        (Err(_), Ok(_)) => return Outcome::BadInput,
    };
    let options = Options {
        replicas: args.replicas,
        startup: args.startup,
        publish_delay: args.publish_delay,
        ..Options::default()
    };
    let run = match dry_run(&scaler, &history, &options) {
        Ok(run) => run,
        Err(DryRunError::Bind(problems)) => {
            let problems: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            return bad(&problems);
        }
        Err(problem) => return bad(&[problem.to_string()]),
    };
    for name in &run.unused {
        eprintln!("note: column `{name}` is not used: the manifest asks for nothing of that name");
    }
    for name in &run.empty {
        eprintln!(
            "warning: column `{name}` has no value at all; the metric is taken to be missing"
        );
    }
    if let Some(path) = &args.out {
        let written = File::create(path).and_then(|file| run.write_series(BufWriter::new(file)));
        if let Err(problem) = written {
            return bad(&[format!("cannot write {}: {problem}", path.display())]);
        }
    }
    print(&text(&run))
}

fn bad(problems: &[String]) -> Outcome {
    for problem in problems.iter().take(SHOWN) {
        eprintln!("error: {problem}");
    }
    if problems.len() > SHOWN {
        eprintln!("error: there are {} more", problems.len() - SHOWN);
    }
    Outcome::BadInput
}

/// Reads the files, or says all that is wrong with them.
fn read(files: &[String]) -> Result<MetricHistory, Vec<String>> {
    let mut histories = Vec::with_capacity(files.len());
    let mut problems = Vec::new();
    for given in files {
        // A file may have `=` in its name.
        let (name, path) = match given.split_once('=') {
            Some((name, path)) if !fs::exists(given).unwrap_or(false) => (Some(name), path),
            _ => (None, given.as_str()),
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(unreadable(path, &error));
                continue;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match MetricHistory::read(text, name) {
            Ok(history) => histories.push(history),
            Err(error) => problems.extend(error.problems.into_iter().map(|problem| {
                let line = problem
                    .line
                    .map_or(String::new(), |line| format!("{line}:"));
                format!("{path}:{line} {}", problem.message)
            })),
        }
    }
    if problems.is_empty() {
        Ok(MetricHistory::merge(histories))
    } else {
        Err(problems)
    }
}

fn unreadable(path: &str, error: &io::Error) -> String {
    let mut text = format!("cannot read `{path}`: {error}");
    let siblings = Disk.siblings(Path::new(path));
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    if let Some(near) = name.and_then(|name| nearest(name, siblings.iter().map(String::as_str))) {
        let near = Path::new(path).with_file_name(near);
        let _ = write!(text, "; did you mean `{}`?", near.display());
    }
    text
}

fn text(run: &DryRun) -> String {
    let mut text = String::new();
    let zone = run.start.strftime("%:z");
    let _ = writeln!(
        text,
        "{} ({}), from {} {zone} on",
        run.name,
        run.rules.controller,
        run.start.strftime("%a %-d %b %Y %H:%M:%S")
    );
    for (line, is_certain) in run.lines() {
        let mark = if is_certain { "certain" } else { "depends" };
        let _ = writeln!(text, "{mark}  {line}");
    }
    let count = |of: fn(&flashcrowd::experiment::dryrun::Sync) -> bool| {
        run.syncs.iter().filter(|sync| of(sync)).count()
    };
    let (rescales, certain) = (
        count(|sync| sync.decision.is_rescale()),
        count(|sync| sync.is_certain),
    );
    let syncs = run.syncs.len();
    let _ = writeln!(
        text,
        "{}, {} of the number of replicas; {}, {} on the loop being closed.",
        counted(syncs, "sync", "syncs"),
        counted(rescales, "change", "changes"),
        counted(certain, "decision is certain", "decisions are certain"),
        counted(syncs - certain, "depends", "depend")
    );
    if certain < syncs {
        text += "depends: with other replicas than were recorded the load per pod would have been \
                 another; it is taken to be the same load shared by the pods there would have \
                 been.\n";
    }
    let startup = match run.startup {
        Some(startup) if !startup.is_zero() => {
            format!("What is new is taken to be ready {startup} after the decision.")
        }
        Some(_) => "New instances are taken to be in service at once (--startup).".to_owned(),
        None => "Pods are taken to be ready at once (--startup).".to_owned(),
    };
    let _ = writeln!(
        text,
        "{startup} What the controller remembered when the history begins is not known; it can matter for \
         the first {}.",
        run.memory
    );
    text
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
