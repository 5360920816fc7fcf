//! Load, failures, latency and replicas over time, one line each.

use super::page::Page;
use crate::format;
use crate::recorder::{EndpointSample, Samples, ServiceSample};
use crate::results::Results;
use crate::wall_clock::WallClock;
use flashcrowd_telemetry::{Resample, sparkline};
use flashcrowd_units::{SimDuration, SimTime};

/// Services that are drawn; a larger system is summed up in its tables.
const SERVICES: usize = 6;
/// Endpoints whose latency is drawn: those with the most requests.
const ENDPOINTS: usize = 4;
/// Columns for names, and for each of minimum and maximum.
const LABEL: usize = 20;
const EXTREME: usize = 8;
/// Steps that the axis may have [s]. The first that gives at most [`TICKS`] is taken.
const STEPS: [u64; 16] = [
    1, 5, 15, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800,
    2_592_000,
];
const TICKS: u64 = 5;

pub(super) fn render(page: &mut Page, results: &Results) {
    let samples = results.recorder().samples();
    if samples.is_empty() {
        return;
    }
    page.heading("Over time");
    let clock = results.recorder().clock();
    let time = clock.short(SimTime::ZERO).chars().count();
    let width = page.width() - LABEL - 2 * EXTREME - time - 8;
    let chart = Chart {
        samples,
        clock,
        width,
    };
    chart.axis(page);
    let context = results.recorder().context();
    let offered = rates(samples, |e| e.offered);
    let failed = rates(samples, |e| e.failed);
    if offered.iter().any(|rate| *rate > 0.0) {
        chart.line(page, "requests/s", &offered, format::rate);
        chart.line(page, "failed/s", &failed, format::rate);
    }
    for index in busiest(results) {
        let name = shortened(&format!("p95 {}", context.endpoints[index].name));
        chart.line(page, &name, &p95(samples, index), format::latency);
    }
    for (index, service) in context.services.iter().enumerate().take(SERVICES) {
        let level = |of: fn(&ServiceSample) -> f64| -> Vec<f64> {
            samples
                .service(index)
                .map(|(_, sample)| of(sample))
                .collect()
        };
        let count = |value: f64| format::count(value as u64);
        page.paragraph("  ", &service.name);
        chart.line(
            page,
            "  desired replicas",
            &level(|s| s.desired.into()),
            count,
        );
        chart.line(page, "  ready replicas", &level(|s| s.ready.into()), count);
        chart.line(
            page,
            if service.is_pool {
                "  CPU of instances"
            } else {
                "  CPU of ready pods"
            },
            &level(cpu_of_capacity),
            format::share,
        );
    }
    if context.services.len() > SERVICES {
        let more = (context.services.len() - SERVICES) as u64;
        page.line(&format!("  and {}", format::times(more, "more service")));
    }
    if offered
        .iter()
        .zip(&failed)
        .any(|(offered, failed)| failed > offered)
    {
        page.paragraph(
            "  ",
            "failed/s counts requests when they fail, not when they arrived: a container that is \
             killed fails all that wait in it at once.",
        );
    }
}

/// The endpoints with the most requests, in the order of the scenario.
fn busiest(results: &Results) -> Vec<usize> {
    let endpoints = results.recorder().endpoints();
    let mut indices: Vec<_> = (0..endpoints.len()).collect();
    indices.sort_by_key(|index| std::cmp::Reverse(endpoints[*index].offered));
    indices.truncate(ENDPOINTS);
    indices.sort_unstable();
    indices
}

/// A name that fits into its column.
fn shortened(name: &str) -> String {
    if name.chars().count() <= LABEL {
        return name.to_owned();
    }
    name.chars().take(LABEL - 1).chain(['…']).collect()
}

struct Chart<'a> {
    samples: &'a Samples,
    clock: &'a WallClock,
    /// Columns of the longest line of blocks.
    width: usize,
}

impl Chart<'_> {
    /// Local times above the cells that begin then, and the titles of the extremes.
    fn axis(&self, page: &mut Page) {
        let extents = self.samples.extents();
        let (Some((first, _)), Some((_, last))) = (extents.first(), extents.last()) else {
            return;
        };
        let span = last.since(*first).as_nanos();
        let whole = |step: &u64| SimDuration::from_secs(*step).as_nanos();
        let step = STEPS
            .iter()
            .map(whole)
            .find(|step| span.div_ceil(*step) <= TICKS)
            .unwrap_or(span);
        let cells = self.width.min(self.samples.len()) as u64;
        let mut line = String::new();
        let mut used = 0;
        for tick in 0..span.div_ceil(step.max(1)) {
            let cell = (u128::from(tick * step) * u128::from(cells) / u128::from(span)) as usize;
            let label = format!(
                "╷{}",
                self.clock
                    .short(*first + SimDuration::from_nanos(tick * step))
            );
            let end = cell + label.chars().count();
            if cell >= used && end <= self.width {
                line += &" ".repeat(cell - line.chars().count());
                line += &label;
                used = end + 1;
            }
        }
        let width = self.width;
        page.line(&format!(
            "  {:LABEL$}{line:width$}  {:>EXTREME$}  {:>EXTREME$}  at",
            "", "min", "max"
        ));
    }

    /// A name, the values as blocks, their minimum and maximum and when that was first reached.
    fn line(&self, page: &mut Page, name: &str, values: &[f64], show: impl Fn(f64) -> String) {
        let known = || {
            values
                .iter()
                .copied()
                .enumerate()
                .filter(|(_, value)| value.is_finite())
        };
        let Some(least) = known().map(|(_, value)| value).reduce(f64::min) else {
            return;
        };
        // The first among equals.
        let most = known().reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((row, most)) = most else { return };
        let at = if least == most {
            String::new()
        } else {
            self.clock.short(self.samples.extents()[row].0)
        };
        let blocks = sparkline(values, self.width, Resample::Max);
        let (width, least, most) = (self.width, show(least), show(most));
        page.line(&format!(
            "  {name:LABEL$}{blocks:width$}  {least:>EXTREME$}  {most:>EXTREME$}  {at}"
        ));
    }
}

fn rates(samples: &Samples, of: fn(&EndpointSample) -> u64) -> Vec<f64> {
    let extents = samples.extents().iter().enumerate();
    let rate = |(row, (start, end)): (usize, &(SimTime, SimTime))| {
        let length: SimDuration = end.since(*start);
        samples.endpoints(row).iter().map(of).sum::<u64>() as f64 / length.as_secs_f64()
    };
    extents.map(rate).collect()
}

fn p95(samples: &Samples, endpoint: usize) -> Vec<f64> {
    let known = samples.endpoint(endpoint);
    known
        .map(|(_, sample)| sample.p95.unwrap_or(f64::NAN))
        .collect()
}

fn cpu_of_capacity(sample: &ServiceSample) -> f64 {
    // Pods that are not ready use CPU, too. NaN where no pod was ready: a blank.
    (sample.cpu_cores / sample.cpu_capacity_cores).clamp(0.0, 1.0)
}
