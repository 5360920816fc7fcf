//! Recorded recommendations of the real Vertical Pod Autoscaler, replayed through ours.
//!
//! A trace is one workload over many passes: what its containers used, which of them were
//! OOM-killed, and what the recommender of kubernetes/autoscaler made of it. [`conform`] shows the
//! same to [`flashcrowd_autoscalers::vpa::VpaRecommender`], the type that simulations use, and
//! compares every recommendation and every refused sample to the millicore and the byte. The format
//! of the files is described in `tests/golden/vpa/README.md`.

mod replay;
mod trace;

use crate::conformance::{self, ConformError, ConformReport};
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
