//! KEDA's polls of a ScaledJob.

use super::controller::{Job, Phase};
use super::{JobEvent, JobsState};
use crate::control::World;
use crate::control::metrics::named::Answer;
use crate::control::pod::Pod;
use crate::model::ServiceId;
use crate::plane::DataPlane;
use crate::record::{JobStage, Record, Recorder};
use flashcrowd_autoscalers::keda::scaled_job::{
    JobDecision, JobId, JobPod, JobState, JobView, Poll,
};
use flashcrowd_autoscalers::{PodPhase, TimePoint};

/// Conditions of a pod that is over.
const OVER: &[&str] = &["PodScheduled", "Initialized"];

impl<P: DataPlane> World<P> {
    /// Asks the triggers, makes Jobs, and deletes those that the history has no room for.
    pub(super) fn poll_triggers(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let Some(mut state) = self.services[service.index()].jobs.take() else {
            return;
        };
        let decision = self.ask_keda(service, &mut state);
        let next = self.now + state.keda.polling_interval();
        self.services[service.index()].jobs = Some(state);
        let at = TimePoint::from(self.now);
        let record = Record::Decision {
            service,
            decision: &decision.clone().scaling(at),
        };
        recorder.record(self.now, &record);
        for _ in 0..decision.create {
            self.create_job(service, recorder);
        }
        let kinds = [
            (decision.delete_completed, JobStage::Complete),
            (decision.delete_failed, JobStage::Failed),
        ];
        for (ids, from) in kinds {
            for id in ids {
                self.jobs_mut(service).jobs.remove(&id);
                let stages = (Some(from), JobStage::Deleted);
                self.record_job((service, id), stages, "HistoryLimit", recorder);
            }
        }
        self.schedule_job(next, JobEvent::Poll(service));
    }

    fn ask_keda(&mut self, service: ServiceId, state: &mut JobsState) -> JobDecision {
        let answers = self.answers(service, &state.bindings);
        let answers: Vec<_> = answers.iter().map(Answer::borrowed).collect();
        let pods: Vec<Vec<JobPod<'static>>> = (state.jobs.iter())
            .map(|(&id, job)| self.pods_of((service, id), job))
            .collect();
        let jobs: Vec<_> = (state.jobs.iter().zip(&pods))
            .map(|((&id, job), pods)| JobView {
                id,
                state: match job.phase {
                    Phase::Active | Phase::Failing(_) => JobState::Active,
                    Phase::Complete(at) => JobState::Complete(TimePoint::from(at)),
                    Phase::Failed => JobState::Failed,
                },
                pods,
            })
            .collect();
        state.keda.poll(&Poll {
            now: TimePoint::from(self.now),
            answers: &answers,
            jobs: &jobs,
        })
    }

    /// The pods of a Job as the API server shows them. Nobody looks at those of one that has ended.
    fn pods_of(&self, (service, id): (ServiceId, JobId), job: &Job) -> Vec<JobPod<'static>> {
        if !job.is_unfinished() {
            return Vec::new();
        }
        let over = |phase| JobPod {
            phase,
            conditions: OVER,
        };
        let mut pods: Vec<_> = job.active.iter().map(|&id| view(self.pod(id))).collect();
        if job.terminating > 0 {
            // Pods on their way out are still Running, or Pending.
            let all = self.services[service.index()].pods.iter();
            let of_job = all
                .map(|&pod| self.pod(pod))
                .filter(|pod| pod.job == Some(id));
            pods.extend(of_job.filter(|pod| !pod.is_active()).map(view));
        }
        pods.extend((0..job.succeeded).map(|_| over(PodPhase::Succeeded)));
        pods.extend((0..job.crashed).map(|_| over(PodPhase::Failed)));
        pods
    }
}

/// A pod with the conditions that hold.
fn view(pod: &Pod) -> JobPod<'static> {
    let is_new = pod.container.starts == 0;
    let conditions: &[&str] = match (pod.started, pod.ready) {
        (None, _) => &[],
        (Some(_), _) if is_new => &["PodScheduled", "Initialized"],
        (Some(_), false) => &["PodScheduled", "PodReadyToStartContainers", "Initialized"],
        (Some(_), true) => &[
            "PodScheduled",
            "PodReadyToStartContainers",
            "Initialized",
            "ContainersReady",
            "Ready",
        ],
    };
    JobPod {
        phase: if is_new {
            PodPhase::Pending
        } else {
            PodPhase::Running
        },
        conditions,
    }
}
