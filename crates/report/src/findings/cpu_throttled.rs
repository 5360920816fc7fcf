//! The kernel stopped pods again and again although they had CPU left on average.
//!
//! A limit is a quota for each 100 ms: a burst uses it up and waits for the next period, at a
//! utilisation that looks harmless. Counts intervals in which at least a quarter of the CFS
//! periods were throttled while less than 95 % of the CPU was in use, from five minutes on: the
//! threshold and the patience of the alert `CPUThrottlingHigh` of the Kubernetes monitoring mixin.

use super::episodes::Episodes;
use super::replicas_at_max::is_saturated;
use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, Record};
use flashcrowd_units::{SimDuration, SimTime};

/// Share of throttled periods that is too much.
const THROTTLED: f64 = 0.25;

#[derive(Debug)]
pub(super) struct CpuThrottled {
    service: ServiceId,
    episodes: Episodes,
    periods: u64,
    throttled: u64,
    cpu_seconds: f64,
    cpu_capacity_seconds: f64,
}

impl CpuThrottled {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            episodes: Episodes::new(SimDuration::from_secs(120), SimDuration::from_secs(300)),
            periods: 0,
            throttled: 0,
            cpu_seconds: 0.0,
            cpu_capacity_seconds: 0.0,
        }
    }

    fn interval(&mut self, end: SimTime, interval: &Interval<'_>) {
        let service = &interval.services[self.service.index()];
        let throttled = format::ratio(service.cfs_throttled, service.cfs_periods) >= THROTTLED;
        if !throttled || is_saturated(service) {
            return;
        }
        self.episodes.hold(interval.start, end, interval);
        self.periods += service.cfs_periods;
        self.throttled += service.cfs_throttled;
        self.cpu_seconds += service.cpu_seconds;
        self.cpu_capacity_seconds += service.cpu_capacity_seconds;
    }
}

impl Detector for CpuThrottled {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Interval(interval) = record {
            self.interval(at, interval);
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(summary) = self.episodes.summary() else {
            return;
        };
        let name = &wording.context.services[self.service.index()].name;
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: summary.first.start.as_secs_f64(),
            component: name.clone(),
            code: "cpu_throttled",
            message: format!(
                "{name} began to be throttled {}: its pods were stopped in {} of the CFS periods \
                 while they used {} of their CPU limit; bursts wait for the next period",
                summary.when(wording, "was for"),
                format::share(format::ratio(self.throttled, self.periods)),
                format::share(self.cpu_seconds / self.cpu_capacity_seconds.max(1e-9)),
            ),
        });
    }
}
