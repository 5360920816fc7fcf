//! What was run: enough to run it again.

use super::page::Page;
use crate::format;
use crate::results::Results;

pub(super) fn render(page: &mut Page, results: &Results) {
    let report = results.report();
    let provenance = &report.provenance;
    let hash: String = provenance.scenario_sha256.chars().take(12).collect();
    page.line("");
    page.paragraph(
        "",
        &format!(
            "flashcrowd {}, simulated ({}), seed {}, scenario sha256 {hash}, {}",
            provenance.version,
            provenance.mode,
            provenance.seed,
            format::times(report.events_processed, "event"),
        ),
    );
}
