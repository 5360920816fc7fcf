//! What it cost.

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::results::Results;

pub(super) fn render(page: &mut Page, results: &Results) {
    let report = results.report();
    if report.services.is_empty() {
        return;
    }
    page.heading(&format!("Cost: {}", format::usd(report.cost.total_usd)));
    let unit = results.recorder().context().unit();
    let (hours, numbers) = (format!("{unit}-hours"), format!("{unit}s min/mean/max"));
    let columns = [
        ("", Align::Left),
        ("cost", Align::Right),
        (hours.as_str(), Align::Right),
        (numbers.as_str(), Align::Right),
        ("scaled up/down", Align::Right),
        ("CPU of request", Align::Right),
    ];
    let rows = report.services.iter().map(|(name, service)| {
        let replicas = service.replicas;
        vec![
            name.clone(),
            format::usd(service.cost_usd),
            format!("{:.1}", service.pod_hours),
            format!("{} / {:.1} / {}", replicas.min, replicas.mean, replicas.max),
            format!(
                "{} / {}",
                service.scaling_events.up, service.scaling_events.down
            ),
            service
                .cpu_utilization_mean
                .map_or_else(|| "-".to_owned(), format::share),
        ]
    });
    table::print(page, &columns, rows.collect());
}

/// Node groups, where there are any.
pub(super) fn render_nodes(page: &mut Page, results: &Results) {
    let report = results.report();
    if report.node_groups.is_empty() {
        return;
    }
    page.heading("Nodes");
    let columns = [
        ("", Align::Left),
        ("cost", Align::Right),
        ("node-hours", Align::Right),
        ("nodes min/mean/max", Align::Right),
        ("scaled up/down", Align::Right),
        ("interrupted", Align::Right),
        ("CPU requested", Align::Right),
    ];
    let rows = report.node_groups.iter().map(|(name, group)| {
        let nodes = group.nodes;
        vec![
            name.clone(),
            format::usd(group.cost_usd),
            format!("{:.1}", group.node_hours),
            format!("{} / {:.1} / {}", nodes.min, nodes.mean, nodes.max),
            format!(
                "{} / {}",
                group.scaling_events.up, group.scaling_events.down
            ),
            format::count(group.interruptions),
            group
                .cpu_requested_mean
                .map_or_else(|| "-".to_owned(), format::share),
        ]
    });
    table::print(page, &columns, rows.collect());
}
