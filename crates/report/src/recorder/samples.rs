//! Time series: one sample of everything per report interval.

use super::bucket::Bucket;
use crate::format::ratio;
use flashcrowd_core::record::{EndpointInterval, QueueInterval, ServiceInterval};
use flashcrowd_units::{SimDuration, SimTime};

/// An endpoint in one report interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EndpointSample {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that were answered.
    pub completed: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Latency of the answered ones: mean \[s\]. This and the following are `None` without any.
    pub mean: Option<f64>,
    /// Median \[s\].
    pub p50: Option<f64>,
    /// 95th percentile \[s\].
    pub p95: Option<f64>,
    /// 99th percentile \[s\].
    pub p99: Option<f64>,
}

impl EndpointSample {
    pub(crate) fn new(interval: &EndpointInterval) -> Self {
        let seconds = |latency: Option<SimDuration>| latency.map(SimDuration::as_secs_f64);
        let quantile = |q| seconds(interval.latency.quantile(q));
        Self {
            offered: interval.offered,
            completed: interval.completed,
            failed: interval.failed_total(),
            mean: seconds(interval.latency.mean()),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
        }
    }
}

/// A service in one report interval: levels at its end, means over it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceSample {
    /// `spec.replicas` (DESIRED).
    pub desired: u32,
    /// Pods that exist and are not terminating (CURRENT).
    pub current: u32,
    /// Ready pods (READY).
    pub ready: u32,
    /// Terminating pods.
    pub terminating: u32,
    /// Attempts that reached the load balancer.
    pub attempts: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Cores used, on average.
    pub cpu_cores: f64,
    /// Cores that the ready pods could have used, on average.
    pub cpu_capacity_cores: f64,
    /// Cores requested, on average.
    pub cpu_request_cores: f64,
    /// Share of the CFS periods in which a pod was stopped, 0 to 1.
    pub throttled: f64,
    /// Attempts inside pods, on average.
    pub in_flight: f64,
    /// Of those at the end, queued.
    pub queued: u64,
    /// Working sets of all pods \[bytes\].
    pub memory_bytes: u64,
    /// Largest working set of a pod \[bytes\].
    pub memory_max_bytes: u64,
    /// Cost accrued in the interval \[USD\].
    pub cost_usd: f64,
}

impl ServiceSample {
    pub(crate) fn new(interval: &ServiceInterval, length: SimDuration) -> Self {
        let mean = |integral: f64| integral / length.as_secs_f64();
        Self {
            desired: interval.desired,
            current: interval.current,
            ready: interval.ready,
            terminating: interval.terminating,
            attempts: interval.attempts,
            failed: interval.failed.iter().sum(),
            cpu_cores: mean(interval.cpu_seconds),
            cpu_capacity_cores: mean(interval.cpu_capacity_seconds),
            cpu_request_cores: mean(interval.cpu_request_seconds),
            throttled: ratio(interval.cfs_throttled, interval.cfs_periods),
            in_flight: mean(interval.in_flight_seconds),
            queued: interval.queued,
            memory_bytes: interval.memory_bytes,
            memory_max_bytes: interval.memory_max_bytes,
            cost_usd: interval.cost.get(),
        }
    }
}

/// A queue in one report interval: levels at its end, means over it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueSample {
    /// Jobs that were put into it.
    pub enqueued: u64,
    /// Jobs that were done.
    pub processed: u64,
    /// Jobs that ended without being done.
    pub failed: u64,
    /// Jobs that waited, on average.
    pub depth_mean: f64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that a pod works on.
    pub in_progress: u64,
    /// Age of the job at the head \[s\].
    pub oldest_seconds: f64,
    /// 95th percentile of the wait of those that a pod took \[s\]; `None` if none was.
    pub wait_p95: Option<f64>,
}

impl QueueSample {
    pub(crate) fn new(interval: &QueueInterval, length: SimDuration) -> Self {
        let wait = interval.waits.quantile(0.95);
        Self {
            enqueued: interval.enqueued,
            processed: interval.processed,
            failed: interval.failed,
            depth_mean: interval.waiting_seconds / length.as_secs_f64(),
            waiting: interval.waiting,
            in_progress: interval.in_progress,
            oldest_seconds: interval.oldest_seconds,
            wait_p95: wait.map(SimDuration::as_secs_f64),
        }
    }
}

/// Samples of everything, one row per report interval.
#[derive(Debug)]
pub struct Samples {
    endpoints: usize,
    services: usize,
    queues: usize,
    extents: Vec<(SimTime, SimTime)>,
    /// Row by row.
    endpoint_rows: Vec<EndpointSample>,
    /// Row by row.
    service_rows: Vec<ServiceSample>,
    /// Row by row.
    queue_rows: Vec<QueueSample>,
}

impl Samples {
    pub(crate) fn new(endpoints: usize, services: usize, queues: usize) -> Self {
        Self {
            endpoints,
            services,
            queues,
            extents: Vec::new(),
            endpoint_rows: Vec::new(),
            service_rows: Vec::new(),
            queue_rows: Vec::new(),
        }
    }

    /// Appends what is in `bucket`; nothing if it is empty or has no length.
    pub(crate) fn push(&mut self, bucket: &Bucket) {
        let Some((start, end)) = bucket.extent().filter(|(start, end)| start < end) else {
            return;
        };
        let length = end.since(start);
        self.extents.push((start, end));
        self.endpoint_rows
            .extend(bucket.endpoints.iter().map(EndpointSample::new));
        self.service_rows.extend(
            bucket
                .services
                .iter()
                .map(|s| ServiceSample::new(s, length)),
        );
        let queues = bucket.queues.iter();
        self.queue_rows
            .extend(queues.map(|q| QueueSample::new(q, length)));
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.extents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// The first and last instant of each row.
    pub fn extents(&self) -> &[(SimTime, SimTime)] {
        &self.extents
    }

    /// The samples of all endpoints in one row.
    pub fn endpoints(&self, row: usize) -> &[EndpointSample] {
        &self.endpoint_rows[row * self.endpoints..(row + 1) * self.endpoints]
    }

    /// The samples of all services in one row.
    pub fn services(&self, row: usize) -> &[ServiceSample] {
        &self.service_rows[row * self.services..(row + 1) * self.services]
    }

    /// The samples of all queues in one row.
    pub fn queues(&self, row: usize) -> &[QueueSample] {
        &self.queue_rows[row * self.queues..(row + 1) * self.queues]
    }

    /// One endpoint over time: length of the interval and sample.
    pub fn endpoint(&self, index: usize) -> impl Iterator<Item = (SimDuration, &EndpointSample)> {
        self.lengths().zip(
            self.endpoint_rows
                .iter()
                .skip(index)
                .step_by(self.endpoints.max(1)),
        )
    }

    /// One service over time: length of the interval and sample.
    pub fn service(&self, index: usize) -> impl Iterator<Item = (SimDuration, &ServiceSample)> {
        self.lengths().zip(
            self.service_rows
                .iter()
                .skip(index)
                .step_by(self.services.max(1)),
        )
    }

    fn lengths(&self) -> impl Iterator<Item = SimDuration> {
        self.extents.iter().map(|(start, end)| end.since(*start))
    }
}
