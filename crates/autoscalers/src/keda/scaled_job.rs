//! KEDA's ScaledJob: Jobs made from what its triggers say.
//!
//! # What it does
//! At every poll (`pollingInterval`, 30 s) the triggers give the length of a queue and how many Jobs
//! it is worth: the queue over the target, at most `maxReplicaCount` less `minReplicaCount`. A
//! strategy takes off what runs already, and the rest is made at once. Each Job takes its messages,
//! ends, and stays in the history until its limit is reached. Nothing that runs is ever ended: there is
//! no HPA, no cooldown and no scale-in.
//!
//! | Strategy | New Jobs |
//! |---|---|
//! | `default` | what the queue is worth, less the Jobs that have not ended |
//! | `custom` | what it is worth, less a deduction and a percentage of those Jobs |
//! | `accurate` | what it is worth, less the Jobs of which no pod has started |
//! | `eager` | as many as there may be, less both, but no more than it is worth |
//!
//! # When it hurts
//! * `default` counts a message twice where the queue forgets it as soon as it is taken (a Redis list):
//!   every running Job then stands for a message that waits, and is not made again. `accurate` is
//!   for these. It makes too many where messages in progress count (`rabbitmq`, the lag of `kafka`).
//! * A message waits for the next poll, then for a pod to be scheduled, pulled and started: each time.
//! * A Job counts as running until it has failed for good. With a `backoffLimit` of 6 and back-offs of
//!   10 s, 20 s, ... one that fails always is in the way for ten minutes.
//! * `custom` goes beyond `maxReplicaCount` where its percentage is below 1: it bounds the new Jobs, not
//!   all of them.
//! * Without `maxReplicaCount` up to 100 Jobs are added to the minimum, whatever that is.
//! * `multipleScalersCalculation` takes the longest queue, not the sum, where nothing is said.
//!
//! # Parameters
//! * `spec`: the ScaledJob's, with its triggers and its Job.
//! * `annotations`: those of the ScaledJob; `autoscaling.keda.sh/paused` stops the polls.
//! * `epoch_unix_seconds`: when the run starts, for cron triggers.
//!
//! A scenario writes `scaled_job: { ... }` with the fields of `spec` under `autoscaler`, or names the
//! manifest. A program sets `Service::scaled_job` of the model.
//!
//! # Source
//! `pkg/scaling/scaledjob/metrics.go`, `pkg/scaling/executor/scale_jobs.go` and
//! `controllers/keda/scaledjob_controller.go` of kedacore/keda at `8b4f083c` (v2.20.1-117), whose
//! recorded decisions (`tests/golden/keda`) this implementation reproduces without a difference.

mod demand;
mod history;
mod polling;
mod strategy;

pub use demand::{JobDemand, TriggerDemand};
pub use polling::{InvalidScaledJob, Poll, ScaledJobPolicy, ScaledJobs};

use super::config::TriggerConfig;
use super::fetch::Fetch;
use super::status::{Condition, Conditions};
use crate::{ConditionStatus, PodPhase, TimePoint};
use flashcrowd_manifests::scaled_job::{DEFAULT_HISTORY_LIMIT, ScaledJobSpec, ScalingStrategy};
use serde::{Deserialize, Serialize};

/// The specification of a ScaledJob as it is meant.
#[derive(Debug, Clone)]
pub struct JobConfig {
    /// Jobs that run even if nothing is to do.
    pub min: i64,
    /// Jobs that may be added to `min`.
    pub range: i64,
    /// How work becomes Jobs.
    pub strategy: ScalingStrategy,
    /// Completed Jobs that are kept.
    pub completed_limit: usize,
    /// Failed Jobs that are kept.
    pub failed_limit: usize,
    /// What is looked at.
    pub triggers: Vec<TriggerConfig>,
}

impl JobConfig {
    /// From a manifest and its triggers.
    pub fn new(spec: &ScaledJobSpec, triggers: Vec<TriggerConfig>) -> Self {
        let limit = |limit: Option<i32>| {
            usize::try_from(limit.unwrap_or(DEFAULT_HISTORY_LIMIT)).unwrap_or(0)
        };
        Self {
            min: spec.effective_min().into(),
            range: spec.scaling_range().into(),
            strategy: spec.scaling_strategy.clone(),
            completed_limit: limit(spec.successful_jobs_history_limit),
            failed_limit: limit(spec.failed_jobs_history_limit),
            triggers,
        }
    }
}

/// Identity of a Job. Ids are never used again and grow with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

/// A Job as the API server shows it.
#[derive(Debug, Clone, Copy)]
pub struct JobView<'a> {
    /// Identity.
    pub id: JobId,
    /// How far it is.
    pub state: JobState,
    /// Its pods.
    pub pods: &'a [JobPod<'a>],
}

/// How far a Job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Neither complete nor failed. A suspended Job counts here too.
    Active,
    /// It has the condition Complete, since then.
    Complete(TimePoint),
    /// It has the condition Failed.
    Failed,
}

/// A pod of a Job.
#[derive(Debug, Clone, Copy)]
pub struct JobPod<'a> {
    /// `status.phase`.
    pub phase: PodPhase,
    /// The conditions that are True, by type.
    pub conditions: &'a [&'a str],
}

/// What KEDA may know at a poll.
#[derive(Debug, Clone, Copy)]
pub struct JobObservation<'a> {
    /// The time.
    pub now: TimePoint,
    /// What asking each trigger gives now, in the order of the specification. One that is not
    /// there counts as failed.
    pub triggers: &'a [Fetch],
    /// The Jobs that belong to the object, **in ascending order of their ids**.
    pub jobs: &'a [JobView<'a>],
}

/// What a poll wants.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDecision {
    /// Jobs to be made, all at once.
    pub create: u32,
    /// Completed Jobs to be deleted, in this order.
    pub delete_completed: Vec<JobId>,
    /// Failed Jobs to be deleted. They carry no time, so which ones go is not defined upstream;
    /// here the oldest.
    pub delete_failed: Vec<JobId>,
    /// Every intermediate number.
    pub steps: JobSteps,
}

/// The way from the triggers to Jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobSteps {
    /// Name of the strategy that is in force.
    pub strategy: &'static str,
    /// What each external trigger is worth; those in error are left out.
    pub demands: Vec<TriggerDemand>,
    /// The length of the queue, all triggers together.
    pub queue: f64,
    /// How many Jobs that is worth.
    pub max_value: f64,
    /// Whether there is something to do.
    pub active: bool,
    /// Whether a trigger failed.
    pub error: bool,
    /// Jobs that have not ended.
    pub running: i64,
    /// Those of them that have not begun.
    pub pending: i64,
    /// Jobs that the queue asks for.
    pub scale_to: i64,
    /// Jobs that the strategy allows.
    pub effective_max_scale: i64,
    /// Whether there would be more, were it not for the maximum.
    pub is_cut: bool,
    /// Jobs that are made.
    pub create: u32,
}

/// `status` of a ScaledJob, as far as KEDA decides by it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobStatus {
    /// Conditions.
    pub conditions: Conditions,
    /// When the object was last active, in whole seconds.
    pub last_active: Option<TimePoint>,
}

/// KEDA's loop around one ScaledJob.
#[derive(Debug, Clone)]
pub struct JobLoop {
    config: JobConfig,
    status: JobStatus,
}

impl JobLoop {
    /// An object that nobody has looked at yet.
    pub fn new(config: JobConfig) -> Self {
        Self {
            config,
            status: JobStatus::default(),
        }
    }

    /// The specification as it is meant.
    pub fn config(&self) -> &JobConfig {
        &self.config
    }

    /// The status of the object, which is all the memory that there is.
    pub fn status(&self) -> &JobStatus {
        &self.status
    }

    /// Takes over a status that was saved.
    pub fn restore(&mut self, status: JobStatus) {
        self.status = status;
    }

    /// One poll.
    pub fn poll(&mut self, observation: &JobObservation<'_>) -> JobDecision {
        let steps = self.steps(observation);
        self.report(&steps, observation.now);
        let (delete_completed, delete_failed) = history::surplus(
            observation.jobs,
            self.config.completed_limit,
            self.config.failed_limit,
        );
        JobDecision {
            create: steps.create,
            delete_completed,
            delete_failed,
            steps,
        }
    }

    fn steps(&self, observation: &JobObservation<'_>) -> JobSteps {
        let config = &self.config;
        let demands = demand::of_triggers(config, observation.triggers);
        let calculation = config
            .strategy
            .multiple_scalers_calculation
            .unwrap_or_default();
        let total = demand::combine(&demands.found, calculation);
        let max_value = total.max_value.min(config.range as f64);
        let running = observation
            .jobs
            .iter()
            .filter(|job| job.state == JobState::Active);
        let conditions = &config.strategy.pending_pod_conditions;
        let pending = running.clone().filter(|job| job.is_pending(conditions));
        let (running, pending) = (running.count() as i64, pending.count() as i64);
        let limits = strategy::limits(
            config,
            strategy::Situation {
                scale_to: total.queue.ceil() as i64,
                max_scale: max_value.ceil() as i64,
                running,
                pending,
            },
        );
        let active = total.active || config.min > 0;
        let effective_max_scale = limits.effective_max_scale.max(0);
        let wanted = limits.scale_to.min(effective_max_scale).max(0);
        let create = if active { wanted } else { 0 };
        let is_cut = demands
            .found
            .iter()
            .any(|demand| demand.is_cut(config.range as f64));
        JobSteps {
            strategy: config.strategy.kind().name(),
            is_cut: active && (is_cut || limits.is_cut),
            create: u32::try_from(create).unwrap_or(u32::MAX),
            demands: demands.found,
            queue: total.queue,
            max_value,
            active,
            error: demands.error,
            running,
            pending,
            scale_to: limits.scale_to,
            effective_max_scale,
        }
    }

    fn report(&mut self, steps: &JobSteps, now: TimePoint) {
        let conditions = &mut self.status.conditions;
        conditions.ready = match (steps.error, steps.active) {
            (false, _) => Condition::holds("ScaledJobReady"),
            (true, true) => Condition::new(ConditionStatus::Unknown, "PartialTriggerError"),
            (true, false) => Condition::fails("TriggerError"),
        };
        conditions.active = if steps.active {
            Condition::holds("ScalerActive")
        } else {
            Condition::fails("ScalerNotActive")
        };
        if steps.active {
            let seconds = now.as_nanos().div_euclid(1_000_000_000);
            self.status.last_active = Some(TimePoint::from_secs(seconds));
        }
    }
}

impl JobView<'_> {
    /// Whether none of its pods has begun; with a list of conditions, whether none has them all.
    fn is_pending(&self, conditions: &[String]) -> bool {
        let has_begun = |pod: &JobPod<'_>| {
            if conditions.is_empty() {
                matches!(pod.phase, PodPhase::Running | PodPhase::Succeeded)
            } else {
                conditions
                    .iter()
                    .all(|wanted| pod.conditions.contains(&wanted.as_str()))
            }
        };
        !self.pods.iter().any(has_begun)
    }
}

#[cfg(test)]
mod tests;
