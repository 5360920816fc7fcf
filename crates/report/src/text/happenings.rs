//! The findings, in order of time.

use super::page::Page;
use crate::findings::Severity;
use crate::results::Results;
use flashcrowd_units::{SimDuration, SimTime};

pub(super) fn render(page: &mut Page, results: &Results) {
    let report = results.report();
    page.heading("What happened");
    if report.findings.is_empty() {
        page.line("  Nothing that needs attention.");
    }
    for finding in &report.findings {
        let mark = match finding.severity {
            Severity::Critical => "✗",
            Severity::Warning => "!",
            Severity::Info => "·",
        };
        let at = SimTime::ZERO + SimDuration::from_secs_f64(finding.at_seconds);
        let lead = format!("  {} {mark} ", results.recorder().clock().short(at));
        page.paragraph(&lead, &finding.message);
    }
    for note in &report.notes {
        page.paragraph("  (note) ", note);
    }
}
