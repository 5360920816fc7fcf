//! A service had no pod that could answer.
//!
//! Counts attempts that found no ready endpoint, and the time without a ready pod as pods come and
//! go (so that an outage shorter than an interval is seen).

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Failure, Record};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct NoReadyEndpoint {
    service: ServiceId,
    first: Option<SimTime>,
    /// Time of the intervals that ended without a ready pod, or in which attempts found none.
    time: SimDuration,
    refused: u64,
}

impl NoReadyEndpoint {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            first: None,
            time: SimDuration::ZERO,
            refused: 0,
        }
    }
}

impl Detector for NoReadyEndpoint {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let Record::Interval(interval) = record else {
            return;
        };
        let service = &interval.services[self.service.index()];
        let refused = service.failed[Failure::NoReadyEndpoint as usize];
        // Scaled to zero and asked by nobody is not a fault.
        let without = service.ready == 0 && service.desired > 0;
        if refused > 0 || without {
            self.first.get_or_insert(interval.start);
            self.time += at.since(interval.start);
            self.refused += refused;
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let name = &wording.context.services[self.service.index()].name;
        findings.push(Finding {
            severity: if self.refused > 0 {
                Severity::Critical
            } else {
                Severity::Warning
            },
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "no_ready_endpoint",
            message: format!(
                "{name} had no ready pod at {}, for up to {} in all; {} found nobody to answer",
                wording.clock.short(first),
                format::span(self.time),
                format::times(self.refused, "request"),
            ),
        });
    }
}
