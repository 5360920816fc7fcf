//! Requests were turned away because a queue was full.
//!
//! Two places can be full: the pods' own backlog, and the number of requests that the load
//! balancer lets in flight. Counts the attempts that each refused.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Failure, Record};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct Overflow {
    service: ServiceId,
    reason: Failure,
    first: Option<SimTime>,
    last: SimTime,
    refused: u64,
    /// Attempts of the intervals in which some were refused.
    attempts: u64,
    /// Sum of those intervals.
    time: SimDuration,
}

impl Overflow {
    pub(super) fn of_backlog(service: ServiceId) -> Self {
        Self::new(service, Failure::BacklogFull)
    }

    pub(super) fn of_load_balancer(service: ServiceId) -> Self {
        Self::new(service, Failure::LimitReached)
    }

    fn new(service: ServiceId, reason: Failure) -> Self {
        Self {
            service,
            reason,
            first: None,
            last: SimTime::ZERO,
            refused: 0,
            attempts: 0,
            time: SimDuration::ZERO,
        }
    }
}

impl Detector for Overflow {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let Record::Interval(interval) = record else {
            return;
        };
        let service = &interval.services[self.service.index()];
        let refused = service.failed[self.reason as usize];
        if refused > 0 {
            self.first.get_or_insert(interval.start);
            self.last = at;
            self.refused += refused;
            self.attempts += service.attempts;
            self.time += at.since(interval.start);
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let service = &wording.context.services[self.service.index()];
        let name = &service.name;
        let (code, place) = match (self.reason, service.backlog, service.max_in_flight) {
            (Failure::BacklogFull, Some(limit), _) => (
                "backlog_overflow",
                format!(
                    "the backlog of {} {} {} was full",
                    format::count(limit.into()),
                    if service.is_pool { "an" } else { "a" },
                    service.unit(),
                ),
            ),
            (Failure::BacklogFull, ..) => ("backlog_overflow", "the backlog was full".to_owned()),
            (_, _, Some(limit)) => (
                "limit_reached",
                format!(
                    "its load balancer had {} in flight",
                    format::times(limit.into(), "request")
                ),
            ),
            _ => (
                "limit_reached",
                "its load balancer had too many requests in flight".to_owned(),
            ),
        };
        findings.push(Finding {
            severity: Severity::Critical,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code,
            message: format!(
                "{name} turned away {} ({} of those that came then) between {} and {}: {place}",
                format::times(self.refused, "request"),
                format::share(format::ratio(self.refused, self.attempts).min(1.0)),
                wording.clock.short(first),
                wording.clock.short(self.last),
            ),
        });
    }
}
