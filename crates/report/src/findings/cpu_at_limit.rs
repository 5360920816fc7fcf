//! The pods used all the CPU they can.
//!
//! Either no more replicas were allowed, or the autoscaler was on its way (a flash crowd is faster
//! than a pod's start), or it was blind: utilisation is usage over *request*, and a process that
//! uses one core of a limit of two stands still at a figure below the target. Counts intervals with
//! at least 95 % of the usable CPU in use; episodes of less than a minute are left out.

use super::cpu_supply::{CpuSupply, CpuUse};
use super::episodes::{Episodes, Summary};
use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, Record, ServiceInterval};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct CpuAtLimit {
    service: ServiceId,
    supply: CpuSupply,
    episodes: Episodes,
    cpu: CpuUse,
    /// Time at the limit with all the replicas that are allowed.
    at_max: SimDuration,
    /// While more replicas were allowed.
    below_max: BelowMax,
    bounds: Option<(u32, u32)>,
}

/// Time at the limit although more replicas were allowed.
#[derive(Debug, Default)]
struct BelowMax {
    time: SimDuration,
    cpu_seconds: f64,
    cpu_request_seconds: f64,
    /// The most replicas that were asked for meanwhile.
    desired: u32,
}

impl CpuAtLimit {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            supply: CpuSupply::new(service, context),
            episodes: Episodes::new(SimDuration::from_secs(120), SimDuration::from_secs(60)),
            cpu: CpuUse::default(),
            at_max: SimDuration::ZERO,
            below_max: BelowMax::default(),
            bounds: None,
        }
    }

    fn saturated(
        &mut self,
        end: SimTime,
        interval: &Interval<'_>,
        service: &ServiceInterval,
        cpu: CpuUse,
    ) {
        self.episodes.hold(interval.start, end, interval);
        self.cpu += cpu;
        self.bounds = service.bounds;
        let length = end.since(interval.start);
        if service
            .bounds
            .is_some_and(|(_, max)| service.desired >= max)
        {
            self.at_max += length;
        } else {
            let below = &mut self.below_max;
            below.time += length;
            below.cpu_seconds += service.cpu_seconds;
            below.cpu_request_seconds += service.cpu_request_seconds;
            below.desired = below.desired.max(service.desired);
        }
    }

    /// Why no pod was added, and whether that is the autoscaler's blindness.
    fn explanation(&self, service: &ServiceContext) -> (String, bool) {
        let Some((min, max)) = self.bounds else {
            return (format!("no autoscaler adds {}s", service.unit()), false);
        };
        if min >= max {
            return (format!("its replicas are fixed at {max}"), false);
        }
        if self.at_max > self.below_max.time {
            let text = if service.is_pool {
                format!("its maximum of {max} allowed no more instances")
            } else {
                format!("maxReplicas {max} allowed no more pods")
            };
            return (text, false);
        }
        let below = &self.below_max;
        let room = format!("{} of at most {max} replicas", below.desired);
        let utilization = below.cpu_seconds / below.cpu_request_seconds;
        match service.cpu_target {
            Some(target) if below.cpu_request_seconds > 0.0 && utilization <= target => {
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
                "{} came to its CPU limit {} ({} of what its {}s can use); {explanation}; {}",
                service.name,
                summary.when(wording, "stayed there"),
                format::share(self.cpu.share()),
                service.unit(),
                summary.users.worst(wording),
            ),
        }
    }
}

impl Detector for CpuAtLimit {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Some((interval, service, cpu)) = self.supply.observe(at, record)
            && cpu.is_saturated()
        {
            self.saturated(at, interval, service, cpu);
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
