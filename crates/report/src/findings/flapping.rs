//! The autoscaler kept changing its mind.
//!
//! A direction changes where a change of scale goes the other way than the one before it, within
//! ten minutes: twice the HPA's default stabilisation of scale-downs, so a controller that waits
//! as it should does not turn round in that time. One or two changes belong to any peak; three in
//! a run are flapping.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::Record;
use flashcrowd_telemetry::{FlappingRun, ScalingEvent, flapping};
use flashcrowd_units::{Replicas, SimDuration, SimTime};

const WINDOW: SimDuration = SimDuration::from_secs(600);
const DIRECTION_CHANGES: u32 = 3;

#[derive(Debug)]
pub(super) struct Flapping {
    service: ServiceId,
    events: Vec<ScalingEvent>,
}

impl Flapping {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            events: Vec::new(),
        }
    }
}

impl Detector for Flapping {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Scaled {
            service, from, to, ..
        } = *record
            && service == self.service
        {
            self.events.push(ScalingEvent {
                at,
                from: Replicas(from),
                to: Replicas(to),
            });
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let enough = |run: &FlappingRun| run.direction_changes >= DIRECTION_CHANGES;
        let runs: Vec<_> = flapping(&self.events, WINDOW)
            .into_iter()
            .filter(enough)
            .collect();
        let Some(first) = runs.first() else { return };
        let name = &wording.context.services[self.service.index()].name;
        let more = match runs.len() {
            1 => String::new(),
            number => format!("; it happened {number} times"),
        };
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: first.start.as_secs_f64(),
            component: name.clone(),
            code: "flapping",
            message: format!(
                "{name} flapped from {} to {}: scaling changed direction {} times, up to {} within {}{more}",
                wording.clock.short(first.start),
                wording.clock.short(first.end),
                first.direction_changes,
                first.peak,
                format::span(WINDOW),
            ),
        });
    }
}
