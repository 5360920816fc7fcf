//! Jobs: pods that end by themselves, and KEDA, which makes them.
//!
//! | File | What |
//! |---|---|
//! | `polling` | KEDA's polls: what it may see, Jobs that it makes and deletes |
//! | `controller` | the Job controller: from a Job to pods, until it is complete or has failed |
//! | `pods` | how a pod of a Job ends: done, crashed, deleted |
//!
//! What a queue holds is called a message here. The controllers see what happens to a pod at once: the
//! real Job controller gathers such news for up to a second.
//!
//! Source: kubernetes `pkg/controller/job` (`job_controller.go`, `backoff_utils.go`).

mod controller;
mod pods;
mod polling;

use super::World;
use super::metrics::named::Binding;
use crate::error::ModelError;
use crate::model::{ScaledJob, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{JobStage, Record, Recorder};
use controller::Job;
use flashcrowd_autoscalers::keda::scaled_job::{JobId, ScaledJobs};
use flashcrowd_engine::RngStreams;
use flashcrowd_units::SimTime;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What can happen to Jobs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum JobEvent {
    /// KEDA polls the triggers of a ScaledJob.
    Poll(ServiceId),
    /// The Job controller looks at a Job: something has happened to its pods, or a time has come.
    Sync(ServiceId, JobId),
}

impl JobEvent {
    /// Breaks ties: pods with pods, KEDA with the other autoscalers.
    pub(super) fn class(self) -> u8 {
        match self {
            Self::Sync(..) => 0,
            Self::Poll(_) => 2,
        }
    }
}

/// The ScaledJob of a service with its Jobs.
pub(super) struct JobsState {
    keda: ScaledJobs,
    bindings: Vec<Binding>,
    /// All that exist, with those that have ended and are kept.
    jobs: BTreeMap<JobId, Job>,
    tally: Tally,
}

/// Jobs since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    made: u64,
    complete: u64,
    failed: u64,
}

impl JobsState {
    /// Jobs that run even if nothing is to do, and those that there are at most.
    pub(super) fn bounds(&self) -> (u32, u32) {
        self.keda.bounds()
    }

    /// Whether every Job is accounted for, `active` of them having not ended.
    pub(super) fn is_conserved(&self, active: u32) -> bool {
        self.tally.made == self.tally.complete + self.tally.failed + u64::from(active)
    }
}

impl<P: DataPlane> World<P> {
    /// KEDA begins to look after a service that is a ScaledJob.
    pub(super) fn start_scaled_job(
        &mut self,
        service: ServiceId,
        streams: RngStreams,
    ) -> Result<(), ModelError> {
        let of = self.service_of(service);
        let Some(scaled_job) = &of.scaled_job else {
            return Ok(());
        };
        let keda = ScaledJobs::new(&scaled_job.policy).map_err(|error| ModelError::Invalid {
            what: "scaled_job",
            of: of.name.clone(),
            problem: error.to_string(),
        })?;
        // Where in its interval KEDA is when the run begins, nobody knows.
        let phase = streams
            .stream(&format!("autoscaler/{}", of.name))
            .random_range(0..keda.polling_interval().as_nanos());
        let bindings = self.bind(service, &keda.queries(), streams);
        let is_paused = keda.is_paused();
        self.services[service.index()].jobs = Some(Box::new(JobsState {
            keda,
            bindings,
            jobs: BTreeMap::new(),
            tally: Tally::default(),
        }));
        if !is_paused {
            self.schedule_job(SimTime::from_nanos(phase), JobEvent::Poll(service));
        }
        Ok(())
    }

    pub(super) fn job_event(&mut self, event: JobEvent, recorder: &mut dyn Recorder) {
        match event {
            JobEvent::Poll(service) => self.poll_triggers(service, recorder),
            JobEvent::Sync(service, job) => self.sync_job(service, job, recorder),
        }
    }

    fn schedule_job(&mut self, at: SimTime, event: JobEvent) {
        self.schedule(at, super::Event::Jobs(event));
    }

    fn scaled_job(&self, service: ServiceId) -> &ScaledJob {
        let scaled_job = self.service_of(service).scaled_job.as_ref();
        scaled_job.expect("only a ScaledJob has Jobs")
    }

    fn jobs_mut(&mut self, service: ServiceId) -> &mut JobsState {
        let jobs = self.services[service.index()].jobs.as_mut();
        jobs.expect("only a ScaledJob has Jobs")
    }

    fn job_mut(&mut self, service: ServiceId, id: JobId) -> &mut Job {
        let job = self.jobs_mut(service).jobs.get_mut(&id);
        job.expect("a Job with pods exists")
    }

    fn record_job(
        &self,
        (service, job): (ServiceId, JobId),
        (from, to): (Option<JobStage>, JobStage),
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let record = Record::Job {
            service,
            job,
            from,
            to,
            reason,
        };
        recorder.record(self.now, &record);
    }

    /// The Job of a pod, if it has one.
    fn job_of(&self, server: ServerId) -> Option<(ServiceId, JobId)> {
        let pod = self.pod(server);
        Some((pod.service, pod.job?))
    }
}
