//! The autoscaler asked for as many replicas as it may.
//!
//! Looks at `spec.replicas` against the upper bound at the end of each interval, and takes the
//! beginning from the change of scale itself. Interruptions up to five minutes (the HPA's default
//! stabilisation of a scale-down) belong to the same episode.

use super::cpu_supply::{CpuSupply, CpuUse};
use super::episodes::{Episodes, Summary};
use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Interval, Record, ServiceInterval};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct ReplicasAtMax {
    service: ServiceId,
    supply: CpuSupply,
    /// Of the latest change of scale.
    scaled_at: SimTime,
    episodes: Episodes,
    max: u32,
    /// How long its CPU was at the limit meanwhile, and since when.
    at_cpu_limit: SimDuration,
    at_cpu_limit_since: Option<SimTime>,
    cpu: CpuUse,
    /// What the upper bound is called.
    field: &'static str,
}

impl ReplicasAtMax {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            supply: CpuSupply::new(service, context),
            scaled_at: SimTime::ZERO,
            episodes: Episodes::new(SimDuration::from_secs(300), SimDuration::ZERO),
            max: 0,
            at_cpu_limit: SimDuration::ZERO,
            at_cpu_limit_since: None,
            cpu: CpuUse::default(),
            field: if context.is_scaled_job {
                "maxReplicaCount"
            } else {
                "maxReplicas"
            },
        }
    }

    fn interval(
        &mut self,
        end: SimTime,
        interval: &Interval<'_>,
        service: &ServiceInterval,
        cpu: CpuUse,
    ) {
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
        if cpu.is_saturated() {
            self.at_cpu_limit += end.since(from);
            self.at_cpu_limit_since.get_or_insert(from);
        }
        self.cpu += cpu;
    }

    /// What the CPU did meanwhile, and whether it was at its limit.
    fn cpu(&self, summary: &Summary, wording: &Wording<'_>) -> (String, bool) {
        let share = self.at_cpu_limit.as_secs_f64() / summary.held.as_secs_f64().max(1e-9);
        if let Some(since) = self.at_cpu_limit_since.filter(|_| share >= 0.05) {
            let text = format!(
                "CPU was at its limit from {} on, for {}",
                wording.clock.short(since),
                format::span(self.at_cpu_limit)
            );
            (text, true)
        } else {
            let used = format::share(self.cpu.share());
            (format!("CPU was at {used} of its limit"), false)
        }
    }
}

impl Detector for ReplicasAtMax {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Some((interval, service, cpu)) = self.supply.observe(at, record) {
            self.interval(at, interval, service, cpu);
        }
        if let Record::Scaled { service, .. } = record
            && *service == self.service
        {
            self.scaled_at = at;
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(summary) = self.episodes.summary() else {
            return;
        };
        let service = &wording.context.services[self.service.index()];
        let name = &service.name;
        let bound = if service.is_pool {
            "its maximum of"
        } else {
            self.field
        };
        let (cpu, at_limit) = self.cpu(&summary, wording);
        let severity = match (summary.users.failed() > 0, at_limit) {
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
                "{name} reached {bound} {} {}; {cpu}; {}",
                self.max,
                summary.when(wording, "stayed there"),
                summary.users.since(wording),
            ),
        });
    }
}
