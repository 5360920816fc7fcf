//! `flashcrowd conform` and `flashcrowd calibrate`.

use crate::args::{Component, Controller};
use crate::{Outcome, print};
use flashcrowd_verify::{cpu_cfs, hpa};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Replays recorded decisions.
pub(crate) fn conform(controller: Controller, files: &[PathBuf]) -> Outcome {
    let result = match controller {
        Controller::Hpa => hpa::conform(files),
    };
    match result {
        Ok(report) => {
            let shown = print(&format!("{report}\n"));
            shown.max(if report.mismatches == 0 {
                Outcome::Ok
            } else {
                Outcome::Missed
            })
        }
        Err(error) => bad_input(&error),
    }
}

/// Replays measurements.
pub(crate) fn calibrate(component: Component, dir: &Path, csv: Option<&Path>) -> Outcome {
    let result = match component {
        Component::CpuCfs => cpu_cfs::calibrate(dir),
    };
    let report = match result {
        Ok(report) => report,
        Err(error) => return bad_input(&error),
    };
    let mut outcome = print(&format!("{report}\n"));
    if !report.outside().is_empty() {
        outcome = outcome.max(Outcome::Missed);
    }
    let Some(csv) = csv else { return outcome };
    let mut rows = Vec::new();
    let written = report
        .write_csv(&mut rows)
        .and_then(|()| std::fs::write(csv, rows));
    match written {
        Ok(()) => outcome,
        Err(error) => {
            eprintln!("error: {}: cannot be written: {error}", csv.display());
            Outcome::BadInput
        }
    }
}

/// Says what is wrong, and why.
fn bad_input(error: &dyn Error) -> Outcome {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    eprintln!("{text}");
    Outcome::BadInput
}
