//! What became of the jobs of each queue, and how long they waited.

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::results::Results;

pub(super) fn render(page: &mut Page, results: &Results) {
    let queues = &results.report().queues;
    if queues.is_empty() {
        return;
    }
    page.heading("Queues (jobs = done + failed + left)");
    let mut columns = vec![
        ("", Align::Left),
        ("jobs", Align::Right),
        ("done", Align::Right),
        ("failed", Align::Right),
        ("left", Align::Right),
        ("done again", Align::Right),
        ("depth mean/max", Align::Right),
        ("wait p95", Align::Right),
        ("wait max", Align::Right),
        ("oldest left", Align::Right),
    ];
    let seconds = |known: Option<f64>| known.map_or_else(|| "-".to_owned(), format::latency);
    let rows = queues.iter().map(|(name, queue)| {
        vec![
            name.clone(),
            format::count(queue.enqueued),
            format::count(queue.processed),
            format::count(queue.failed),
            format::count(queue.waiting + queue.in_progress),
            format::count(queue.requeued),
            format!(
                "{} / {}",
                format::rate(queue.depth.mean),
                format::count(queue.depth.max)
            ),
            seconds(queue.wait_seconds.p95),
            seconds(queue.wait_seconds.max),
            seconds((queue.waiting > 0).then_some(queue.oldest_seconds)),
        ]
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    // On a narrow terminal the columns that are missed least make room.
    if page.width() < 96 {
        for index in [8, 5] {
            columns.remove(index);
            for row in &mut rows {
                row.remove(index);
            }
        }
    }
    table::print(page, &columns, rows);
}
