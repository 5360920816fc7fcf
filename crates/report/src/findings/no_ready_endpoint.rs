//! A service had no pod that could answer.
//!
//! The time without a ready pod is exact: it follows the pods as they come and go. Attempts can
//! find no ready endpoint a little longer than that, until the load balancer knows of a new pod.

use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Failure, Interval, PodStage, Record};
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct NoReadyEndpoint {
    service: ServiceId,
    desired: u32,
    ready: u32,
    /// Of the latest change of `ready`.
    changed: SimTime,
    /// Since when none has been ready.
    since: Option<SimTime>,
    /// When it first happened, or a request was first refused.
    first: Option<SimTime>,
    /// Times that ended.
    time: SimDuration,
    number: u64,
    refused: u64,
    now: SimTime,
}

impl NoReadyEndpoint {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            desired: context.replicas,
            ready: context.replicas,
            changed: SimTime::ZERO,
            since: None,
            first: None,
            time: SimDuration::ZERO,
            number: 0,
            refused: 0,
            now: SimTime::ZERO,
        }
    }

    fn set(&mut self, at: SimTime, ready: u32) {
        self.ready = ready;
        self.changed = at;
        self.judge(at);
    }

    /// Scaled to zero is not a fault.
    fn judge(&mut self, at: SimTime) {
        let without = self.ready == 0 && self.desired > 0;
        match (without, self.since) {
            (true, None) => {
                self.since = Some(at);
                self.first.get_or_insert(at);
                self.number += 1;
            }
            (false, Some(since)) => {
                self.time += at.since(since);
                self.since = None;
            }
            _ => {}
        }
    }

    fn interval(&mut self, interval: &Interval<'_>) {
        let service = &interval.services[self.service.index()];
        let refused = service.failed[Failure::NoReadyEndpoint as usize];
        if refused > 0 {
            self.first.get_or_insert(interval.start);
            self.refused += refused;
        }
        self.desired = service.desired;
        // Where the records leave pods out, the levels at the end hold for the whole interval.
        if self.ready == service.ready {
            self.judge(interval.start.max(self.changed));
        } else {
            self.set(interval.start.max(self.changed), service.ready);
        }
    }
}

impl Detector for NoReadyEndpoint {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        self.now = at;
        match *record {
            Record::Interval(ref interval) => self.interval(interval),
            // The first pods are ready from the start, and known.
            Record::Pod {
                service, from, to, ..
            } if service == self.service && at > SimTime::ZERO => {
                let (was, is) = (from == Some(PodStage::Ready), to == PodStage::Ready);
                if was != is {
                    let ready = if is {
                        self.ready + 1
                    } else {
                        self.ready.saturating_sub(1)
                    };
                    self.set(at, ready);
                }
            }
            Record::Scaled { service, to, .. } if service == self.service => {
                self.desired = to;
                self.judge(at);
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let service = &wording.context.services[self.service.index()];
        let (name, unit) = (&service.name, service.unit());
        let open = self
            .since
            .map_or(SimDuration::ZERO, |since| self.now.since(since));
        let time = format::span(self.time + open);
        let refused = format::times(self.refused, "request");
        let at = wording.clock.short(first);
        let message = match self.number {
            0 => format!("{name} had no endpoint at {at}; {refused} found nobody to answer"),
            1 => format!(
                "{name} had no ready {unit} at {at}, for {time}; {refused} found nobody to answer"
            ),
            number => format!(
                "{name} had no ready {unit} at {at}, {} times and {time} in all; {refused} found \
                 nobody to answer",
                format::count(number),
            ),
        };
        findings.push(Finding {
            severity: if self.refused > 0 {
                Severity::Critical
            } else {
                Severity::Warning
            },
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "no_ready_endpoint",
            message,
        });
    }
}
