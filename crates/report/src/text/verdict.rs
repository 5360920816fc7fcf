//! Did the objectives hold?

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::report::{QueueReport, Report, SloReport};
use crate::results::Results;
use flashcrowd_units::SimDuration;

pub(super) fn render(page: &mut Page, results: &Results) {
    let report = results.report();
    page.line(&format!(
        "{}: {}",
        report.provenance.scenario,
        verdict(report)
    ));
    page.line(&"═".repeat(page.width()));
    page.paragraph("  ", &sentence(results));
    if report.slos.is_empty() {
        return;
    }
    page.line("");
    let infinite = report.slos.iter().any(|slo| slo.infinite);
    let columns = [
        ("", Align::Left),
        ("objective", Align::Left),
        ("of", Align::Left),
        ("asked", Align::Left),
        ("measured", Align::Right),
        ("budget used", Align::Right),
        ("minutes missed", Align::Right),
    ];
    let objectives = &results.recorder().context().objectives;
    let rows = report.slos.iter().zip(objectives);
    let rows = rows.map(|(slo, objective)| row(slo, &objective.written));
    table::print(page, &columns, rows.collect());
    if infinite {
        page.paragraph(
            "  ",
            "infinite: a failed request counts as infinitely slow, and so many failed that the \
             percentile is one of them",
        );
    }
}

fn verdict(report: &Report) -> String {
    let number = report.slos.len() as u64;
    let missed = report.slos.iter().filter(|slo| !slo.met).count() as u64;
    match (number, missed) {
        (0, _) => "no objectives were set".to_owned(),
        (1, 0) => "HELD, its objective was met".to_owned(),
        (_, 0) => format!("HELD, all {number} objectives were met"),
        (1, _) => "FAILED, its objective was missed".to_owned(),
        _ => format!("FAILED, {missed} of {number} objectives were missed"),
    }
}

/// What was asked of the system, and what it gave.
fn sentence(results: &Results) -> String {
    let report = results.report();
    let requests = &report.requests;
    let simulated = format!(
        "{} simulated from {}.",
        format::span(SimDuration::from_secs_f64(
            report.provenance.simulated_seconds
        )),
        results.recorder().clock().beginning(),
    );
    if requests.offered == 0 && !report.queues.is_empty() {
        return format!("{simulated} {}", jobs(report));
    }
    let arrived = format!(
        "{simulated} {} arrived; ",
        format::times(requests.offered, "request"),
    );
    if requests.completed == requests.offered {
        return arrived + "all were answered.";
    }
    if requests.failed == 0 {
        return format!(
            "{arrived}all were answered but {}, still under way at the end.",
            format::count(requests.in_flight)
        );
    }
    let answered = format::ratio(requests.completed, requests.completed + requests.failed);
    let open = match requests.in_flight {
        0 => String::new(),
        number => format!(", {} had no answer yet at the end", format::count(number)),
    };
    format!(
        "{arrived}{} were answered, {} failed{open}.",
        format::share(answered),
        format::count(requests.failed),
    )
}

/// The same where nobody sends requests.
fn jobs(report: &Report) -> String {
    let sum = |of: fn(&QueueReport) -> u64| report.queues.values().map(of).sum::<u64>();
    format!(
        "No requests; {} came, {} were done, {} failed, {} are left.",
        format::times(sum(|queue| queue.enqueued), "job"),
        format::count(sum(|queue| queue.processed)),
        format::count(sum(|queue| queue.failed)),
        format::count(sum(|queue| queue.waiting + queue.in_progress)),
    )
}

fn row(slo: &SloReport, written: &str) -> Vec<String> {
    let measured = match (slo.measured, slo.unit) {
        (None, _) if slo.infinite => "infinite".to_owned(),
        (None, _) => "nothing".to_owned(),
        (Some(value), "seconds") => format::latency(value),
        (Some(value), "share") => format::share(value),
        (Some(value), _) => format::count(value as u64),
    };
    // Beyond twice the budget a multiple is easier to grasp than a percentage.
    let budget = match slo.error_budget_used {
        None => String::new(),
        Some(used) if used > 2.0 => format!("{} times", format::rate(used)),
        Some(used) => format::share(used),
    };
    vec![
        if slo.met { "✓" } else { "✗" }.to_owned(),
        slo.name.clone(),
        slo.endpoint.clone().unwrap_or_else(|| "all".to_owned()),
        written.to_owned(),
        measured,
        budget,
        slo.minutes_missed.map_or_else(String::new, format::count),
    ]
}
