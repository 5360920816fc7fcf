//! `report.json`.

use super::Exporter;
use crate::results::Results;
use std::io::{self, Write};

/// The report as one JSON document.
#[derive(Debug, Clone, Copy)]
pub struct JsonReport {
    pretty: bool,
}

impl JsonReport {
    /// Indented, for a file.
    pub const fn pretty() -> Self {
        Self { pretty: true }
    }

    /// On one line, for a stream of several.
    pub const fn compact() -> Self {
        Self { pretty: false }
    }
}

impl Exporter for JsonReport {
    fn file_name(&self) -> &'static str {
        crate::output::REPORT_FILE
    }

    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        if self.pretty {
            serde_json::to_writer_pretty(&mut *out, results.report())?;
        } else {
            serde_json::to_writer(&mut *out, results.report())?;
        }
        writeln!(out)
    }
}
