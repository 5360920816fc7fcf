//! Results as files: one format per file.

mod decisions_jsonl;
mod events_csv;
mod json_report;
#[cfg(test)]
mod tests;
mod timeseries_csv;

pub use decisions_jsonl::DecisionsJsonl;
pub use events_csv::EventsCsv;
pub use json_report::JsonReport;
pub use timeseries_csv::TimeseriesCsv;

use crate::results::Results;
use std::io::{self, Write};

/// Shows results in one format.
pub trait Exporter {
    /// The name of the file that design and documentation give it.
    fn file_name(&self) -> &'static str;

    /// Writes it.
    ///
    /// # Errors
    /// Only those of `out`.
    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()>;
}

/// The files beside `report.json` that every run writes.
pub fn standard_exporters() -> [&'static dyn Exporter; 3] {
    [&TimeseriesCsv, &EventsCsv, &DecisionsJsonl]
}
