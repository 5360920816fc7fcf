//! The two loops of KEDA around one ScaledObject: its own poll, and the queries of the HPA.
//!
//! Source: `pkg/scaling/scale_handler.go`, `pkg/scaling/executor/scale_scaledobjects.go`.

mod execute;
mod query;
mod state;

use super::config::ObjectConfig;
use super::copies::{Copies, User};
use super::fallback::Surroundings;
use super::fetch::{Fetch, Reading};
use super::pausing::Pausing;
use super::status::{Condition, ObjectStatus};
use super::steps::{PollPath, PollSteps};
use crate::{ConditionStatus, ScaleOutcome, TimePoint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use query::MetricName;

/// KEDA's part in scaling one workload: what it decides itself, and what it tells the HPA.
///
/// After a [`poll`](Self::poll) that wants a number written, [`written`](Self::written) has to be
/// called before anything else.
#[derive(Debug, Clone)]
pub struct ObjectLoop {
    config: ObjectConfig,
    memory: ObjectMemory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectMemory {
    copies: Copies,
    /// What the last poll stored for `useCachedMetrics`: a value, or that there was an error.
    records: BTreeMap<usize, Option<Reading>>,
    /// A write that makes the object count as active at this time if it succeeds.
    activating: Option<TimePoint>,
}

/// What KEDA may know at a poll or query.
#[derive(Debug, Clone, Copy)]
pub struct ObjectObservation<'a> {
    /// The time.
    pub now: TimePoint,
    /// `spec.replicas` of the workload; `None` if reading it failed.
    pub replicas: Option<i32>,
    /// Pods that are running and ready.
    pub ready_pods: u32,
    /// What asking each trigger gives now, in the order of the specification. One that is not
    /// there counts as failed.
    pub triggers: &'a [Fetch],
    /// What the annotations of the object say.
    pub pausing: Pausing,
    /// The condition ScalingActive of the HPA: status and reason. `None` if there is no HPA or it
    /// has no such condition yet.
    pub scaling_active: Option<(ConditionStatus, &'a str)>,
}

/// What a poll wants.
#[derive(Debug, Clone, PartialEq)]
pub struct PollDecision {
    /// The number of replicas to be written, if one is.
    pub write: Option<i32>,
    /// Every intermediate number.
    pub steps: PollSteps,
}

impl ObjectLoop {
    /// An object that nobody has looked at yet.
    pub fn new(config: ObjectConfig) -> Self {
        Self {
            config,
            memory: ObjectMemory::default(),
        }
    }

    /// The status of the object as the API server has it.
    pub fn status(&self) -> &ObjectStatus {
        &self.memory.copies.stored
    }

    /// What it was made from.
    pub fn config(&self) -> &ObjectConfig {
        &self.config
    }

    /// Whether a poll has stored something for queries of this trigger.
    pub(super) fn has_record(&self, trigger: usize) -> bool {
        self.memory.records.contains_key(&trigger)
    }

    pub(super) fn memory(&self) -> &ObjectMemory {
        &self.memory
    }

    pub(super) fn set_memory(&mut self, memory: ObjectMemory) {
        self.memory = memory;
    }

    /// One poll of KEDA's own loop.
    pub fn poll(&mut self, observation: &ObjectObservation<'_>) -> PollDecision {
        self.memory.activating = None;
        self.memory.copies.begin(User::Poll);
        let state = self.state(observation);
        if state.error {
            self.memory.copies.drop_cache();
        }
        let execution = self.execute(observation, state.active, state.error);
        let stored = &mut self.memory.copies.stored;
        stored.activity.extend(state.activity);
        if !state.records.is_empty() {
            self.memory.records = state.records;
        }
        PollDecision {
            write: execution.write,
            steps: PollSteps {
                path: execution.path,
                triggers: state.triggers,
                composite: state.composite,
                active: state.active,
                error: state.error,
                cooldown_left: execution.cooldown_left,
            },
        }
    }

    /// What came of the write that the last poll asked for.
    pub fn written(&mut self, outcome: ScaleOutcome) {
        if let Some(now) = self.memory.activating.take()
            && outcome == ScaleOutcome::Applied
        {
            self.set_last_active(now);
        }
    }

    /// The API server stores times in whole seconds.
    fn set_last_active(&mut self, now: TimePoint) {
        let seconds = now.as_nanos().div_euclid(1_000_000_000);
        self.memory.copies.stored.last_active = Some(TimePoint::from_secs(seconds));
    }
}

impl ObjectObservation<'_> {
    fn fetch(&self, trigger: usize) -> Fetch {
        self.triggers.get(trigger).copied().unwrap_or(Fetch::Failed)
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            replicas: self.replicas,
            ready_pods: self.ready_pods,
        }
    }
}

/// What the executor does.
#[derive(Debug)]
struct Execution {
    path: PollPath,
    write: Option<i32>,
    cooldown_left: Option<flashcrowd_units::SimDuration>,
}

/// The condition HPAActive, from the HPA's own condition ScalingActive.
fn hpa_active(status: ConditionStatus, reason: &str) -> Condition {
    if status == ConditionStatus::True {
        return Condition::holds("HPAActive");
    }
    match reason {
        "ScalingDisabled" => Condition::holds("ScalingDisabled"),
        "" => Condition::fails("HPAMetricsUnavailable"),
        reason => Condition {
            status: ConditionStatus::False,
            reason: Arc::from(reason),
        },
    }
}
