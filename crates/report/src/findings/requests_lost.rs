//! Requests were lost because pods were taken away from under them.
//!
//! Connections refused and requests cut off are charged to the scale-down (or the rollout) that is
//! under way: from the change until no pod is terminating any more. A request that fails in this
//! way outside of both is somebody else's fault.

use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Failure, Interval, Record};
use flashcrowd_units::SimTime;

#[derive(Debug, Default)]
struct Losses {
    first: Option<SimTime>,
    refused: u64,
    cut_off: u64,
    /// Scale-downs, or rollouts.
    causes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    ScaleDown,
    Rollout,
}

#[derive(Debug)]
pub(super) struct RequestsLost {
    service: ServiceId,
    /// Whether a rollout is under way.
    rolling: bool,
    /// What takes pods away at present, and since when.
    cause: Option<(Cause, SimTime)>,
    scale_down: Losses,
    rollout: Losses,
}

impl RequestsLost {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            rolling: false,
            cause: None,
            scale_down: Losses::default(),
            rollout: Losses::default(),
        }
    }

    fn interval(&mut self, interval: &Interval<'_>) {
        let Some((cause, since)) = self.cause else {
            return;
        };
        let service = &interval.services[self.service.index()];
        let refused = service.failed[Failure::ConnectionRefused as usize];
        let cut_off = service.failed[Failure::PodTerminated as usize];
        if refused + cut_off > 0 {
            let losses = match cause {
                Cause::ScaleDown => &mut self.scale_down,
                Cause::Rollout => &mut self.rollout,
            };
            losses.first.get_or_insert(interval.start.max(since));
            losses.refused += refused;
            losses.cut_off += cut_off;
        }
        // Not before a whole interval has passed: the deletions may follow the change of scale.
        if !self.rolling && service.terminating == 0 && since <= interval.start {
            self.cause = None;
        }
    }

    /// A rollout replaces every pod, a scale-down meanwhile only some: it stays the cause.
    fn scaled_down(&mut self, at: SimTime) {
        if !self.rolling {
            self.cause = Some((Cause::ScaleDown, at));
            self.scale_down.causes += 1;
        }
    }

    /// After its end, the last pods of a rollout may still be terminating.
    fn rolled(&mut self, at: SimTime, finished: bool) {
        self.rolling = !finished;
        self.cause = Some((Cause::Rollout, at));
        self.rollout.causes += u64::from(!finished);
    }
}

impl Losses {
    fn finding(
        &self,
        code: &'static str,
        cause: &str,
        service: &ServiceContext,
        wording: &Wording<'_>,
    ) -> Option<Finding> {
        let first = self.first?;
        let total = self.refused + self.cut_off;
        let name = &service.name;
        let how = match (self.refused, self.cut_off) {
            (_, 0) => "their connections were refused".to_owned(),
            (0, _) => format!("their {}s stopped in the middle of them", service.unit()),
            (refused, cut_off) => format!(
                "{} were refused, {} cut off in the middle",
                format::count(refused),
                format::count(cut_off),
            ),
        };
        Some(Finding {
            severity: Severity::Critical,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code,
            message: format!(
                "{name} lost {} to {}, from {} on: {how}; {} prevents this",
                format::times(total, "request"),
                format::times(self.causes, cause),
                wording.clock.short(first),
                if service.is_pool {
                    "a longer drain"
                } else {
                    "a preStop delay longer than the endpoint propagation"
                },
            ),
        })
    }
}

impl Detector for RequestsLost {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Interval(ref interval) => self.interval(interval),
            Record::Scaled {
                service, from, to, ..
            } if service == self.service && to < from => {
                self.scaled_down(at);
            }
            Record::Rollout { service, finished } if service == self.service => {
                self.rolled(at, finished);
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let service = &wording.context.services[self.service.index()];
        let scale_down =
            self.scale_down
                .finding("lost_in_scale_down", "scale-down", service, wording);
        let rollout = self
            .rollout
            .finding("lost_in_rollout", "rollout", service, wording);
        findings.extend(scale_down.into_iter().chain(rollout));
    }
}
