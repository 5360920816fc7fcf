//! The kernel stopped pods again and again although they had CPU left on average.
//!
//! A limit is a quota for each 100 ms: a burst uses it up and waits for the next period, at a
//! utilisation that looks harmless. Counts intervals in which at least a quarter of the CFS
//! periods were throttled while less than 95 % of the CPU was in use, from five minutes on: the
//! threshold and the patience of the alert `CPUThrottlingHigh` of the Kubernetes monitoring mixin.
//! Throttling that comes after the CPU limit was met says nothing new, and is left out.

use super::cpu_supply::{CpuSupply, CpuUse};
use super::episodes::Episodes;
use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::Record;
use flashcrowd_units::{SimDuration, SimTime};

/// Share of throttled periods that is too much.
const THROTTLED: f64 = 0.25;

#[derive(Debug)]
pub(super) struct CpuThrottled {
    service: ServiceId,
    supply: CpuSupply,
    episodes: Episodes,
    periods: u64,
    throttled: u64,
    cpu: CpuUse,
}

impl CpuThrottled {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            supply: CpuSupply::new(service, context),
            episodes: Episodes::new(SimDuration::from_secs(120), SimDuration::from_secs(300)),
            periods: 0,
            throttled: 0,
            cpu: CpuUse::default(),
        }
    }
}

impl Detector for CpuThrottled {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let Some((interval, service, cpu)) = self.supply.observe(at, record) else {
            return;
        };
        let throttled = format::ratio(service.cfs_throttled, service.cfs_periods) >= THROTTLED;
        if throttled && !cpu.is_saturated() {
            self.episodes.hold(interval.start, at, interval);
            self.periods += service.cfs_periods;
            self.throttled += service.cfs_throttled;
            self.cpu += cpu;
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
                format::share(self.cpu.share()),
            ),
        });
    }
}

/// Leaves out the throttling of services whose CPU was at its limit before.
pub(super) fn merge_into_limit(findings: &mut Vec<Finding>) {
    let limits: Vec<(String, f64)> = findings
        .iter()
        .filter(|finding| finding.code == "cpu_at_limit")
        .map(|finding| (finding.component.clone(), finding.at_seconds))
        .collect();
    findings.retain(|finding| {
        finding.code != "cpu_throttled"
            || !limits.iter().any(|(component, since)| {
                *component == finding.component && *since <= finding.at_seconds
            })
    });
}
