//! Latency percentiles by endpoint.

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::results::Results;

pub(super) fn render(page: &mut Page, results: &Results) {
    let endpoints = &results.report().endpoints;
    if endpoints.is_empty() {
        return;
    }
    page.heading("Latency of answered requests, by endpoint");
    let mut columns = vec![("", Align::Left)];
    columns.extend(
        [
            "requests", "failed", "mean", "p50", "p90", "p95", "p99", "p99.9", "max",
        ]
        .map(|title| (title, Align::Right)),
    );
    let rows = endpoints.iter().map(|(name, endpoint)| {
        let failed = format::ratio(endpoint.requests.failed, endpoint.requests.offered);
        let latency = endpoint.latency_seconds;
        let mut row = vec![
            name.clone(),
            format::count(endpoint.requests.offered),
            format::share(failed),
        ];
        let numbers = [
            latency.mean,
            latency.p50,
            latency.p90,
            latency.p95,
            latency.p99,
            latency.p999,
            latency.max,
        ];
        row.extend(numbers.map(|seconds| seconds.map_or_else(|| "-".to_owned(), format::latency)));
        row
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    // On a narrow terminal the columns that are missed least make room.
    if page.width() < 96 {
        for index in [8, 5, 3] {
            columns.remove(index);
            for row in &mut rows {
                row.remove(index);
            }
        }
    }
    table::print(page, &columns, rows);
}
