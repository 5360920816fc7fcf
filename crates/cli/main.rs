//! The command line of flashcrowd.

mod args;
mod conform;
mod dryrun;
mod explain;
mod interrupt;
mod run;

use args::{Args, Command};
use clap::Parser;
use flashcrowd::scenario::{Diagnostics, Disk, Style};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// How a command ended, as its exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// All is well.
    Ok = 0,
    /// An objective was missed, or mismatches were found.
    Missed = 1,
    /// The input was wrong.
    BadInput = 2,
    /// Stopped by Ctrl-C, as shells number it.
    Interrupted = 130,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(report_bug));
    let args = Args::parse();
    let outcome = match args.command {
        Command::Run(options) => run::run(&options),
        Command::Check { files } => check(&files),
        Command::Explain(options) => explain::explain(&options),
        Command::Dryrun(options) => dryrun::dryrun(&options),
        Command::Conform { controller, files } => conform::conform(controller, &files),
        Command::Calibrate {
            component,
            dir,
            csv,
        } => conform::calibrate(component, &dir, csv.as_deref()),
        Command::Schema => print(&flashcrowd::scenario::schema()),
    };
    ExitCode::from(outcome as u8)
}

/// A bug: says how to repeat it, and exits with 3.
fn report_bug(panic: &std::panic::PanicHookInfo<'_>) {
    let command: Vec<_> = std::env::args().collect();
    eprintln!("internal error: {panic}");
    eprintln!(
        "This is a bug in flashcrowd {}. It happens again with:",
        flashcrowd::VERSION
    );
    eprintln!("  {}", command.join(" "));
    std::process::exit(3);
}

fn check(files: &[std::path::PathBuf]) -> Outcome {
    let mut outcome = Outcome::Ok;
    for file in files {
        let diagnostics = flashcrowd::scenario::check(file, &Disk);
        show(&diagnostics, Diagnostics::render);
        if diagnostics.has_errors() {
            outcome = Outcome::BadInput;
        } else {
            print(&format!("{}: ok\n", file.display()));
        }
    }
    outcome
}

/// Prints what there is to say about an input to stderr, as `render` puts it.
fn show(diagnostics: &Diagnostics, render: fn(&Diagnostics, Style) -> String) {
    let style = if io::stderr().is_terminal() {
        Style::Coloured
    } else {
        Style::Plain
    };
    let text = render(diagnostics, style);
    if !text.is_empty() {
        eprintln!("{}", text.trim_end());
    }
}

/// Prints a result to stdout. A reader who has gone away is no error.
fn print(text: &str) -> Outcome {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write to standard output: {error}");
            Outcome::BadInput
        }
        _ => Outcome::Ok,
    }
}
