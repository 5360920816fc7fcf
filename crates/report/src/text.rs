//! The summary in the terminal: first the verdict, then why, then the details.

mod costs;
mod failures;
mod happenings;
mod latencies;
mod minutes;
mod page;
mod provenance;
mod queues;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod verdict;

use crate::export::Exporter;
use crate::results::Results;
use page::Page;
use std::io::{self, Write};

/// A summary that a stranger understands, in plain text with Unicode blocks.
#[derive(Debug, Clone, Copy)]
pub struct TextSummary {
    width: usize,
}

impl TextSummary {
    /// For a terminal with `columns` columns; 80 to 100 are used.
    pub fn for_columns(columns: usize) -> Self {
        Self {
            width: columns.clamp(80, 100),
        }
    }
}

impl Default for TextSummary {
    fn default() -> Self {
        Self::for_columns(100)
    }
}

impl Exporter for TextSummary {
    fn file_name(&self) -> &'static str {
        "summary.txt"
    }

    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        let mut page = Page::new(self.width);
        verdict::render(&mut page, results);
        happenings::render(&mut page, results);
        timeline::render(&mut page, results);
        latencies::render(&mut page, results);
        queues::render(&mut page, results);
        failures::render(&mut page, results);
        minutes::render(&mut page, results);
        costs::render(&mut page, results);
        costs::render_nodes(&mut page, results);
        provenance::render(&mut page, results);
        out.write_all(page.into_text().as_bytes())
    }
}
