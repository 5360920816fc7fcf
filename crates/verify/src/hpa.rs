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
mod report;
mod trace;

pub use report::{ConformReport, Mismatch};

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use trace::Trace;

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

impl std::fmt::Display for ConformError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// Replays trace files, one JSON object per line.
///
/// # Errors
/// If a file cannot be read or a line is not a trace; what came before it has been replayed, but
/// is not reported.
pub fn conform<P: AsRef<Path>>(paths: &[P]) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    for path in paths {
        let name = path.as_ref().display().to_string();
        let file = File::open(path).map_err(|source| ConformError::Read {
            file: name.clone(),
            source,
        })?;
        conform_reader(&name, BufReader::new(file), &mut report)?;
    }
    Ok(report)
}

/// Replays the traces of one reader and adds them to a report. `name` stands in error messages.
/// Empty lines are skipped.
///
/// # Errors
/// As [`conform`]; the report then holds the traces before the line.
pub fn conform_reader(
    name: &str,
    mut reader: impl BufRead,
    report: &mut ConformReport,
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
        let malformed = |message: String| ConformError::Line {
            file: name.to_owned(),
            line,
            message,
        };
        let trace: Trace =
            serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        replay::replay(&trace, report).map_err(malformed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
