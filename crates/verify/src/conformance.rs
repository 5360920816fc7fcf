//! Recorded decisions of real controllers: reading their traces, and what replaying them finds.
//!
//! A file of traces has one JSON object per line. Every controller has its own format and its own
//! replay; the loop over files and lines, and the report, are the same for all.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// How many mismatches are kept with their details.
const KEPT: usize = 10;

/// The outcome of replaying recorded traces.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ConformReport {
    /// Traces that were replayed.
    pub traces: usize,
    /// Syncs that were replayed.
    pub ticks: usize,
    /// Output fields that differ, over all syncs.
    pub mismatches: usize,
    /// The first of them.
    pub first: Vec<Mismatch>,
}

/// One output field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// Id of the trace.
    pub trace: String,
    /// Index of the sync in it, from 0.
    pub tick: usize,
    /// The field, by its name in the trace format.
    pub field: &'static str,
    /// What the real controller did.
    pub expected: Value,
    /// What ours does.
    pub got: Value,
    /// The intermediate numbers of ours.
    pub steps: Value,
}

impl ConformReport {
    pub(crate) fn add(&mut self, mismatch: impl FnOnce() -> Mismatch) {
        self.mismatches += 1;
        if self.first.len() < KEPT {
            self.first.push(mismatch());
        }
    }
}

impl fmt::Display for ConformReport {
    /// The first mismatches, then one line of totals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mismatch in &self.first {
            writeln!(f, "{mismatch}")?;
        }
        let left_out = self.mismatches - self.first.len();
        if left_out > 0 {
            writeln!(f, "and {left_out} more")?;
        }
        write!(
            f,
            "traces={} ticks={} mismatches={}",
            self.traces, self.ticks, self.mismatches
        )
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace,
            tick,
            field,
            expected,
            got,
            steps,
        } = self;
        writeln!(f, "{trace} tick {tick}: `{field}` differs")?;
        writeln!(f, "  expected {expected}")?;
        writeln!(f, "  got      {got}")?;
        write!(f, "  steps    {steps}")
    }
}

/// Input that cannot be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConformError {
    /// A file could not be read.
    Read {
        /// Its name.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A line is not a trace.
    Line {
        /// Name of the file.
        file: String,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl fmt::Display for ConformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { file, .. } => write!(f, "{file}: cannot be read"),
            Self::Line {
                file,
                line,
                message,
            } => write!(f, "{file}:{line}: {message}"),
        }
    }
}

impl std::error::Error for ConformError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Line { .. } => None,
        }
    }
}

/// Replays the lines of some files with the replay of one controller. `Err` of the replay says
/// what is wrong with a line.
pub(crate) fn replay_files<P: AsRef<Path>>(
    paths: &[P],
    replay: impl Fn(&str, &mut ConformReport) -> Result<(), String>,
) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    for path in paths {
        let name = path.as_ref().display().to_string();
        let file = File::open(path).map_err(|source| ConformError::Read {
            file: name.clone(),
            source,
        })?;
        replay_lines(&name, BufReader::new(file), &mut report, &replay)?;
    }
    Ok(report)
}

/// Replays the lines of one reader. `name` stands in error messages. Empty lines are skipped.
pub(crate) fn replay_lines(
    name: &str,
    mut reader: impl BufRead,
    report: &mut ConformReport,
    replay: impl Fn(&str, &mut ConformReport) -> Result<(), String>,
) -> Result<(), ConformError> {
    let mut text = String::new();
    for line in 1.. {
        text.clear();
        let length = reader
            .read_line(&mut text)
            .map_err(|source| ConformError::Read {
                file: name.to_owned(),
                source,
            })?;
        if length == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        replay(&text, report).map_err(|message| ConformError::Line {
            file: name.to_owned(),
            line,
            message,
        })?;
    }
    Ok(())
}

/// The replay of a line that is one trace of type `T`.
pub(crate) fn of_trace<T: DeserializeOwned>(
    replay: impl Fn(&T, &mut ConformReport) -> Result<(), String>,
) -> impl Fn(&str, &mut ConformReport) -> Result<(), String> {
    move |line, report| {
        let trace = serde_json::from_str(line).map_err(|error| error.to_string())?;
        replay(&trace, report)
    }
}
