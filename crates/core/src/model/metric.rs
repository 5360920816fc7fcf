//! Metrics by name: what autoscalers find when they ask for one.

use super::{QueueId, ServiceId};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

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
    /// A figure of a queue. `None`: the one that the asker means by its selector
    /// (`length`, `messages`, `publish_rate`, offsets), else the jobs that wait.
    Queue(QueueId, Option<QueueFigure>),
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
    /// type Pods of the same service: what is inside each pod; every other figure is given in equal
    /// shares.
    InFlight,
    /// Mean of the attempts in flight over the window.
    Concurrency,
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

impl MetricSource {
    /// Whether it is read between two points in time: a rate or a mean.
    pub const fn needs_window(self) -> bool {
        match self {
            Self::Service(_, figure) => !matches!(figure, ServiceFigure::InFlight),
            Self::Queue(_, figure) => matches!(
                figure,
                Some(QueueFigure::EnqueueRate | QueueFigure::ProcessRate)
            ),
        }
    }
}
