//! A run that has ended: its report, what was recorded, and the folder it goes to.

use crate::export::{Exporter, JsonReport, standard_exporters};
use crate::output::{OutputDir, OutputError, REPORT_FILE};
use crate::recorder::RunRecorder;
use crate::report::Report;
use flashcrowd_core::record::Totals;
use serde::Serialize;
use std::path::Path;

/// All there is to show of a run.
#[derive(Debug)]
pub struct Results {
    recorder: RunRecorder,
    report: Report,
}

/// A file that is made elsewhere and belongs to the results, such as `scenario.resolved.yaml`.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is in it.
    pub contents: &'a [u8],
}

/// How long the run took by the wall clock: `timing.json`, the only file that differs between two
/// runs with the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timing {
    /// Wall time of the simulation.
    pub wall_seconds: f64,
    /// Simulated requests per second of wall time.
    pub requests_per_second: f64,
    /// Processed events per second of wall time.
    pub events_per_second: f64,
}

impl Timing {
    /// The speed of a run that took `wall_seconds`.
    pub fn new(report: &Report, wall_seconds: f64) -> Self {
        let per_second = |number: u64| {
            if wall_seconds > 0.0 {
                number as f64 / wall_seconds
            } else {
                0.0
            }
        };
        Self {
            wall_seconds,
            requests_per_second: per_second(report.requests.offered),
            events_per_second: per_second(report.events_processed),
        }
    }
}

impl Results {
    /// Sums up a run that has ended.
    ///
    /// # Panics
    /// If requests were lost or invented: see [`Report::new`].
    pub fn new(mut recorder: RunRecorder, totals: &Totals) -> Self {
        let report = Report::new(&mut recorder, totals);
        Self { recorder, report }
    }

    /// The sums.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The sums, without the details.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// The details.
    pub fn recorder(&self) -> &RunRecorder {
        &self.recorder
    }

    /// Writes all files of the run to `dir`, or none: those of the [`standard_exporters`], the
    /// attachments, `timing.json`, and at last `report.json` with the hashes of the others.
    ///
    /// # Errors
    /// If `dir` is not a place for results, something cannot be written, or `cancelled` says yes.
    /// `dir` is as it was before then, unless the error is [`OutputError::Replace`].
    pub fn write(
        &mut self,
        dir: &Path,
        attachments: &[Attachment<'_>],
        timing: Option<&Timing>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), OutputError> {
        let mut output = OutputDir::create(dir, cancelled)?;
        for exporter in standard_exporters() {
            output.write(exporter.file_name(), |out| exporter.export(self, out))?;
        }
        for attachment in attachments {
            output.write(attachment.name, |out| out.write_all(attachment.contents))?;
        }
        if let Some(timing) = timing {
            output.write_unhashed("timing.json", |out| {
                serde_json::to_writer_pretty(&mut *out, timing)?;
                writeln!(out)
            })?;
        }
        self.report.outputs.clone_from(output.hashes());
        output.write_unhashed(REPORT_FILE, |out| JsonReport::pretty().export(self, out))?;
        output.commit()
    }
}
