//! The worst minutes: those in which requests failed, or that missed an objective on their own.

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::report::MinuteReport;
use crate::results::Results;
use flashcrowd_units::{SimDuration, SimTime};

/// How many are shown; `report.json` has more.
const SHOWN: usize = 5;

pub(super) fn render(page: &mut Page, results: &Results) {
    let recorded = results.recorder().worst_minutes();
    let minutes = results.report().worst_minutes.iter().zip(recorded);
    let mut rows: Vec<_> = minutes
        .filter(|(_, minute)| minute.is_unhealthy())
        .take(SHOWN)
        .map(|(minute, _)| row(minute, results))
        .collect();
    if rows.is_empty() {
        return;
    }
    page.heading("Worst minutes");
    let mut columns = vec![
        ("at", Align::Left),
        ("requests/s", Align::Right),
        ("failed", Align::Right),
        ("too slow", Align::Right),
        ("p95", Align::Right),
        ("worst endpoint", Align::Left),
        ("ready/desired", Align::Left),
        ("CPU of ready", Align::Right),
    ];
    if page.width() < 96 {
        columns.remove(5);
        for row in &mut rows {
            row.remove(5);
        }
    }
    table::print(page, &columns, rows);
}

fn row(minute: &MinuteReport, results: &Results) -> Vec<String> {
    let at = SimTime::ZERO + SimDuration::from_secs_f64(minute.at_seconds);
    let ended = minute.completed + minute.failed;
    let mut row = vec![
        results.recorder().clock().short(at),
        format::rate(minute.offered as f64 / minute.seconds),
        format::share(format::ratio(minute.failed, ended)),
        format::share(format::ratio(minute.slow, ended)),
        minute
            .p95_seconds
            .map_or_else(|| "-".to_owned(), format::latency),
        format!(
            "{} ({} bad)",
            minute.worst_endpoint,
            format::share(minute.worst_endpoint_bad)
        ),
    ];
    // Of several services the one that was closest to its limit.
    let used = |cpu: Option<f64>| cpu.unwrap_or(0.0);
    let services = minute.services.iter().rev();
    let tightest = services
        .max_by(|(_, a), (_, b)| used(a.cpu_of_capacity).total_cmp(&used(b.cpu_of_capacity)));
    if let Some((name, service)) = tightest {
        row.push(format!("{name} {}/{}", service.ready, service.desired));
        // Pods that are not ready use CPU, too.
        let cpu = service.cpu_of_capacity.map(|used| used.min(1.0));
        row.push(cpu.map_or_else(|| "-".to_owned(), format::share));
    } else {
        row.extend([String::new(), String::new()]);
    }
    row
}
