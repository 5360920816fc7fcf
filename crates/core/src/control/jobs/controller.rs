//! The Job controller: from a Job to pods, until it is complete or has failed.
//!
//! * Pods that fail are replaced after 10 s, 20 s, 40 s ... since the last failure, counted from the
//!   last success. (The documentation has the delays end at six minutes; the controller, at ten.)
//! * One failure more than `backoffLimit`, or with `OnFailure` as many restarts of containers, and the
//!   Job has failed; so it has after `activeDeadlineSeconds`. Its pods are deleted, and only when the
//!   last one is gone it counts as Failed.

use super::JobEvent;
use crate::control::World;
use crate::model::{JobTemplate, RestartPolicy, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{JobStage, Recorder};
use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_units::{SimDuration, SimTime};

/// `DefaultJobPodFailureBackOff` and `MaxJobPodFailureBackOff`.
const BACK_OFF: SimDuration = SimDuration::from_secs(10);
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(600);

/// A Job and what became of its pods.
#[derive(Debug, Clone)]
pub(super) struct Job {
    created: SimTime,
    pub(super) phase: Phase,
    /// Pods that are neither over nor on their way out.
    pub(super) active: Vec<ServerId>,
    /// Pods with a deletion timestamp.
    pub(super) terminating: u32,
    pub(super) succeeded: u32,
    /// Pods that failed or were deleted.
    pub(super) failed: u32,
    /// Those of them that failed by themselves, which the API server still shows.
    pub(super) crashed: u32,
    /// Failures since the last success, and when the latest was.
    failures_in_a_row: u32,
    last_failure: SimTime,
}

/// How far a Job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Active,
    /// It has failed, for this reason, but pods are left (the condition `FailureTarget`).
    Failing(&'static str),
    Complete(SimTime),
    Failed,
}

impl Job {
    fn new(created: SimTime) -> Self {
        Self {
            created,
            phase: Phase::Active,
            active: Vec::new(),
            terminating: 0,
            succeeded: 0,
            failed: 0,
            crashed: 0,
            failures_in_a_row: 0,
            last_failure: SimTime::ZERO,
        }
    }

    /// It has neither of the conditions Complete and Failed.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self.phase, Phase::Active | Phase::Failing(_))
    }

    pub(super) fn pod_succeeded(&mut self, server: ServerId) {
        self.active.retain(|&other| other != server);
        self.succeeded += 1;
        self.failures_in_a_row = 0;
    }

    /// A pod has failed, or was deleted, which counts as much.
    pub(super) fn pod_failed(&mut self, server: ServerId, now: SimTime) {
        self.active.retain(|&other| other != server);
        self.failed += 1;
        self.failures_in_a_row += 1;
        self.last_failure = now;
    }

    /// From when on pods may be made.
    fn back_off_ends(&self) -> SimTime {
        match self.failures_in_a_row {
            0 => self.last_failure,
            n => self.last_failure + (BACK_OFF * (1 << (n - 1).min(10))).min(BACK_OFF_MAX),
        }
    }

    fn is_complete(&self, template: &JobTemplate) -> bool {
        let is_enough = match template.completions {
            Some(completions) => self.succeeded >= completions,
            None => self.succeeded > 0 && self.active.is_empty(),
        };
        is_enough && self.terminating == 0
    }

    /// Pods that should be active.
    fn wanted(&self, template: &JobTemplate) -> u32 {
        match template.completions {
            Some(completions) => completions
                .saturating_sub(self.succeeded)
                .min(template.parallelism),
            // Something has succeeded: what runs may end, and nothing is added.
            None if self.succeeded > 0 => self.active.len() as u32,
            None => template.parallelism,
        }
    }
}

impl<P: DataPlane> World<P> {
    /// A new Job; its pods are made at once.
    pub(super) fn create_job(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let now = self.now;
        let deadline = self.scaled_job(service).job.active_deadline;
        let state = self.jobs_mut(service);
        let id = JobId(state.tally.made);
        state.tally.made += 1;
        state.jobs.insert(id, Job::new(now));
        self.services[service.index()].desired += 1;
        let stages = (None, JobStage::Active);
        self.record_job((service, id), stages, "KEDAJobsCreated", recorder);
        if let Some(deadline) = deadline {
            self.schedule_job(now + deadline, JobEvent::Sync(service, id));
        }
        self.sync_job(service, id, recorder);
    }

    /// The controller looks at a Job.
    pub(super) fn sync_job(&mut self, service: ServiceId, id: JobId, recorder: &mut dyn Recorder) {
        let template = self.scaled_job(service).job;
        let now = self.now;
        // KEDA may have deleted it.
        let Some(job) = self.jobs_mut(service).jobs.get(&id).cloned() else {
            return;
        };
        match job.phase {
            Phase::Complete(_) | Phase::Failed => return,
            Phase::Failing(reason) => {
                if job.active.is_empty() && job.terminating == 0 {
                    self.finish_job((service, id), Phase::Failed, reason, recorder);
                }
                return;
            }
            Phase::Active => {}
        }
        let is_late = |deadline| now >= job.created + deadline;
        if job.failed > template.backoff_limit || self.restarted_too_often(&job, &template) {
            self.fail_job((service, id), "BackoffLimitExceeded", recorder);
        } else if template.active_deadline.is_some_and(is_late) {
            self.fail_job((service, id), "DeadlineExceeded", recorder);
        } else if job.is_complete(&template) {
            self.finish_job((service, id), Phase::Complete(now), "Completed", recorder);
        } else {
            let missing = job
                .wanted(&template)
                .saturating_sub(job.active.len() as u32);
            let from = job.back_off_ends();
            if missing > 0 && now < from {
                self.schedule_job(from, JobEvent::Sync(service, id));
                return;
            }
            for _ in 0..missing {
                let server = self.create_pod(service, 0, recorder);
                self.pod_mut(server).job = Some(id);
                self.job_mut(service, id).active.push(server);
            }
        }
    }

    /// `pastBackoffLimitOnFailure`: containers that were started again count only where they are.
    fn restarted_too_often(&self, job: &Job, template: &JobTemplate) -> bool {
        if template.restart == RestartPolicy::Never {
            return false;
        }
        let pods = job.active.iter().map(|&server| self.pod(server));
        let restarts: u32 = pods.map(|pod| pod.container.starts.saturating_sub(1)).sum();
        restarts >= template.backoff_limit.max(1)
    }

    fn fail_job(
        &mut self,
        (service, id): (ServiceId, JobId),
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        self.job_mut(service, id).phase = Phase::Failing(reason);
        for server in self.job_mut(service, id).active.clone() {
            self.terminate(server, reason, recorder);
        }
        self.sync_job(service, id, recorder);
    }

    fn finish_job(
        &mut self,
        (service, id): (ServiceId, JobId),
        phase: Phase,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        self.job_mut(service, id).phase = phase;
        let tally = &mut self.jobs_mut(service).tally;
        let to = if phase == Phase::Failed {
            tally.failed += 1;
            JobStage::Failed
        } else {
            tally.complete += 1;
            JobStage::Complete
        };
        self.services[service.index()].desired -= 1;
        let stages = (Some(JobStage::Active), to);
        self.record_job((service, id), stages, reason, recorder);
    }
}
