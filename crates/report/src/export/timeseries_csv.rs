//! `timeseries.csv`: one row for each sample of each metric.
//!
//! `time_seconds` is the end of the report interval. Levels (`replicas_*`, `queued`, `memory_*`; of
//! queues `waiting`, `in_progress` and `oldest_seconds`) are those at that time, rates and cores are
//! means over the interval, latencies are those of the requests answered in it. What is not known
//! (the latency of no request) has no row.

use super::Exporter;
use crate::recorder::{EndpointSample, NodeGroupSample, QueueSample, ServiceSample};
use crate::results::Results;
use flashcrowd_units::SimDuration;
use std::io::{self, Write};

/// All time series.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeseriesCsv;

impl Exporter for TimeseriesCsv {
    fn file_name(&self) -> &'static str {
        "timeseries.csv"
    }

    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        let recorder = results.recorder();
        let context = recorder.context();
        let samples = recorder.samples();
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["time_seconds", "component", "metric", "value"])?;
        for (row, (start, end)) in samples.extents().iter().enumerate() {
            let time = end.as_secs_f64().to_string();
            let length = end.since(*start);
            for (endpoint, sample) in context.endpoints.iter().zip(samples.endpoints(row)) {
                for (metric, value) in endpoint_metrics(sample, length) {
                    if let Some(value) = value {
                        csv.write_record([&time, &endpoint.name, metric, &value.to_string()])?;
                    }
                }
            }
            for (service, sample) in context.services.iter().zip(samples.services(row)) {
                for (metric, value) in service_metrics(sample, length) {
                    if let Some(value) = value {
                        csv.write_record([&time, &service.name, metric, &value.to_string()])?;
                    }
                }
            }
            for (queue, sample) in context.queues.iter().zip(samples.queues(row)) {
                for (metric, value) in queue_metrics(sample, length) {
                    if let Some(value) = value {
                        csv.write_record([&time, queue, metric, &value.to_string()])?;
                    }
                }
            }
            let Some((groups, unschedulable)) = recorder.node_samples(row) else {
                continue;
            };
            let levels = recorder.node_groups();
            for ((group, sample), levels) in context.node_groups.iter().zip(groups).zip(levels) {
                if !levels.is_shown(group.is_offering) {
                    continue;
                }
                let component = format!("nodes/{}", group.name);
                for (metric, value) in node_group_metrics(sample, length) {
                    csv.write_record([&time, &component, metric, &value.to_string()])?;
                }
            }
            let unschedulable = unschedulable.to_string();
            csv.write_record([&*time, "nodes", "pods_unschedulable", &unschedulable])?;
        }
        csv.flush()
    }
}

type Metric = (&'static str, Option<f64>);

fn endpoint_metrics(sample: &EndpointSample, length: SimDuration) -> [Metric; 7] {
    let per_second = |number: u64| Some(number as f64 / length.as_secs_f64());
    [
        ("requests_per_second", per_second(sample.offered)),
        ("completed_per_second", per_second(sample.completed)),
        ("failed_per_second", per_second(sample.failed)),
        ("latency_mean_seconds", sample.mean),
        ("latency_p50_seconds", sample.p50),
        ("latency_p95_seconds", sample.p95),
        ("latency_p99_seconds", sample.p99),
    ]
}

fn queue_metrics(sample: &QueueSample, length: SimDuration) -> [Metric; 8] {
    let per_second = |number: u64| Some(number as f64 / length.as_secs_f64());
    [
        ("enqueued_per_second", per_second(sample.enqueued)),
        ("processed_per_second", per_second(sample.processed)),
        ("jobs_failed_per_second", per_second(sample.failed)),
        ("depth_mean", Some(sample.depth_mean)),
        ("waiting", Some(sample.waiting as f64)),
        ("in_progress", Some(sample.in_progress as f64)),
        ("oldest_seconds", Some(sample.oldest_seconds)),
        ("wait_p95_seconds", sample.wait_p95),
    ]
}

fn node_group_metrics(sample: &NodeGroupSample, length: SimDuration) -> [(&'static str, f64); 10] {
    let group = &sample.interval;
    [
        ("nodes_target", group.target.into()),
        ("nodes_starting", group.starting.into()),
        ("nodes_ready", group.ready.into()),
        ("nodes_draining", group.draining.into()),
        ("pods", group.pods.into()),
        ("cpu_requested_cores", group.cpu_requested),
        ("cpu_allocatable_cores", group.cpu_allocatable),
        ("memory_requested_bytes", group.memory_requested as f64),
        ("memory_allocatable_bytes", group.memory_allocatable as f64),
        (
            "cost_usd_per_hour",
            group.cost.get() * 3600.0 / length.as_secs_f64(),
        ),
    ]
}

fn service_metrics(sample: &ServiceSample, length: SimDuration) -> [Metric; 15] {
    let per_second = |number: u64| Some(number as f64 / length.as_secs_f64());
    let requested = sample.cpu_request_cores > 0.0;
    [
        ("replicas_desired", Some(sample.desired.into())),
        ("replicas_current", Some(sample.current.into())),
        ("replicas_ready", Some(sample.ready.into())),
        ("pods_terminating", Some(sample.terminating.into())),
        ("attempts_per_second", per_second(sample.attempts)),
        ("attempts_failed_per_second", per_second(sample.failed)),
        ("cpu_cores", Some(sample.cpu_cores)),
        ("cpu_capacity_cores", Some(sample.cpu_capacity_cores)),
        (
            "cpu_utilization",
            requested.then(|| sample.cpu_cores / sample.cpu_request_cores),
        ),
        ("cpu_throttled_ratio", Some(sample.throttled)),
        ("in_flight", Some(sample.in_flight)),
        ("queued", Some(sample.queued as f64)),
        ("memory_bytes", Some(sample.memory_bytes as f64)),
        ("memory_max_bytes", Some(sample.memory_max_bytes as f64)),
        (
            "cost_usd_per_hour",
            Some(sample.cost_usd * 3600.0 / length.as_secs_f64()),
        ),
    ]
}
