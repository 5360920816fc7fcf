//! Jobs were given up.
//!
//! Too many of their pods failed, or they took too long. Every failed Job counts; the reason of the
//! first one is told.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{JobStage, Record};
use flashcrowd_units::SimTime;

#[derive(Debug)]
pub(super) struct JobsFailed {
    service: ServiceId,
    /// When, which, and why.
    first: Option<(SimTime, JobId, &'static str)>,
    failed: u64,
    ended: u64,
}

impl JobsFailed {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            first: None,
            failed: 0,
            ended: 0,
        }
    }
}

impl Detector for JobsFailed {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let Record::Job {
            service,
            job,
            to,
            reason,
            ..
        } = *record
        else {
            return;
        };
        if service != self.service {
            return;
        }
        match to {
            JobStage::Complete => self.ended += 1,
            JobStage::Failed => {
                self.ended += 1;
                self.failed += 1;
                self.first.get_or_insert((at, job, reason));
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some((first, job, reason)) = self.first else {
            return;
        };
        let name = &wording.context.services[self.service.index()].name;
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "jobs_failed",
            message: format!(
                "{} of {} of {name} failed for good from {} on; the first, {name}-job-{job}, with \
                 {reason}",
                format::count(self.failed),
                format::times(self.ended, "Job"),
                wording.clock.short(first),
            ),
        });
    }
}
