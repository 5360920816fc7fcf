//! How much CPU the containers of a service could use.
//!
//! The records count ready pods only, and a pod that is not ready goes on using CPU: it starts, it
//! works off what it has, it shuts down. Held against the ready pods alone its usage would look
//! like a limit that was met, so here every container that runs counts.

use crate::context::ServiceContext;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, PodId, PodStage, Record, ServiceInterval};
use flashcrowd_units::SimTime;
use std::collections::BTreeSet;

/// From this share of what the pods can use, their CPU counts as being at its limit: measured
/// usage stays a little below it, because a period's last slice is seldom used up.
const SATURATED: f64 = 0.95;

/// CPU that a service used in an interval, and could have used \[core seconds\].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct CpuUse {
    pub(super) used: f64,
    pub(super) capacity: f64,
}

impl CpuUse {
    /// Whether the CPU is at its limit.
    pub(super) fn is_saturated(self) -> bool {
        self.capacity > 0.0 && self.used >= SATURATED * self.capacity
    }

    /// What was used of what could have been, at most all: 0 to 1.
    pub(super) fn share(self) -> f64 {
        (self.used / self.capacity.max(1e-9)).min(1.0)
    }
}

impl std::ops::AddAssign for CpuUse {
    fn add_assign(&mut self, other: Self) {
        self.used += other.used;
        self.capacity += other.capacity;
    }
}

/// Follows the containers that run.
#[derive(Debug)]
pub(super) struct CpuSupply {
    service: ServiceId,
    /// What one pod can use \[cores\].
    per_pod: f64,
    running: BTreeSet<PodId>,
    /// Of the latest change.
    since: SimTime,
    /// Since the last interval.
    pod_seconds: f64,
}

impl CpuSupply {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            per_pod: context.cpu_usable,
            running: BTreeSet::new(),
            since: SimTime::ZERO,
            pod_seconds: 0.0,
        }
    }

    /// Takes note of a record; at the end of an interval, says what the CPU did in it.
    pub(super) fn observe<'a>(
        &mut self,
        at: SimTime,
        record: &'a Record<'_>,
    ) -> Option<(&'a Interval<'a>, &'a ServiceInterval, CpuUse)> {
        match record {
            Record::Pod {
                service, pod, to, ..
            } if *service == self.service => {
                self.advance(at);
                match to {
                    PodStage::Running | PodStage::Ready => {
                        self.running.insert(*pod);
                    }
                    stage if *stage == PodStage::CrashLoopBackOff || stage.is_final() => {
                        self.running.remove(pod);
                    }
                    // A container runs on while its pod is terminating.
                    _ => {}
                }
                None
            }
            Record::Interval(interval) => {
                self.advance(at);
                let service = &interval.services[self.service.index()];
                let running = std::mem::take(&mut self.pod_seconds) * self.per_pod;
                let cpu = CpuUse {
                    used: service.cpu_seconds,
                    capacity: service.cpu_capacity_seconds.max(running),
                };
                Some((interval, service, cpu))
            }
            _ => None,
        }
    }

    fn advance(&mut self, at: SimTime) {
        self.pod_seconds += self.running.len() as f64 * at.since(self.since).as_secs_f64();
        self.since = at;
    }
}
