//! A ScaledObject and its HPA as one autoscaler with two clocks.

use super::hpa_spec::{self, MadeHpa};
use super::policy::{InvalidKeda, KedaPolicy, modifiers, object_config, seconds};
use super::scaled_object::ObjectMemory;
use super::source::{ScalerMemory, Source};
use super::{
    Fetch, KedaSteps, MetricName, ObjectLoop, ObjectObservation, Pausing, PollPath, PollSteps,
    TriggerKind,
};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
use crate::hpa::Hpa;
use crate::{
    ConditionStatus, MetricAnswer, MilliValue, Observation, PodPhase, Reason, ScalingDecision,
    Steps, TimePoint,
};
use flashcrowd_manifests::Problem;
use flashcrowd_units::{Replicas, SimDuration};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much later the HPA syncs where KEDA has just written.
const AFTER_A_WRITE: SimDuration = SimDuration::from_nanos(1_000_000);

/// A ScaledObject with its HPA.
///
/// It wakes up for both of its clocks: KEDA's polls, the first of them at once, and the syncs of
/// the HPA. Where both fall together the poll comes first, and the HPA follows in the same
/// decision, or a millisecond later if the poll writes. The HPA asks for metrics only while there
/// are replicas within its bounds, as the real one does.
#[derive(Debug, Clone)]
pub struct Keda {
    sources: Vec<Option<Source>>,
    names: Vec<Option<MetricName>>,
    object: ObjectLoop,
    hpa: Hpa,
    hpa_bounds: (u32, u32),
    pausing: Pausing,
    paused_replicas: Option<u32>,
    polling_interval: SimDuration,
    epoch: i64,
    clocks: Clocks,
}

/// What a checkpoint has to keep beside the two loops.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clocks {
    next_poll: Option<TimePoint>,
    next_sync: Option<TimePoint>,
    /// Who wants the number written that was last decided.
    writer: Option<Writer>,
    scalers: BTreeMap<usize, ScalerMemory>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Writer {
    Poll,
    Hpa,
    Annotation,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    clocks: Clocks,
    object: ObjectMemory,
    hpa: SavedState,
}

impl Keda {
    /// A ScaledObject that was made at [`TimePoint::ZERO`] and that nobody has looked at yet.
    ///
    /// # Errors
    /// Everything that KEDA, or the API server for its HPA, would refuse.
    pub fn new(policy: &KedaPolicy) -> Result<Self, InvalidKeda> {
        let spec = &policy.spec;
        let about_target = |problem: &Problem| problem.path.starts_with("spec.scaleTargetRef");
        let mut problems = spec.validate();
        problems.retain(|problem| !about_target(problem));
        let mut sources = Vec::new();
        for (index, trigger) in spec.triggers.iter().enumerate() {
            if trigger.is_resource() {
                sources.push(None);
                continue;
            }
            match Source::new(trigger, index) {
                Ok(source) => sources.push(Some(source)),
                Err(problem) => problems.push(problem),
            }
        }
        let modifiers = modifiers(spec).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        if !problems.is_empty() {
            return Err(InvalidKeda { problems });
        }
        let pausing = Pausing::of(&policy.annotations);
        let of_one = |problem| InvalidKeda {
            problems: vec![problem],
        };
        let MadeHpa { spec: hpa, names } =
            hpa_spec::make(spec, &sources, pausing).map_err(of_one)?;
        let bounds = (hpa.min_replicas.unwrap_or(1), hpa.max_replicas);
        let hpa = Hpa::new(&hpa, policy.flags).map_err(|error| InvalidKeda {
            problems: error.problems,
        })?;
        let paused_replicas = policy
            .annotations
            .get(&format!("{}paused-replicas", Pausing::PREFIX))
            .and_then(|text| text.parse().ok());
        Ok(Self {
            object: ObjectLoop::new(object_config(spec, &sources, modifiers)),
            sources,
            names,
            hpa,
            hpa_bounds: (bounds.0.unsigned_abs(), bounds.1.unsigned_abs()),
            pausing,
            paused_replicas,
            polling_interval: seconds(spec.polling_interval()),
            epoch: policy.epoch_unix_seconds,
            clocks: Clocks::default(),
        })
    }

    /// KEDA's own loop, with the status of the ScaledObject.
    pub fn object(&self) -> &ObjectLoop {
        &self.object
    }

    /// The HPA that it drives.
    pub fn hpa(&self) -> &Hpa {
        &self.hpa
    }

    /// The external triggers by their index, `None` for cpu and memory.
    pub fn sources(&self) -> &[Option<Source>] {
        &self.sources
    }

    /// What every trigger answers. Queries of the HPA do not ask those whose value is cached.
    fn fetch(&mut self, observation: &Observation<'_>, is_query: bool) -> Vec<Fetch> {
        let now = self.epoch + observation.now.as_nanos().div_euclid(1_000_000_000);
        let mut answers = observation.answers;
        let mut fetches = Vec::with_capacity(self.sources.len());
        for (index, source) in self.sources.iter().enumerate() {
            let Some(source) = source else {
                // Resource metrics are answered elsewhere; their place is kept.
                answers = answers.get(1..).unwrap_or_default();
                fetches.push(Fetch::Resource);
                continue;
            };
            let count = source.queries.len();
            let own = &answers[..count.min(answers.len())];
            answers = answers.get(count..).unwrap_or_default();
            let cached = matches!(
                self.object.config().triggers[index].kind,
                TriggerKind::External { use_cached_metrics, .. } if use_cached_metrics
            );
            if is_query && cached && self.object.has_record(index) {
                fetches.push(Fetch::Failed);
                continue;
            }
            let memory = self.clocks.scalers.entry(index).or_default();
            fetches.push(source.fetch(own, now, memory));
        }
        fetches
    }

    fn poll(&mut self, observation: &Observation<'_>) -> (Option<i32>, PollSteps) {
        self.clocks.next_poll = Some(observation.now + self.polling_interval);
        let fetches = self.fetch(observation, false);
        let scaling_active = self.hpa.status().conditions.scaling_active;
        let seen = seen(observation, &fetches, self.pausing);
        let decision = self.object.poll(&ObjectObservation {
            scaling_active: scaling_active.map(|it| {
                let status = if it.status() {
                    ConditionStatus::True
                } else {
                    ConditionStatus::False
                };
                (status, it.reason())
            }),
            ..seen
        });
        (decision.write, decision.steps)
    }

    /// One sync of the HPA, with its queries to KEDA.
    fn sync(&mut self, observation: &Observation<'_>, steps: &mut KedaSteps) -> ScalingDecision {
        self.clocks.next_sync = Some(observation.now + self.hpa.flags().sync_period);
        let replicas = observation
            .scale
            .map_or(0, |scale| scale.spec_replicas.get());
        let asks = (self.hpa_bounds.0..=self.hpa_bounds.1).contains(&replicas);
        let mut values: Vec<Option<MilliValue>> = vec![None; self.names.len()];
        if asks {
            let fetches = self.fetch(observation, true);
            let seen = seen(observation, &fetches, self.pausing);
            for (value, name) in values.iter_mut().zip(&self.names) {
                if let Some(name) = name {
                    let answer = self.object.query(*name, &seen);
                    *value = answer.value;
                    steps.queries.push(answer);
                }
            }
        }
        let answers: Vec<_> = values
            .iter()
            .map(|value| match value {
                Some(value) => MetricAnswer::External(std::slice::from_ref(value)),
                None => MetricAnswer::Unavailable,
            })
            .collect();
        self.hpa.decide(&Observation {
            answers: &answers,
            ..*observation
        })
    }

    fn decided(&mut self, decision: ScalingDecision, writer: Writer) -> ScalingDecision {
        self.clocks.writer = decision.is_rescale().then_some(writer);
        decision
    }
}

impl Autoscaler for Keda {
    fn queries(&self) -> Vec<MetricQuery> {
        let of_source = |source: &Option<Source>| match source {
            Some(source) => source.queries.clone(),
            None => vec![MetricQuery::Resources],
        };
        self.sources.iter().flat_map(of_source).collect()
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let due = |at: Option<TimePoint>| at.is_none_or(|at| at <= now);
        let current = observation
            .scale
            .map_or(self.hpa.status().current_replicas, |it| it.spec_replicas);
        let mut steps = KedaSteps::default();
        let mut decision = ScalingDecision::hold(now, current, Reason::None);
        let mut writer = Writer::Hpa;
        let sync_is_due = due(self.clocks.next_sync);
        if due(self.clocks.next_poll) {
            let (write, poll) = self.poll(observation);
            decision.reason = reason(poll.path);
            steps.poll = Some(poll);
            if let Some(write) = write {
                decision.desired = Replicas(u32::try_from(write).unwrap_or(0));
                writer = Writer::Poll;
            }
        }
        if self.pausing.paused {
            // There is no HPA while the object is paused.
            self.clocks.next_sync = Some(now + self.hpa.flags().sync_period);
            decision.reason = Reason::Paused;
            if let (Some(replicas), Some(_)) = (self.paused_replicas, observation.scale) {
                decision.desired = Replicas(replicas);
                writer = Writer::Annotation;
            }
        } else if writer == Writer::Poll && sync_is_due {
            self.clocks.next_sync = Some(now + AFTER_A_WRITE);
        } else if sync_is_due {
            let of_hpa = self.sync(observation, &mut steps);
            if let Steps::Hpa(of_hpa) = of_hpa.steps {
                steps.hpa = Some(*of_hpa);
            }
            decision = ScalingDecision {
                steps: Steps::None,
                ..of_hpa
            };
        }
        decision.steps = Steps::Keda(Box::new(steps));
        self.decided(decision, writer)
    }

    fn committed(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        match self.clocks.writer.take() {
            Some(Writer::Poll) => self.object.written(outcome),
            Some(Writer::Hpa) => self.hpa.committed(decision, outcome),
            Some(Writer::Annotation) | None => {}
        }
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        [self.clocks.next_poll, self.clocks.next_sync]
            .into_iter()
            .flatten()
            .min()
    }

    fn save(&self) -> SavedState {
        SavedState::of(&Memory {
            clocks: self.clocks.clone(),
            object: self.object.memory().clone(),
            hpa: self.hpa.save(),
        })
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let memory: Memory = state.read()?;
        self.hpa.restore(&memory.hpa)?;
        self.object.set_memory(memory.object);
        self.clocks = memory.clocks;
        Ok(())
    }
}

/// What both loops see.
fn seen<'a>(
    observation: &Observation<'_>,
    fetches: &'a [Fetch],
    pausing: Pausing,
) -> ObjectObservation<'a> {
    let ready = observation
        .pods
        .iter()
        .filter(|pod| pod.phase == PodPhase::Running && pod.is_ready());
    ObjectObservation {
        now: observation.now,
        replicas: observation
            .scale
            .map(|scale| i32::try_from(scale.spec_replicas.get()).unwrap_or(i32::MAX)),
        ready_pods: u32::try_from(ready.count()).unwrap_or(u32::MAX),
        triggers: fetches,
        pausing,
        scaling_active: None,
    }
}

fn reason(path: PollPath) -> Reason {
    match path {
        PollPath::ScaleUnreadable => Reason::ScaleUnavailable,
        PollPath::Paused => Reason::Paused,
        PollPath::Activate => Reason::ScaleTargetActivated,
        PollPath::Deactivate => Reason::ScaleTargetDeactivated,
        PollPath::RepairMin => Reason::BelowMinReplicas,
        PollPath::InactiveWithError | PollPath::ActiveWithError => Reason::MetricsUnavailable,
        _ => Reason::None,
    }
}

#[cfg(test)]
mod tests;
