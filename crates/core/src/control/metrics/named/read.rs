//! Reading counters and levels: of services, endpoints, queues, clients.

use super::sampler::Read;
use crate::control::World;
use crate::model::{
    EndpointFigure, EndpointId, MetricSource, QueueFigure, Reckoning, ServiceFigure, ServiceId,
};
use crate::plane::{DataPlane, QueueLevels};
use crate::record::EndpointInterval;
use flashcrowd_telemetry::LatencyHistogram;
use serde::{Deserialize, Serialize};

/// Counters of a service before the present report interval.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::control) struct Carried {
    pub(in crate::control) attempts: u64,
    pub(in crate::control) failed: u64,
    pub(in crate::control) in_flight_seconds: f64,
}

/// Counters of an endpoint before the present report interval.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::control) struct CarriedEndpoint {
    /// `None`: nobody asks for them.
    counters: Option<Box<EndpointInterval>>,
}

/// What is counted, or a level, and what it is put in relation to.
type Pair = (f64, f64);

impl<P: DataPlane> World<P> {
    /// From now on the counters that a metric needs are kept beyond the end of a report interval.
    pub(super) fn watch(&mut self, source: MetricSource) {
        let count = self.model.endpoints.len();
        self.carried.resize_with(count, CarriedEndpoint::default);
        for endpoint in self.endpoints_of(source) {
            let counters = &mut self.carried[endpoint.index()].counters;
            counters.get_or_insert_default();
        }
    }

    /// The endpoints whose counters a metric needs.
    fn endpoints_of(&self, source: MetricSource) -> Vec<EndpointId> {
        let all = (0..).map(EndpointId).zip(&self.model.endpoints);
        match source {
            MetricSource::Endpoint(endpoint, _) => vec![endpoint],
            MetricSource::Service(service, _) if source.needs_latency() => all
                .filter(|(_, endpoint)| endpoint.service == service)
                .map(|(id, _)| id)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A report interval ends: the counters of the plane begin anew.
    pub(in crate::control) fn carry_endpoints(&mut self) {
        let present = self.plane.endpoints();
        for (carried, now) in self.carried.iter_mut().zip(present) {
            let Some(sum) = &mut carried.counters else {
                continue;
            };
            sum.offered += now.offered;
            sum.completed += now.completed;
            for (sum, new) in sum.failed.iter_mut().zip(now.failed) {
                *sum += new;
            }
            sum.latency.merge(&now.latency);
        }
    }

    /// The value of a level, now.
    pub(super) fn live(&mut self, source: MetricSource) -> Option<f64> {
        let read = self.read(source);
        match source.reckoning() {
            Reckoning::LevelShare => (read.of > 0.0).then(|| read.count / read.of),
            _ => Some(read.count),
        }
    }

    /// Reads what a metric is made of.
    pub(super) fn read(&mut self, source: MetricSource) -> Read {
        let now = self.now;
        let (count, of) = match source {
            MetricSource::Service(service, figure) => self.service_figure(service, figure),
            MetricSource::Endpoint(endpoint, figure) => self.endpoint_figure(endpoint, figure),
            MetricSource::Queue(queue, figure) => {
                let levels = self.plane.queue(queue, now);
                (level(&levels, figure.unwrap_or(QueueFigure::Waiting)), 0.0)
            }
            MetricSource::Clients => (self.plane.totals().in_flight as f64, 0.0),
        };
        let latency = source
            .needs_latency()
            .then(|| Box::new(self.latency(source)));
        Read {
            at: now,
            count,
            of,
            latency,
        }
    }

    /// All latencies of a metric's endpoints so far.
    fn latency(&self, source: MetricSource) -> LatencyHistogram {
        let mut all = LatencyHistogram::new();
        for endpoint in self.endpoints_of(source) {
            let index = endpoint.index();
            all.merge(&self.plane.endpoints()[index].latency);
            if let Some(before) = &self.carried[index].counters {
                all.merge(&before.latency);
            }
        }
        all
    }

    /// A counter of an endpoint since the start of the run, and what it relates to.
    fn endpoint_figure(&self, endpoint: EndpointId, figure: EndpointFigure) -> Pair {
        let now = &self.plane.endpoints()[endpoint.index()];
        let before = self.carried[endpoint.index()].counters.as_deref();
        let sum = |get: fn(&EndpointInterval) -> u64| (get(now) + before.map_or(0, get)) as f64;
        let failed = sum(EndpointInterval::failed_total);
        match figure {
            EndpointFigure::Requests => (sum(|it| it.offered), 0.0),
            EndpointFigure::Errors => (failed, 0.0),
            EndpointFigure::ErrorRatio => (failed, failed + sum(|it| it.completed)),
            EndpointFigure::Latency(_) => (0.0, 0.0),
        }
    }

    /// A counter of a service since the start of the run, or a level; and what it relates to.
    fn service_figure(&mut self, service: ServiceId, figure: ServiceFigure) -> Pair {
        use ServiceFigure as Figure;
        match figure {
            Figure::Requests
            | Figure::Errors
            | Figure::ErrorRatio
            | Figure::InFlight
            | Figure::Concurrency => self.traffic_figure(service, figure),
            Figure::Cpu
            | Figure::CpuUtilization
            | Figure::CpuUtilizationOfLimit
            | Figure::CpuThrottled
            | Figure::Memory
            | Figure::MemoryUtilization
            | Figure::MemoryUtilizationOfLimit => self.usage_figure(service, figure),
            Figure::Replicas => {
                let pods = self.services[service.index()].pods.iter();
                let active = pods.filter(|&&server| self.pod(server).is_active());
                (active.count() as f64, 0.0)
            }
            Figure::ReadyReplicas => {
                let ready = self.services[service.index()].interval.ready.value();
                (ready as f64, 0.0)
            }
            Figure::Latency(_) => (0.0, 0.0),
        }
    }

    fn traffic_figure(&mut self, service: ServiceId, figure: ServiceFigure) -> Pair {
        let traffic = self.plane.traffic(service, self.now);
        let carried = self.services[service.index()].carried;
        let attempts = (carried.attempts + traffic.attempts) as f64;
        let failed = (carried.failed + traffic.failed.iter().sum::<u64>()) as f64;
        match figure {
            ServiceFigure::Errors => (failed, 0.0),
            ServiceFigure::ErrorRatio => (failed, attempts),
            ServiceFigure::InFlight => (f64::from(traffic.inside + traffic.held), 0.0),
            ServiceFigure::Concurrency => {
                let seconds = traffic.inside_seconds + traffic.held_seconds;
                (carried.in_flight_seconds + seconds, 0.0)
            }
            _ => (attempts, 0.0),
        }
    }

    fn usage_figure(&mut self, service: ServiceId, figure: ServiceFigure) -> Pair {
        let now = self.now;
        let mut sum = self.services[service.index()].interval.ended;
        let mut memory = 0;
        for server in self.services[service.index()].pods.clone() {
            if self.pod(server).container.running_since.is_some() {
                let usage = self.plane.usage(server, now);
                sum.cpu_seconds += usage.cpu_seconds;
                sum.cfs_periods += usage.cfs_periods;
                sum.cfs_throttled += usage.cfs_throttled;
                memory += usage.memory_bytes;
            }
        }
        let granted = &self.services[service.index()].interval.granted;
        let cpu = sum.cpu_seconds;
        let memory = memory as f64;
        match figure {
            ServiceFigure::CpuUtilization => (cpu, granted.cpu_request.integral(now) / 1000.0),
            ServiceFigure::CpuUtilizationOfLimit => (cpu, granted.cpu_limit.integral(now) / 1000.0),
            ServiceFigure::CpuThrottled => (sum.cfs_throttled as f64, sum.cfs_periods as f64),
            ServiceFigure::Memory => (memory, 0.0),
            ServiceFigure::MemoryUtilization => (memory, granted.memory_request.value() as f64),
            ServiceFigure::MemoryUtilizationOfLimit => {
                (memory, granted.memory_limit.value() as f64)
            }
            _ => (cpu, 0.0),
        }
    }
}

/// A level of a queue, or a counter where a rate is made of it.
fn level(levels: &QueueLevels, figure: QueueFigure) -> f64 {
    match figure {
        QueueFigure::Waiting => levels.waiting as f64,
        QueueFigure::InProgress => levels.in_progress as f64,
        QueueFigure::Length => (levels.waiting + levels.in_progress) as f64,
        QueueFigure::EnqueueRate => levels.enqueued as f64,
        QueueFigure::ProcessRate => levels.processed as f64,
        QueueFigure::OldestSeconds => levels.oldest_seconds,
    }
}
