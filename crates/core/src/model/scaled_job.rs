//! A service whose pods are those of Jobs, which KEDA makes.

use flashcrowd_autoscalers::keda::scaled_job::ScaledJobPolicy;
use flashcrowd_manifests::scaled_job::{DEFAULT_BACKOFF_LIMIT, JobSpec};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// A ScaledJob in place of a Deployment.
///
/// Its pods take jobs from the queues that the service works off, and end. To tell the two apart,
/// what a queue holds is called a message here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaledJob {
    /// When KEDA makes how many Jobs, and which of those that ended it keeps.
    pub policy: ScaledJobPolicy,
    /// What each of them is.
    pub job: JobTemplate,
    /// What a pod does before it ends.
    pub work: JobWork,
}

/// A Job: pods that run until enough of them have succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobTemplate {
    /// Pods at once at most.
    pub parallelism: u32,
    /// Pods that have to succeed. `None`: the first success says that the work is done; no pod is
    /// started after it, and the Job is complete when the others have ended.
    pub completions: Option<u32>,
    /// Failures of pods that the Job puts up with; one more and it has failed.
    pub backoff_limit: u32,
    /// How long it may last, from its creation.
    pub active_deadline: Option<SimDuration>,
    /// What becomes of a container that fails.
    pub restart: RestartPolicy,
}

/// `restartPolicy` of the pods of a Job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// The pod has failed; another one is made.
    #[default]
    Never,
    /// It is started again in its pod.
    OnFailure,
}

/// What a pod of a Job does before it ends. Whichever bound is met first ends it; where neither is
/// given it would never end, which is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobWork {
    /// It takes so many messages, of all its queues together, and ends with the last.
    pub messages: Option<u32>,
    /// It ends when it has been without a message for so long.
    pub until_idle: Option<SimDuration>,
}

impl ScaledJob {
    /// What a policy says of its Jobs, one message for each pod. Negative numbers, which the
    /// specification does not allow, count as nothing said.
    pub fn new(policy: ScaledJobPolicy) -> Self {
        Self {
            job: JobTemplate::of(&policy.spec.job_target_ref),
            policy,
            work: JobWork::default(),
        }
    }
}

impl JobTemplate {
    fn of(spec: &JobSpec) -> Self {
        let whole = |number: i32| u32::try_from(number).ok();
        Self {
            parallelism: whole(spec.effective_parallelism()).unwrap_or(1),
            completions: spec.effective_completions().and_then(whole),
            backoff_limit: whole(spec.backoff_limit.unwrap_or(DEFAULT_BACKOFF_LIMIT)).unwrap_or(0),
            active_deadline: spec
                .active_deadline_seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                // A century is as good as any longer time, and does not overflow.
                .map(|seconds| SimDuration::from_secs(seconds.min(3_155_760_000))),
            restart: if spec.restarts_containers() {
                RestartPolicy::OnFailure
            } else {
                RestartPolicy::Never
            },
        }
    }
}

impl Default for JobWork {
    /// One message, however long it is waited for.
    fn default() -> Self {
        Self {
            messages: Some(1),
            until_idle: None,
        }
    }
}
