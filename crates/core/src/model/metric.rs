//! Metrics by name: what autoscalers find when they ask for one.

use super::{EndpointId, QueueId, ServiceId};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A metric of the simulation under the name by which autoscalers ask for it.
///
/// Every `resolution` the source is read; a rate or a mean is that between two reads which lie
/// `window` apart, or less at the beginning. A value is served `lag` after it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedMetric {
    /// What autoscalers ask for: the metric of an HPA; the list, queue, topic or query of a KEDA
    /// trigger.
    pub name: String,
    /// What is measured.
    pub source: MetricSource,
    /// Between two reads. Zero: read at the moment in which somebody asks; levels only.
    pub resolution: SimDuration,
    /// From a read until its value is served.
    pub lag: SimDuration,
    /// Over how long rates and means are taken.
    pub window: SimDuration,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetricSource {
    /// A figure of a service.
    Service(ServiceId, ServiceFigure),
    /// A figure of an endpoint: of the requests that clients send there.
    Endpoint(EndpointId, EndpointFigure),
    /// A figure of a queue. `None`: the one that the asker means by its selector
    /// (`length`, `messages`, `publish_rate`, offsets), else the jobs that wait.
    Queue(QueueId, Option<QueueFigure>),
    /// Clients that wait for an answer, of all workloads together.
    Clients,
}

/// A figure of a service, all pods together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceFigure {
    /// Attempts that reach the load balancer \[1/s\].
    Requests,
    /// Attempts that fail \[1/s\].
    Errors,
    /// Share of the attempts that fail, 0 to 1; 0 without attempts.
    ErrorRatio,
    /// Attempts in flight at the moment of the read, what waits for a pod included. As a metric of
    /// type Pods of the same service: what is inside each pod; so is `Memory`. Of shares,
    /// utilizations and latencies every pod has the whole, of all other figures an equal part.
    InFlight,
    /// Mean of the attempts in flight over the window.
    Concurrency,
    /// CPU used \[cores\].
    Cpu,
    /// CPU used, as a share of what the running containers request. None if they request nothing.
    CpuUtilization,
    /// CPU used, as a share of the limits of the running containers. None if they have none.
    CpuUtilizationOfLimit,
    /// Share of the CFS periods in which a pod was stopped; 0 without any.
    CpuThrottled,
    /// Working sets at the moment of the read \[bytes\].
    Memory,
    /// The same as a share of what the running containers request. None if they request nothing.
    MemoryUtilization,
    /// The same as a share of the limits of the running containers. None if they have none.
    MemoryUtilizationOfLimit,
    /// Latency of the clients' requests to all endpoints that were answered \[s\]. None if none
    /// was.
    Latency(Percentile),
    /// Pods that exist and are not terminating.
    Replicas,
    /// Pods that are ready.
    ReadyReplicas,
}

/// A figure of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointFigure {
    /// Requests that arrive \[1/s\].
    Requests,
    /// Requests that fail \[1/s\].
    Errors,
    /// Share of the requests that fail, of those that end; 0 if none does.
    ErrorRatio,
    /// Latency of those that were answered \[s\]. None if none was.
    Latency(Percentile),
}

/// A percentile, above 0 and up to 100, in steps of a thousandth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percentile(u32);

impl Percentile {
    /// The nearest percentile; `None` if it is not above 0 and up to 100.
    pub fn new(percent: f64) -> Option<Self> {
        let thousandths = (percent * 1000.0).round();
        (1.0..=100_000.0)
            .contains(&thousandths)
            .then_some(Self(thousandths as u32))
    }

    /// As a share of 1.
    pub fn quantile(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }
}

impl fmt::Display for Percentile {
    /// `p95`, `p99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", f64::from(self.0) / 1000.0)
    }
}

/// A figure of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueFigure {
    /// Jobs that wait.
    Waiting,
    /// Jobs that a pod works on.
    InProgress,
    /// Jobs that wait or are worked on.
    Length,
    /// Jobs that come \[1/s\].
    EnqueueRate,
    /// Jobs that are done \[1/s\].
    ProcessRate,
    /// Age of the job at the head of the queue \[s\]; 0 if none waits.
    OldestSeconds,
}

/// How a figure comes out of what is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reckoning {
    /// It is what is read.
    Level,
    /// It is what is read, as a share of something that is read too.
    LevelShare,
    /// Growth of a counter per second of the window.
    Rate,
    /// Growth of a counter as a share of the growth of another one. The value where that does not
    /// grow.
    Share(Option<f64>),
    /// A quantile of what came in the window.
    Quantile(f64),
}

impl MetricSource {
    /// Whether it is read between two points in time: a rate, a mean or a percentile.
    pub fn needs_window(self) -> bool {
        !matches!(self.reckoning(), Reckoning::Level | Reckoning::LevelShare)
    }

    /// Whether pods have the same value as all of them together, and not a part of it.
    pub(crate) fn is_same_for_each(self) -> bool {
        matches!(
            self.reckoning(),
            Reckoning::LevelShare | Reckoning::Share(_) | Reckoning::Quantile(_)
        )
    }

    /// The services whose endpoints' latencies it needs, or the endpoint.
    pub(crate) fn needs_latency(self) -> bool {
        matches!(self.reckoning(), Reckoning::Quantile(_))
    }

    pub(crate) fn reckoning(self) -> Reckoning {
        match self {
            Self::Service(_, figure) => figure.reckoning(),
            Self::Endpoint(_, figure) => match figure {
                EndpointFigure::Requests | EndpointFigure::Errors => Reckoning::Rate,
                EndpointFigure::ErrorRatio => Reckoning::Share(Some(0.0)),
                EndpointFigure::Latency(percentile) => Reckoning::Quantile(percentile.quantile()),
            },
            Self::Queue(_, Some(QueueFigure::EnqueueRate | QueueFigure::ProcessRate)) => {
                Reckoning::Rate
            }
            Self::Queue(..) | Self::Clients => Reckoning::Level,
        }
    }
}

impl ServiceFigure {
    fn reckoning(self) -> Reckoning {
        match self {
            Self::Requests | Self::Errors | Self::Concurrency | Self::Cpu => Reckoning::Rate,
            Self::ErrorRatio | Self::CpuThrottled => Reckoning::Share(Some(0.0)),
            Self::CpuUtilization | Self::CpuUtilizationOfLimit => Reckoning::Share(None),
            Self::Latency(percentile) => Reckoning::Quantile(percentile.quantile()),
            Self::MemoryUtilization | Self::MemoryUtilizationOfLimit => Reckoning::LevelShare,
            Self::InFlight | Self::Memory | Self::Replicas | Self::ReadyReplicas => {
                Reckoning::Level
            }
        }
    }
}
