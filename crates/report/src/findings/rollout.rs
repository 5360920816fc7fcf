//! A Deployment was rolled out while the run went on.
//!
//! Not a problem by itself: it says when, for how long, and whether requests failed meanwhile,
//! because much of what else is found may follow from it.

use super::users::Users;
use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::Record;
use flashcrowd_units::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct Rollout {
    service: ServiceId,
    first: Option<SimTime>,
    number: u64,
    /// Since when one is under way.
    since: Option<SimTime>,
    /// Until when the latest one was.
    until: SimTime,
    /// Of those that finished.
    time: SimDuration,
    users: Users,
}

impl Rollout {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            first: None,
            number: 0,
            since: None,
            until: SimTime::ZERO,
            time: SimDuration::ZERO,
            users: Users::default(),
        }
    }
}

impl Detector for Rollout {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Rollout { service, finished } if service == self.service => {
                if let Some(since) = self.since.take() {
                    self.time += at.since(since);
                    self.until = at;
                }
                if !finished {
                    self.first.get_or_insert(at);
                    self.number += 1;
                    self.since = Some(at);
                }
            }
            // Intervals that a rollout had a part in.
            Record::Interval(ref interval)
                if self.since.is_some() || interval.start < self.until =>
            {
                self.users.add(interval);
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let name = &wording.context.services[self.service.index()].name;
        let times = match self.number {
            1 => String::new(),
            number => format!(", {} times", format::count(number)),
        };
        let end = match self.since {
            Some(since) => format!(
                "; that of {} had not finished at the end",
                wording.clock.short(since)
            ),
            None => format!(", which took {}", format::span(self.time)),
        };
        findings.push(Finding {
            severity: Severity::Info,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "rollout",
            message: format!(
                "{name} was rolled out at {}{times}{end}; {} meanwhile",
                wording.clock.short(first),
                self.users.worst(wording),
            ),
        });
    }
}
