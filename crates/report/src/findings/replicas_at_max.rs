//! The autoscaler asked for as many replicas as it may.
//!
//! Looks at `spec.replicas` against the upper bound at the end of each interval, and takes the
//! beginning from the change of scale itself. Interruptions up to five minutes (the HPA's default
//! stabilisation of a scale-down) belong to the same episode.

use super::episodes::{Episodes, Summary};
use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, Record, ServiceInterval};
use flashcrowd_units::{SimDuration, SimTime};

/// From this share of what the pods can use, their CPU counts as being at its limit: measured
/// usage stays a little below it, because a period's last slice is seldom used up.
const SATURATED: f64 = 0.95;

/// Whether the CPU of the ready pods is at its limit.
pub(super) fn is_saturated(service: &ServiceInterval) -> bool {
    service.cpu_capacity_seconds > 0.0
        && service.cpu_seconds >= SATURATED * service.cpu_capacity_seconds
}

#[derive(Debug)]
pub(super) struct ReplicasAtMax {
    service: ServiceId,
    /// Of the latest change of scale.
    scaled_at: SimTime,
    episodes: Episodes,
    max: u32,
    at_cpu_limit: SimDuration,
    cpu_seconds: f64,
    cpu_capacity_seconds: f64,
}

impl ReplicasAtMax {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            scaled_at: SimTime::ZERO,
            episodes: Episodes::new(SimDuration::from_secs(300), SimDuration::ZERO),
            max: 0,
            at_cpu_limit: SimDuration::ZERO,
            cpu_seconds: 0.0,
            cpu_capacity_seconds: 0.0,
        }
    }

    fn interval(&mut self, end: SimTime, interval: &Interval<'_>) {
        let service = &interval.services[self.service.index()];
        let Some((min, max)) = service.bounds else {
            return;
        };
        // Equal bounds are a fixed size, not a limit that was met.
        if min >= max || service.desired < max {
            return;
        }
        self.max = max;
        let from = interval.start.max(self.scaled_at);
        self.episodes.hold(from, end, interval);
        if is_saturated(service) {
            self.at_cpu_limit += end.since(from);
        }
        self.cpu_seconds += service.cpu_seconds;
        self.cpu_capacity_seconds += service.cpu_capacity_seconds;
    }

    /// What the CPU did meanwhile, and the share of the time at its limit.
    fn cpu(&self, summary: &Summary) -> (String, f64) {
        let share = self.at_cpu_limit.as_secs_f64() / summary.held.as_secs_f64().max(1e-9);
        let text = if share >= 0.8 {
            "CPU was at its limit".to_owned()
        } else if share >= 0.05 {
            format!(
                "CPU was at its limit for {} of it",
                format::span(self.at_cpu_limit)
            )
        } else {
            let used = (self.cpu_seconds / self.cpu_capacity_seconds.max(1e-9)).min(1.0);
            format!("CPU was at {} of its limit", format::share(used))
        };
        (text, share)
    }
}

impl Detector for ReplicasAtMax {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match record {
            Record::Interval(interval) => self.interval(at, interval),
            Record::Scaled { service, .. } if *service == self.service => self.scaled_at = at,
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(summary) = self.episodes.summary() else {
            return;
        };
        let name = &wording.context.services[self.service.index()].name;
        let (cpu, at_limit) = self.cpu(&summary);
        let severity = match (summary.users.failed() > 0, at_limit >= 0.05) {
            (true, true) => Severity::Critical,
            (false, false) => Severity::Info,
            _ => Severity::Warning,
        };
        findings.push(Finding {
            severity,
            at_seconds: summary.first.start.as_secs_f64(),
            component: name.clone(),
            code: "replicas_at_max",
            message: format!(
                "{name} reached maxReplicas {} {}; {cpu}; {}",
                self.max,
                summary.when(wording, "stayed there"),
                summary.users.worst(wording),
            ),
        });
    }
}
