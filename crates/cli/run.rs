//! `flashcrowd run`.

use crate::args::{Format, RunArgs};
use crate::{Outcome, interrupt, print, show};
use flashcrowd::report::{
    Attachment, Exporter, JsonReport, OutputDir, Results, TextSummary, Timing,
};
use flashcrowd::scenario::{Diagnostics, Options};
use flashcrowd::{Scenario, simulate_while};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Runs all scenarios. Nothing is run before all of them have been found to be in order.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    let Some(jobs) = prepare(args) else {
        return Outcome::BadInput;
    };
    interrupt::listen();
    let bars = MultiProgress::new();
    let done: Vec<Mutex<Option<Done>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = job.run(&bars);
            *done[job.index]
                .lock()
                .expect("a worker that panics ends the process") = Some(result);
        }
    };
    std::thread::scope(|scope| {
        let workers = usize::from(args.threads).min(jobs.len());
        let _workers: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        work();
    });
    let mut outcome = Outcome::Ok;
    for (job, done) in jobs.iter().zip(done) {
        let done = done
            .into_inner()
            .expect("a worker that panics ends the process");
        outcome = outcome.max(job.finish(done.expect("every job was taken"), args.format));
    }
    outcome
}

/// One scenario to run.
struct Job {
    index: usize,
    scenario: Scenario,
    out: Option<PathBuf>,
}

enum Done {
    Finished(Box<Results>, f64),
    Interrupted,
    Impossible(String),
}

fn prepare(args: &RunArgs) -> Option<Vec<Job>> {
    let mut overrides = args.set.clone();
    overrides.extend(
        args.seed
            .iter()
            .map(|seed| ("seed".to_owned(), seed.to_string())),
    );
    let options = Options {
        overrides,
        duration: args.duration.clone(),
        assertions: args.assert.clone(),
    };
    let mut jobs: Vec<Job> = Vec::new();
    let mut refused = Vec::new();
    for (index, path) in args.scenarios.iter().enumerate() {
        match Scenario::load_with(path, &options) {
            Ok(scenario) => {
                let out = args
                    .out
                    .as_deref()
                    .map(|dir| folder(dir, args, &scenario.loaded.name));
                jobs.push(Job {
                    index,
                    scenario,
                    out,
                });
            }
            Err(diagnostics) => refused.push(diagnostics),
        }
    }
    // Errors last; what is only of note would push them up the screen.
    if refused.is_empty() {
        for job in &jobs {
            show(&job.scenario.diagnostics, Diagnostics::render_briefly);
        }
    }
    for diagnostics in &refused {
        show(diagnostics, Diagnostics::render_briefly);
    }
    let mut wrong = !refused.is_empty();
    for (index, job) in jobs.iter().enumerate() {
        let Some(out) = &job.out else { continue };
        if jobs[..index]
            .iter()
            .any(|other| other.out.as_ref() == Some(out))
        {
            eprintln!(
                "error: two scenarios are named `{}`; their results would go to the same folder",
                job.scenario.loaded.name
            );
            wrong = true;
        } else if let Err(error) = OutputDir::check(out) {
            eprintln!("error: {error}");
            wrong = true;
        }
    }
    (!wrong).then_some(jobs)
}

/// Several scenarios get a folder each.
fn folder(dir: &Path, args: &RunArgs, name: &str) -> PathBuf {
    if args.scenarios.len() > 1 {
        dir.join(name)
    } else {
        dir.to_owned()
    }
}

impl Job {
    fn run(&self, bars: &MultiProgress) -> Done {
        let duration = self.scenario.loaded.model.duration;
        // Drawn on stderr, and only if that is a terminal.
        let bar = bars.add(ProgressBar::new(duration.as_millis()));
        let style =
            ProgressStyle::with_template("{prefix} [{bar:40}] {percent} %, {msg}, {eta} left");
        bar.set_style(style.expect("the template is legal").progress_chars("=> "));
        bar.set_prefix(self.scenario.loaded.name.clone());
        #[expect(clippy::disallowed_methods, reason = "goes to timing.json")]
        let started = Instant::now();
        let result = simulate_while(&self.scenario, &mut |now| {
            bar.set_position(now.since(flashcrowd::units::SimTime::ZERO).as_millis());
            bar.set_message(format!("{now} simulated"));
            !interrupt::was_interrupted()
        });
        bar.finish_and_clear();
        match result {
            Ok(Some(results)) => Done::Finished(Box::new(results), started.elapsed().as_secs_f64()),
            Ok(None) => Done::Interrupted,
            Err(error) => Done::Impossible(error.to_string()),
        }
    }

    fn finish(&self, done: Done, format: Format) -> Outcome {
        let (mut results, wall_seconds) = match done {
            Done::Finished(results, wall_seconds) => (results, wall_seconds),
            Done::Interrupted => {
                eprintln!(
                    "interrupted: {} was not finished, nothing of it was written",
                    self.scenario.loaded.name
                );
                return Outcome::Interrupted;
            }
            Done::Impossible(problem) => {
                eprintln!("error: {}: {problem}", self.scenario.loaded.name);
                return Outcome::BadInput;
            }
        };
        let mut outcome = if results.report().passed() {
            Outcome::Ok
        } else {
            Outcome::Missed
        };
        if let Some(dir) = &self.out {
            outcome = outcome.max(self.write(dir, &mut results, wall_seconds));
        }
        outcome.max(show_results(&results, format))
    }

    fn write(&self, dir: &Path, results: &mut Results, wall_seconds: f64) -> Outcome {
        let resolved = self.scenario.loaded.resolved_yaml();
        let attachments = [Attachment {
            name: "scenario.resolved.yaml",
            contents: resolved.as_bytes(),
        }];
        let timing = Timing::new(results.report(), wall_seconds);
        let Err(error) = results.write(
            dir,
            &attachments,
            Some(&timing),
            &interrupt::was_interrupted,
        ) else {
            return Outcome::Ok;
        };
        eprintln!("error: {error}");
        eprintln!("help: {}", error.help());
        if interrupt::was_interrupted() {
            Outcome::Interrupted
        } else {
            Outcome::BadInput
        }
    }
}

fn show_results(results: &Results, format: Format) -> Outcome {
    let mut text = Vec::new();
    let exported = match format {
        Format::Text => TextSummary::default().export(results, &mut text),
        Format::Json => JsonReport::compact().export(results, &mut text),
    };
    exported.expect("memory can be written to");
    print(&String::from_utf8_lossy(&text))
}
