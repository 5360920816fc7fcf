//! Recorded decisions of the real Horizontal Pod Autoscaler, replayed through ours.
//!
//! A trace is one HPA over many syncs: at each of them what the controller of Kubernetes v1.36.2
//! saw, and what it made of it. [`conform`] shows the same to
//! [`flashcrowd_autoscalers::hpa::Hpa`], the type that simulations use, and compares every
//! intermediate number, the decision and the status. The format of the files is described in
//! `tests/golden/hpa/README.md`.

mod cluster;
mod output;
mod replay;
mod trace;

pub use crate::conformance::{ConformError, ConformReport, Mismatch};

use crate::conformance;
use std::io::BufRead;
use std::path::Path;

/// Replays trace files, one JSON object per line.
///
/// # Errors
/// If a file cannot be read or a line is not a trace; what came before it has been replayed, but
/// is not reported.
pub fn conform<P: AsRef<Path>>(paths: &[P]) -> Result<ConformReport, ConformError> {
    conformance::replay_files(paths, conformance::of_trace(replay::replay))
}

/// Replays the traces of one reader and adds them to a report. `name` stands in error messages.
/// Empty lines are skipped.
///
/// # Errors
/// As [`conform`]; the report then holds the traces before the line.
pub fn conform_reader(
    name: &str,
    reader: impl BufRead,
    report: &mut ConformReport,
) -> Result<(), ConformError> {
    conformance::replay_lines(name, reader, report, conformance::of_trace(replay::replay))
}

#[cfg(test)]
mod tests;
