//! A ScaledJob as a scenario names it, with scalers that can be asked.

use super::{JobConfig, JobLoop, JobObservation, JobStatus, JobView};
use super::{JobDecision, JobId};
use crate::autoscaler::{MetricQuery, RestoreError, SavedState};
use crate::keda::config::{TriggerConfig, TriggerKind};
use crate::keda::pausing::is_true;
use crate::keda::source::{ScalerMemory, Source};
use crate::keda::{Fetch, Pausing};
use crate::{Limit, MetricAnswer, Reason, ScalingDecision, Steps, TimePoint};
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::scaled_job::ScaledJobSpec;
use flashcrowd_units::{Replicas, SimDuration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A ScaledJob as a scenario names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaledJobPolicy {
    /// `spec` of a ScaledJob.
    pub spec: ScaledJobSpec,
    /// Its annotations, which can pause it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; cron triggers go
    /// by it. The first second of 2026 if absent.
    #[serde(default = "crate::keda::policy::default_epoch")]
    pub epoch_unix_seconds: i64,
}

/// A ScaledJob that KEDA, or the API server for its Jobs, would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidScaledJob {
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InvalidScaledJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ScaledJob is not valid")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidScaledJob {}

/// What a ScaledJob may know at a poll.
#[derive(Debug, Clone, Copy)]
pub struct Poll<'a> {
    /// The time.
    pub now: TimePoint,
    /// Answers to [`ScaledJobs::queries`], in their order.
    pub answers: &'a [MetricAnswer<'a>],
    /// The Jobs that belong to the object, **in ascending order of their ids**.
    pub jobs: &'a [JobView<'a>],
}

/// KEDA's loop around one ScaledJob, with its scalers: a [`JobLoop`] that is asked every
/// [`polling_interval`](Self::polling_interval).
#[derive(Debug, Clone)]
pub struct ScaledJobs {
    /// `None` for cpu and memory, which KEDA does not ask.
    sources: Vec<Option<Source>>,
    object: JobLoop,
    is_paused: bool,
    polling_interval: SimDuration,
    epoch: i64,
    scalers: BTreeMap<usize, ScalerMemory>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    status: JobStatus,
    scalers: BTreeMap<usize, ScalerMemory>,
}

impl ScaledJobs {
    /// A ScaledJob that nobody has looked at yet.
    ///
    /// # Errors
    /// Everything that KEDA, or the API server for its Jobs, would refuse.
    pub fn new(policy: &ScaledJobPolicy) -> Result<Self, InvalidScaledJob> {
        let spec = &policy.spec;
        let mut problems = spec.validate();
        let (mut sources, mut triggers) = (Vec::new(), Vec::new());
        for (index, trigger) in spec.triggers.iter().enumerate() {
            let source = if trigger.is_resource() {
                None
            } else {
                Source::new(trigger, index)
                    .map_err(|problem| problems.push(problem))
                    .ok()
            };
            let kind =
                source
                    .as_ref()
                    .map_or(TriggerKind::Resource, |source| TriggerKind::External {
                        target: source.target,
                        is_plain_value: false,
                        use_cached_metrics: false,
                    });
            let name = trigger.name.as_deref().map(Into::into);
            triggers.push(TriggerConfig { name, kind });
            sources.push(source);
        }
        if !problems.is_empty() {
            return Err(InvalidScaledJob { problems });
        }
        let paused = policy
            .annotations
            .get(&format!("{}paused", Pausing::PREFIX));
        let seconds = u64::try_from(spec.polling_interval()).unwrap_or(0);
        Ok(Self {
            sources,
            object: JobLoop::new(JobConfig::new(spec, triggers)),
            is_paused: paused.is_some_and(|value| is_true(value)),
            polling_interval: SimDuration::from_secs(seconds),
            epoch: policy.epoch_unix_seconds,
            scalers: BTreeMap::new(),
        })
    }

    /// The loop, with the status of the object.
    pub fn object(&self) -> &JobLoop {
        &self.object
    }

    /// The triggers by their index, `None` for cpu and memory.
    pub fn sources(&self) -> &[Option<Source>] {
        &self.sources
    }

    /// Whether an annotation has stopped the polls.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// From one poll to the next.
    pub fn polling_interval(&self) -> SimDuration {
        self.polling_interval
    }

    /// Jobs that run even if nothing is to do, and those that there are at most.
    pub fn bounds(&self) -> (u32, u32) {
        let config = self.object.config();
        let whole = |number: i64| u32::try_from(number).unwrap_or(0);
        (whole(config.min), whole(config.min + config.range))
    }

    /// The metrics that [`Poll::answers`] has to bring.
    pub fn queries(&self) -> Vec<MetricQuery> {
        let queries = self.sources.iter().flatten();
        queries.flat_map(|source| source.queries.clone()).collect()
    }

    /// One poll. A paused ScaledJob is not to be asked.
    pub fn poll(&mut self, poll: &Poll<'_>) -> JobDecision {
        let seconds = self.epoch + poll.now.as_nanos().div_euclid(1_000_000_000);
        let mut answers = poll.answers;
        let mut fetches = Vec::with_capacity(self.sources.len());
        for (index, source) in self.sources.iter().enumerate() {
            let Some(source) = source else {
                fetches.push(Fetch::Resource);
                continue;
            };
            let (own, others) = answers.split_at(source.queries.len().min(answers.len()));
            answers = others;
            let memory = self.scalers.entry(index).or_default();
            fetches.push(source.fetch(own, seconds, memory));
        }
        self.object.poll(&JobObservation {
            now: poll.now,
            triggers: &fetches,
            jobs: poll.jobs,
        })
    }

    /// The memory of this object, without its configuration.
    pub fn save(&self) -> SavedState {
        SavedState::of(&Memory {
            status: self.object.status().clone(),
            scalers: self.scalers.clone(),
        })
    }

    /// Takes over a memory that a ScaledJob of the same configuration has saved.
    ///
    /// # Errors
    /// If it is the memory of something else. The own memory is then unchanged.
    pub fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let memory: Memory = state.read()?;
        self.object.restore(memory.status);
        self.scalers = memory.scalers;
        Ok(())
    }
}

impl JobDecision {
    /// The decision in the form that those of all controllers have: its replicas are the Jobs that have
    /// not ended.
    pub fn scaling(self, at: TimePoint) -> ScalingDecision {
        let jobs = |number: i64| Replicas(u32::try_from(number).unwrap_or(0));
        let steps = self.steps;
        let reason = if steps.create > 0 {
            Reason::Other("KEDAJobsCreated".into())
        } else if steps.error {
            Reason::MetricsUnavailable
        } else {
            Reason::None
        };
        ScalingDecision {
            at,
            current: jobs(steps.running),
            desired: jobs(steps.running + i64::from(steps.create)),
            reason,
            limited_by: steps.is_cut.then_some(Limit::TooManyReplicas),
            steps: Steps::ScaledJob(Box::new(steps)),
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MilliValue;
    use serde_json::json;

    fn policy(spec: &serde_json::Value) -> ScaledJobPolicy {
        serde_json::from_value(json!({ "spec": spec })).expect("the policy reads")
    }

    /// Two lists and a window of local time between them: each trigger gets its own answers.
    #[test]
    fn answers_go_to_their_triggers() {
        let list = |name: &str| json!({ "type": "redis", "metadata": { "listName": name, "listLength": "1" } });
        // The epoch is a midnight.
        let night = json!({ "timezone": "Etc/UTC", "start": "0 22 * * *", "end": "0 6 * * *",
            "desiredReplicas": "4" });
        let cron = json!({ "type": "cron", "metadata": night });
        let spec = json!({ "triggers": [list("a"), cron, list("b")],
            "scalingStrategy": { "multipleScalersCalculation": "sum" } });
        let mut jobs = ScaledJobs::new(&policy(&spec)).expect("it is legal");
        assert_eq!(jobs.queries().len(), 2);
        assert_eq!(jobs.bounds(), (0, 100));
        let (a, b) = ([MilliValue::new(2000)], [MilliValue::new(3000)]);
        let poll = |hours: i64, jobs: &mut ScaledJobs| {
            jobs.poll(&Poll {
                now: TimePoint::from_secs(hours * 3600),
                answers: &[MetricAnswer::External(&a), MetricAnswer::External(&b)],
                jobs: &[],
            })
        };
        assert_eq!(poll(1, &mut jobs).create, 9);
        let decision = poll(7, &mut jobs);
        assert_eq!(decision.create, 5);
        let demands = &decision.steps.demands;
        let triggers: Vec<_> = demands.iter().map(|it| it.trigger).collect();
        assert_eq!(triggers, [0, 1, 2]);
        let scaling = decision.scaling(TimePoint::ZERO);
        assert_eq!((scaling.current.get(), scaling.desired.get()), (0, 5));
        assert_eq!(scaling.reason.to_string(), "KEDAJobsCreated");
    }

    #[test]
    fn only_the_annotation_for_jobs_pauses() {
        let list = json!({ "type": "redis", "metadata": { "listName": "a" } });
        let mut policy = policy(&json!({ "triggers": [list] }));
        let is_paused = |policy: &ScaledJobPolicy| {
            let jobs = ScaledJobs::new(policy).expect("it is legal");
            jobs.is_paused()
        };
        assert!(!is_paused(&policy));
        let annotate = |policy: &mut ScaledJobPolicy, key: &str, value: &str| {
            let key = format!("autoscaling.keda.sh/{key}");
            policy.annotations.insert(key, value.to_owned());
        };
        annotate(&mut policy, "paused-replicas", "0");
        assert!(!is_paused(&policy));
        annotate(&mut policy, "paused", "true");
        assert!(is_paused(&policy));
        annotate(&mut policy, "paused", "false");
        assert!(!is_paused(&policy));
    }

    #[test]
    fn a_saved_memory_is_taken_over() {
        let topic = json!({ "type": "kafka", "metadata": { "bootstrapServers": "k:9092",
            "consumerGroup": "g", "topic": "t", "excludePersistentLag": "true" } });
        let spec = json!({ "triggers": [topic] });
        let mut first = ScaledJobs::new(&policy(&spec)).expect("it is legal");
        let (committed, latest) = ([MilliValue::new(5000)], [MilliValue::new(40_000)]);
        let poll = |jobs: &mut ScaledJobs| {
            jobs.poll(&Poll {
                now: TimePoint::from_secs(30),
                answers: &[
                    MetricAnswer::External(&committed),
                    MetricAnswer::External(&latest),
                ],
                jobs: &[],
            })
        };
        let fresh = poll(&mut first).create;
        let mut second = ScaledJobs::new(&policy(&spec)).expect("it is legal");
        second
            .restore(&first.save())
            .expect("it is of the same kind");
        // A partition that stands still counts only for those who have not seen it before.
        let (again, restored) = (poll(&mut first).create, poll(&mut second).create);
        assert!(fresh > 0);
        assert_eq!((again, restored), (0, 0));
        assert_eq!(second.object().status(), first.object().status());
    }
}
