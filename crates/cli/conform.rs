//! `flashcrowd conform` and `flashcrowd calibrate`.

use crate::args::{Component, Controller};
use crate::{Outcome, print};
use flashcrowd_verify::{ca, cpu_cfs, hpa, keda, kpa, vpa};
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Replays recorded decisions.
pub(crate) fn conform(controller: Controller, files: &[PathBuf]) -> Outcome {
    let result = match controller {
        Controller::Hpa => hpa::conform(files),
        Controller::Vpa => vpa::conform(files),
        Controller::Keda => keda::conform(files),
        Controller::Kpa => kpa::conform(files),
        Controller::Ca => ca::conform(files),
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
    let shown = print(&format!("{report}\n"));
    let outcome = shown.max(if report.outside().is_empty() {
        Outcome::Ok
    } else {
        Outcome::Missed
    });
    let Some(path) = csv else {
        return outcome;
    };
    let written =
        File::create(path).and_then(|file| report.write_csv(file).map_err(std::io::Error::other));
    match written {
        Ok(()) => outcome,
        Err(error) => {
            eprintln!("error: cannot write {}: {error}", path.display());
            Outcome::BadInput
        }
    }
}

fn bad_input(error: &dyn Error) -> Outcome {
    eprint!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprint!(": {cause}");
        source = cause.source();
    }
    eprintln!();
    Outcome::BadInput
}
