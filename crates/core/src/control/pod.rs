//! A pod as its controllers see it.

use super::instances::Instance;
use super::lifecycle::Stop;
use super::probes::{ProbeKind, ProbeWorker};
use super::vertical::resize::PendingResize;
use crate::model::ServiceId;
use crate::plane::{PodUsage, ServerId};
use crate::record::{NodeId, PodId, PodStage};
use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// An instant that may lie before the start of the run \[ns\]: the pods that are there when a run
/// begins have been running for an hour.
pub(crate) type Instant = i64;

/// A simulated time as an [`Instant`].
pub(crate) fn instant(at: SimTime) -> Instant {
    at.as_nanos() as i64
}

/// How long the first pods have been running when the run begins.
pub(crate) const HISTORY: Instant = -3_600_000_000_000;

/// One pod, from its creation until its index is free again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pod {
    pub(crate) id: PodId,
    pub(crate) server: ServerId,
    pub(crate) service: ServiceId,
    /// The Job that it belongs to, if one made it.
    pub(crate) job: Option<JobId>,
    /// Which template it was made from.
    pub(crate) revision: u32,
    /// Breaks ties among victims as the random part of a name does.
    pub(crate) uid: u64,
    pub(crate) created: Instant,
    /// `status.startTime`.
    pub(crate) started: Option<Instant>,
    pub(crate) stage: PodStage,
    pub(crate) ready: bool,
    /// Last transition of the Ready condition.
    pub(crate) ready_changed: Option<Instant>,
    /// The deletion timestamp.
    pub(crate) deleting: Option<SimTime>,
    pub(crate) container: Container,
    /// The first ticks of its probes, by [`ProbeKind`]; they outlive the container.
    pub(crate) tickers: [SimTime; ProbeKind::ALL.len()],
    /// What it asks of a node: which of the cluster's demands, in a model with nodes.
    pub(crate) demand: usize,
    /// Where it is bound, in a model with nodes.
    pub(crate) node: Option<NodeId>,
    /// The load balancer sends it requests.
    pub(crate) routed: bool,
    pub(crate) metrics: PodMetrics,
    /// What its application was given when it was created or since, if not what the template says.
    pub(crate) size: Option<PodSize>,
    /// What it is beyond a pod, if it is an instance.
    pub(crate) instance: Option<Instance>,
    /// What it is to be given while it runs, as long as it has not been.
    pub(crate) resize: Option<PendingResize>,
    /// How long its container had run when it was last killed for want of memory.
    pub(crate) oom_killed_after: Option<SimDuration>,
}

/// Requests and limits of a pod's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PodSize {
    pub(crate) cpu_request: Option<Millicores>,
    pub(crate) memory_request: Option<Bytes>,
    pub(crate) cpu_limit: Option<Millicores>,
    pub(crate) memory_limit: Option<Bytes>,
}

/// The application's container.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Container {
    /// Counts starts: events of an earlier container are stale.
    pub(crate) starts: u32,
    pub(crate) running_since: Option<SimTime>,
    pub(crate) listening: bool,
    /// Since when it has had no message, if it is one of a Job that ends then.
    pub(crate) idle_since: Option<SimTime>,
    /// Set once it is being stopped.
    pub(crate) stop: Option<Stop>,
    /// Exits in a row that were not asked for, for the back-off.
    pub(crate) crashes: u32,
    pub(crate) restarts: u32,
    pub(crate) startup: ProbeWorker,
    pub(crate) readiness: ProbeWorker,
    pub(crate) liveness: ProbeWorker,
    /// Counters at the last report interval.
    pub(crate) reported_cpu_seconds: f64,
    pub(crate) reported_periods: u64,
    pub(crate) reported_throttled: u64,
}

/// The CPU and memory figures of one pod in the metrics API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PodMetrics {
    /// The last scrape: when, and the CPU counter then \[core seconds\].
    pub(crate) last: Option<(SimTime, f64)>,
    /// Values on their way, and the one that is served, oldest first.
    pub(crate) values: VecDeque<MetricValue>,
}

/// One value of the metrics API.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct MetricValue {
    /// When it was measured.
    pub(crate) at: SimTime,
    /// From when on it is served.
    pub(crate) visible: SimTime,
    pub(crate) window: SimDuration,
    /// CPU \[cores\].
    pub(crate) cpu: f64,
    /// Memory \[bytes\].
    pub(crate) memory: u64,
}

impl PodMetrics {
    /// A read at `now`. There is a value if there was one before it.
    pub(crate) fn take_in(&mut self, now: SimTime, visible: SimTime, usage: &PodUsage) {
        if let Some((last, cpu)) = self.last.replace((now, usage.cpu_seconds))
            && now > last
        {
            let window = now - last;
            self.values.push_back(MetricValue {
                at: now,
                visible,
                window,
                cpu: (usage.cpu_seconds - cpu).max(0.0) / window.as_secs_f64(),
                memory: usage.memory_bytes,
            });
        }
    }

    /// What the API answers at `now`.
    pub(crate) fn served(&mut self, now: SimTime) -> Option<MetricValue> {
        while self.values.len() > 1 && self.values[1].visible <= now {
            self.values.pop_front();
        }
        self.values
            .front()
            .copied()
            .filter(|value| value.visible <= now)
    }
}

impl Pod {
    /// It counts for its ReplicaSet.
    pub(crate) fn is_active(&self) -> bool {
        self.deleting.is_none()
    }
}

impl Container {
    /// It has got SIGTERM.
    pub(crate) fn is_told_to_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop.sigterm)
    }
}
