//! Policies of the research literature, for comparison: [`React`], [`Adapt`], [`Hist`], [`Reg`] and
//! [`ConPaas`].
//!
//! All of them see one number at each evaluation, the load, and know what one replica bears. They
//! are compared with one another in most papers on autoscaling since 2016, with the implementations
//! that one of their authors has published (ahmedaley/Autoscalers, commit 0a626e5), which are
//! followed here; where that code and the paper disagree, the policy's page says so. Each is one
//! rule, [`ResearchRule`]; what they have in common is [`Research`].

pub mod adapt;
pub mod conpaas;
pub mod hist;
pub mod react;
pub mod reg;

pub use adapt::Adapt;
pub use conpaas::ConPaas;
pub use hist::Hist;
pub use react::React;
pub use reg::Reg;

use crate::catalog::InvalidPolicy;
use crate::schedule::ReplicaRange;
use crate::schedule::replica_range::{Notes, reason_of, whole_replicas};
use crate::threshold::{Cadence, Signal};
use crate::{
    Autoscaler, MetricQuery, Observation, Reason, RestoreError, SavedState, ScalingDecision,
    TimePoint,
};
use flashcrowd_manifests::Problem;
use flashcrowd_units::{Replicas, SimDuration};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Parameters of a policy of the literature; `T` are those that only one of them has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(bound = "T: schemars::JsonSchema + Default + Serialize")
)]
#[serde(deny_unknown_fields)]
pub struct ResearchPolicy<T> {
    /// The load: something that does not depend on the number of replicas.
    pub load: Signal,
    /// Load that one replica can bear, in the unit of the signal.
    pub per_replica: f64,
    /// Bounds of the result.
    pub replicas: ReplicaRange,
    /// Distance of evaluations.
    #[serde(default = "minute")]
    pub interval: SimDuration,
    /// The policy's own constants.
    #[serde(default)]
    pub tuning: T,
}

const fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

/// What one evaluation tells a rule.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation {
    /// When it is.
    pub now: TimePoint,
    /// The load.
    pub load: f64,
    /// Load that one replica can bear.
    pub per_replica: f64,
    /// Replicas that there are.
    pub current: u32,
}

impl Evaluation {
    /// Replicas that the load needs, rounded up.
    pub fn needed(&self) -> u32 {
        whole_replicas(self.load / self.per_replica)
    }

    /// Load beyond what the replicas can bear; negative if they can.
    fn overload(&self) -> f64 {
        self.load - f64::from(self.current) * self.per_replica
    }
}

/// The part in which the policies differ. It is its own memory.
pub trait ResearchRule:
    fmt::Debug + Clone + Default + Send + Serialize + DeserializeOwned + 'static
{
    /// Its own constants.
    type Tuning: fmt::Debug + Clone + Default + Send;
    /// Its name in scenarios.
    const NAME: &'static str;

    /// What is wrong with the constants: field and message.
    fn problems(_tuning: &Self::Tuning) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// One evaluation: the replicas that are wanted, and intermediate numbers by name.
    fn evaluate(
        &mut self,
        evaluation: &Evaluation,
        tuning: &Self::Tuning,
    ) -> (u32, Vec<(&'static str, f64)>);
}

/// A policy of the literature as an autoscaler.
///
/// A missing metric is no evaluation: the rule is not asked, and remembers nothing of it.
#[derive(Debug, Clone)]
pub struct Research<R: ResearchRule> {
    policy: ResearchPolicy<R::Tuning>,
    memory: Memory<R>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory<R> {
    cadence: Cadence,
    rule: R,
    current: Replicas,
}

impl<R: ResearchRule> Research<R> {
    /// A controller that has not seen anything yet.
    ///
    /// # Errors
    /// If a number is out of its range.
    pub fn new(policy: &ResearchPolicy<R::Tuning>) -> Result<Self, InvalidPolicy> {
        let mut problems = policy.replicas.problems("replicas");
        let mut refuse = |path: &str, message: &str| {
            problems.push(Problem {
                path: path.to_owned(),
                message: message.to_owned(),
            });
        };
        if !policy.per_replica.is_finite() || policy.per_replica <= 0.0 {
            refuse("per_replica", "must be a finite number above 0");
        }
        if policy.interval.is_zero() {
            refuse("interval", "must be longer than 0s");
        }
        for (field, message) in R::problems(&policy.tuning) {
            refuse(&format!("tuning.{field}"), message);
        }
        InvalidPolicy::check(R::NAME, problems)?;
        Ok(Self {
            policy: policy.clone(),
            memory: Memory::default(),
        })
    }
}

impl<R: ResearchRule> Autoscaler for Research<R> {
    fn queries(&self) -> Vec<MetricQuery> {
        vec![self.policy.load.query()]
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let (now, policy) = (observation.now, &self.policy);
        let Some(scale) = observation.scale else {
            return ScalingDecision::hold(now, self.memory.current, Reason::ScaleUnavailable);
        };
        let current = scale.spec_replicas;
        self.memory.current = current;
        let mut notes = Notes::default();
        let stay = |reason| {
            let notes = Notes::default();
            policy
                .replicas
                .decide(now, current, current.get(), reason, notes)
        };
        if !self.memory.cadence.is_due(now, policy.interval) {
            return stay(Reason::None);
        }
        let load = policy.load.read(observation, 0);
        let Some(load) = load.filter(|load| load.is_finite()) else {
            return stay(Reason::MetricsUnavailable);
        };
        let evaluation = Evaluation {
            now,
            load: load.max(0.0),
            per_replica: policy.per_replica,
            current: current.get(),
        };
        let (wanted, numbers) = self.memory.rule.evaluate(&evaluation, &policy.tuning);
        notes.note("load", evaluation.load);
        notes.note("needed", evaluation.needed());
        for (name, number) in numbers {
            notes.note(name, number);
        }
        notes.note("wanted", wanted);
        let reason = reason_of(policy.load.name(), current, wanted);
        policy.replicas.decide(now, current, wanted, reason, notes)
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        self.memory.cadence.next()
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}
