//! Recorded decisions of the real Cluster Autoscaler, replayed through ours.
//!
//! A trace is one cluster over many loops: at each of them what the autoscaler 1.36.1 saw, and what
//! it made of it. [`conform`] shows the same to
//! [`flashcrowd_autoscalers::cluster_autoscaler::ClusterAutoscaler`], the type that simulations
//! use, and compares every field. The format of the files is described in
//! `tests/golden/ca/README.md`.
//!
//! Two things are taken from the recording, because nothing else could know them: which increases
//! the provider refused, and which of several groups that the expanders leave was drawn.

mod cluster;
mod output;
mod replay;
mod trace;

use crate::conformance::{self, ConformError, ConformReport};
use std::path::Path;

/// Replays trace files, one JSON object per line.
///
/// # Errors
/// If a file cannot be read or a line is not a trace; what came before it has been replayed, but
/// is not reported.
pub fn conform<P: AsRef<Path>>(paths: &[P]) -> Result<ConformReport, ConformError> {
    conformance::replay_files(paths, replay_line)
}

fn replay_line(text: &str, report: &mut ConformReport) -> Result<(), String> {
    let trace: trace::Trace = serde_json::from_str(text).map_err(|error| error.to_string())?;
    replay::replay(&trace, report)
}

#[cfg(test)]
mod tests;
