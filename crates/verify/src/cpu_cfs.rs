//! A measured CPU limit, replayed through the pod that scenarios use.
//!
//! The measurements are of a real kernel: a process in a control group with a quota of CPU time in
//! every 100 ms answers a saved sequence of requests, three times, with its bandwidth periods at
//! known places. [`calibrate`] sends the same requests to a pod of
//! [`flashcrowd_core::ExactPlane`], compares latencies, use and throttling, and judges the errors
//! by limits that depend on the kind of case. The format of the files is described in
//! `tests/calibration/cpu_cfs/README.md`.

mod acceptance;
mod case;
mod quantile;
mod replay;
mod report;

pub use report::{CalibrationReport, CalibrationRow, Figure};

use case::Case;
use flashcrowd_core::ModelError;
use flashcrowd_core::model::CpuModel;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Measurements that cannot be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A file or folder could not be read.
    Read {
        /// Which one.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The folder holds no case: no file whose name ends in `.json`.
    Empty {
        /// The folder.
        dir: String,
    },
    /// A file is not as the format says.
    Malformed {
        /// The file.
        file: String,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// The pod of a case is none that can be simulated.
    Model {
        /// File with the definition of the case.
        file: String,
        /// Why.
        source: ModelError,
    },
}

impl fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { file, .. } => write!(f, "{file}: cannot be read"),
            Self::Empty { dir } => write!(f, "{dir}: no case (*.json) in this folder"),
            Self::Malformed {
                file,
                line,
                message,
            } => write!(f, "{file}:{line}: {message}"),
            Self::Model { file, .. } => write!(f, "{file}: the pod cannot be simulated"),
        }
    }
}

impl std::error::Error for CalibrationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Model { source, .. } => Some(source),
            Self::Empty { .. } | Self::Malformed { .. } => None,
        }
    }
}

/// Replays all cases of a folder: every `NAME.json` with the `NAME.csv` beside it, in order of name.
///
/// # Errors
/// If the folder or a file cannot be read, there is no case, or a file is malformed; nothing is
/// reported then.
pub fn calibrate(dir: &Path) -> Result<CalibrationReport, CalibrationError> {
    let mut report = CalibrationReport::default();
    for definition in definitions(dir)? {
        let case = Case::read(&definition)?;
        let replays = (0..case.repeats.len())
            .map(|repeat| replay::replay(&case, repeat, CpuModel::Cfs))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| CalibrationError::Model {
                file: definition.display().to_string(),
                source,
            })?;
        report.rows.extend(acceptance::judge(&case, &replays));
    }
    Ok(report)
}

/// The definitions of the cases in a folder, in order of name.
fn definitions(dir: &Path) -> Result<Vec<PathBuf>, CalibrationError> {
    let read_error = |source| CalibrationError::Read {
        file: dir.display().to_string(),
        source,
    };
    let mut paths = Vec::new();
    for entry in dir.read_dir().map_err(read_error)? {
        let path = entry.map_err(read_error)?.path();
        if path.extension().is_some_and(|it| it == "json") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(CalibrationError::Empty {
            dir: dir.display().to_string(),
        });
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
