//! How a pod of a Job ends. All of its Job's news goes to the controller by way of an event of the same
//! instant: whoever lets a pod end may be in the middle of something.

use super::JobEvent;
use super::controller::Phase;
use crate::control::World;
use crate::control::lifecycle::PodEvent;
use crate::control::pod::Pod;
use crate::model::{RestartPolicy, ServiceId};
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{Failure, PodStage, Recorder};
use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_units::SimTime;

impl<P: DataPlane> World<P> {
    /// A pod has no message in progress and none to take.
    pub(in crate::control) fn pod_idles(&mut self, server: ServerId) {
        let now = self.now;
        let Some((service, _)) = self.job_of(server) else {
            return;
        };
        let Some(until_idle) = self.scaled_job(service).work.until_idle else {
            return;
        };
        let container = &mut self.pod_mut(server).container;
        container.idle_since = Some(now);
        let start = container.starts;
        self.pod_later(server, until_idle, PodEvent::IdleExit(start, now));
    }

    /// A pod may have been without a message for long enough.
    pub(in crate::control) fn idle_exit(
        &mut self,
        server: ServerId,
        since: SimTime,
        recorder: &mut dyn Recorder,
    ) {
        let container = &self.pod(server).container;
        // What it took and did meanwhile would have set a later time.
        let is_idle = container.idle_since == Some(since) && container.stop.is_none();
        if is_idle && self.plane.usage(server, self.now).inside == 0 {
            self.succeed(server, recorder);
        }
    }

    /// The pod of a Job, if it is one, has done its last message.
    pub(in crate::control) fn job_pod_done(
        &mut self,
        server: ServerId,
        recorder: &mut dyn Recorder,
    ) {
        if self.job_of(server).is_some() {
            self.succeed(server, recorder);
        }
    }

    /// Its process exits with code 0.
    fn succeed(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let inside = self.plane.usage(server, self.now).inside;
        assert!(
            inside == 0,
            "a pod of a Job exits with {inside} messages inside; seed {}, time {}",
            self.seed,
            self.now
        );
        let service = self.pod(server).service;
        if std::mem::take(&mut self.pod_mut(server).ready) {
            self.count_ready(service, -1);
        }
        self.settle_usage(server);
        self.count_running(service, -1);
        self.count_requested(server, -1);
        self.apply(Change::Kill(server, Failure::PodTerminated));
        self.pod_mut(server).container.running_since = None;
        let (service, job) = self.end_pod(server, PodStage::Succeeded, "Completed", recorder);
        self.job_mut(service, job).pod_succeeded(server);
    }

    /// The container of a pod was started: the Job controller counts restarts.
    pub(in crate::control) fn job_pod_started(&mut self, server: ServerId) {
        if let Some((service, job)) = self.job_of(server)
            && self.pod(server).container.starts > 1
        {
            self.schedule_job(self.now, JobEvent::Sync(service, job));
        }
    }

    /// The container of a pod has failed. Returns whether that is the end of the pod: it is one of a
    /// Job, and its container is not to be started again.
    pub(in crate::control) fn job_pod_failed(
        &mut self,
        server: ServerId,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) -> bool {
        let Some((service, job)) = self.job_of(server) else {
            return false;
        };
        if self.scaled_job(service).job.restart == RestartPolicy::OnFailure {
            return false;
        }
        self.end_pod(server, PodStage::Failed, reason, recorder);
        let now = self.now;
        let job = self.job_mut(service, job);
        job.pod_failed(server, now);
        job.crashed += 1;
        true
    }

    /// A pod that has ended holds nothing any more.
    fn end_pod(
        &mut self,
        server: ServerId,
        stage: PodStage,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) -> (ServiceId, JobId) {
        if std::mem::take(&mut self.pod_mut(server).routed) {
            self.apply(Change::Route(server, false));
        }
        self.move_to(server, stage, reason, recorder);
        let pod = self.discard(server);
        let job = pod.job.expect("it is one of a Job");
        self.schedule_job(self.now, JobEvent::Sync(pod.service, job));
        (pod.service, job)
    }

    /// A pod, if it is one of a Job, has got a deletion timestamp: unless that is the Job's own doing
    /// it counts as failed.
    pub(in crate::control) fn job_pod_terminates(&mut self, server: ServerId) {
        let Some((service, id)) = self.job_of(server) else {
            return;
        };
        let now = self.now;
        let job = self.job_mut(service, id);
        job.terminating += 1;
        if job.phase == Phase::Active {
            job.pod_failed(server, now);
            self.schedule_job(now, JobEvent::Sync(service, id));
        } else {
            job.active.retain(|&other| other != server);
        }
    }

    /// Nothing is left of a pod that was deleted.
    pub(in crate::control) fn job_pod_deleted(&mut self, pod: &Pod) {
        let Some(id) = pod.job else { return };
        self.job_mut(pod.service, id).terminating -= 1;
        self.schedule_job(self.now, JobEvent::Sync(pod.service, id));
    }
}
