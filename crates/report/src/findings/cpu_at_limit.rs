//! The pods used all the CPU they can, and more replicas were allowed.
//!
//! Either the autoscaler was on its way (a flash crowd is faster than a pod's start), or it was
//! blind: utilisation is usage over *request*, and a process that uses one core of a limit of two
//! stands still at a figure below the target. Counts intervals with at least 95 % of the usable
//! CPU in use; episodes of less than a minute are left out.

use super::episodes::{Episodes, Summary};
use super::replicas_at_max::is_saturated;
use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, Record};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct CpuAtLimit {
    service: ServiceId,
    episodes: Episodes,
    cpu_seconds: f64,
    cpu_capacity_seconds: f64,
    cpu_request_seconds: f64,
    /// The most replicas that were asked for meanwhile.
    desired: u32,
    max: Option<u32>,
}

impl CpuAtLimit {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            episodes: Episodes::new(SimDuration::from_secs(120), SimDuration::from_secs(60)),
            cpu_seconds: 0.0,
            cpu_capacity_seconds: 0.0,
            cpu_request_seconds: 0.0,
            desired: 0,
            max: None,
        }
    }

    fn interval(&mut self, end: SimTime, interval: &Interval<'_>) {
        let service = &interval.services[self.service.index()];
        let could_grow = service.bounds.is_none_or(|(_, max)| service.desired < max);
        if !(could_grow && is_saturated(service)) {
            return;
        }
        self.episodes.hold(interval.start, end, interval);
        self.cpu_seconds += service.cpu_seconds;
        self.cpu_capacity_seconds += service.cpu_capacity_seconds;
        self.cpu_request_seconds += service.cpu_request_seconds;
        self.desired = self.desired.max(service.desired);
        self.max = service.bounds.map(|(_, max)| max);
    }

    /// Why no pod was added, and whether that is the autoscaler's blindness.
    fn explanation(&self, service: &ServiceContext) -> (String, bool) {
        let Some(max) = self.max else {
            return ("no autoscaler adds pods".to_owned(), false);
        };
        let room = format!("{} of at most {max} replicas", self.desired);
        let utilization = self.cpu_seconds / self.cpu_request_seconds;
        match service.cpu_target {
            Some(target) if self.cpu_request_seconds > 0.0 && utilization <= target => {
                let threads = match service.threads {
                    Some(threads) => format!(
                        ", because the process uses {}",
                        format::times(threads.into(), "thread")
                    ),
                    None => String::new(),
                };
                let text = format!(
                    "{room}: the HPA sees {} of the request, its target is {}, so it adds none{threads}",
                    format::share(utilization),
                    format::share(target),
                );
                (text, true)
            }
            _ => (format!("it had {room} at the time"), false),
        }
    }

    fn finding(&self, summary: &Summary, wording: &Wording<'_>) -> Finding {
        let service = &wording.context.services[self.service.index()];
        let (explanation, blind) = self.explanation(service);
        // Pods that are not ready use CPU, too, without adding to what can be used.
        let used = format::share((self.cpu_seconds / self.cpu_capacity_seconds).min(1.0));
        let severity = if blind || summary.users.failed() > 0 {
            Severity::Critical
        } else {
            Severity::Warning
        };
        Finding {
            severity,
            at_seconds: summary.first.start.as_secs_f64(),
            component: service.name.clone(),
            code: "cpu_at_limit",
            message: format!(
                "{} came to its CPU limit {} ({used} of what its pods can use); {explanation}; {}",
                service.name,
                summary.when(wording, "stayed there"),
                summary.users.worst(wording),
            ),
        }
    }
}

impl Detector for CpuAtLimit {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Interval(interval) = record {
            self.interval(at, interval);
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        findings.extend(
            self.episodes
                .summary()
                .map(|summary| self.finding(&summary, wording)),
        );
    }
}
