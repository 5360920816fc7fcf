//! Forecasts: replicas for the load that is to come.
//!
//! # What it does
//! At every sync the load is divided by what one replica bears; within the tolerance the current
//! number stays. Each model keeps a history of that and forecasts. The reactive number and the
//! forecasts are combined, by default to the largest of them, then the highest recommendation of
//! the scale-down window (and the lowest of the scale-up window) holds it back, then the bounds.
//!
//! # When it hurts
//! A forecast is only as good as the past: nothing of it knows about tomorrow's sale. With
//! `combine: maximum` a wrong forecast costs money, with anything else it costs requests. The
//! model that is right for a season of a day needs days of history, which a run of an hour does
//! not have.
//!
//! # Parameters
//! * `load`: the signal; `cpu_usage` or `external: { name }`, something that does not depend on the
//!   number of replicas. `per_replica`: how much of it one replica bears.
//! * `replicas`: `min` and `max`.
//! * `models`: each with `forecast` (`linear: { look_ahead, history_size }`,
//!   `holt_winters: { alpha, beta, gamma, seasonal_periods, stored_seasons, trend, seasonal, damping,
//!   order }`, `seasonal_naive: { season, seasons, slot, lead, margin }`), `every` (1),
//!   `start_interval`, `reset_after`.
//! * `combine` (maximum): maximum, minimum, mean or median.
//! * `interval` (15s), `tolerance` (10%), `stabilization_down` (5m), `stabilization_up` (0s).
//! * `short_history` (ignore): a model with too little history is left out, or forecasts `zero` as
//!   Holt-Winters does upstream.
//!
//! # Source
//! jthomperoo/predictive-horizontal-pod-autoscaler, whose reactive number is that of an HPA. Its
//! rate policies (100 % or 4 pods a minute) are not part of it.

mod combine;
mod holt_winters;
mod linear;
mod model;
mod seasonal_naive;
mod stabilization;

pub use combine::Combine;
pub use holt_winters::{Component, HistoryOrder, HoltWinters};
pub use linear::Linear;
pub use model::{Forecast, ForecastModel};
pub use seasonal_naive::SeasonalNaive;

use crate::catalog::InvalidPolicy;
use crate::schedule::ReplicaRange;
use crate::schedule::replica_range::{Notes, reason_of, whole_replicas};
use crate::threshold::{Cadence, Signal};
use crate::{
    Autoscaler, MetricQuery, Observation, Reason, RestoreError, SavedState, ScalingDecision,
    TimePoint,
};
use flashcrowd_manifests::Problem;
use flashcrowd_units::{Ratio, Replicas, SimDuration};
use model::{ModelState, Outcome, Sample};
use serde::{Deserialize, Serialize};
use stabilization::Recommendations;

/// Parameters of [`Predictive`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PredictivePolicy {
    /// The load.
    pub load: Signal,
    /// Load that one replica can bear, in the unit of the signal.
    pub per_replica: f64,
    /// Bounds of the result.
    pub replicas: ReplicaRange,
    /// The models.
    pub models: Vec<ForecastModel>,
    /// How their forecasts and the reactive number become one.
    #[serde(default)]
    pub combine: Combine,
    /// Distance of syncs.
    #[serde(default = "fifteen_seconds")]
    pub interval: SimDuration,
    /// Deviation from what the current replicas bear that changes nothing.
    #[serde(default = "a_tenth")]
    pub tolerance: Ratio,
    /// Recommendations of so long ago hold back a scale-down.
    #[serde(default = "five_minutes")]
    pub stabilization_down: SimDuration,
    /// Recommendations of so long ago hold back a scale-up.
    #[serde(default)]
    pub stabilization_up: SimDuration,
    /// What a model with too little history says.
    #[serde(default)]
    pub short_history: ShortHistory,
}

/// What a model with too little history says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShortHistory {
    /// Nothing.
    #[default]
    Ignore,
    /// 0, which pulls a minimum or a mean down.
    Zero,
}

const fn fifteen_seconds() -> SimDuration {
    SimDuration::from_secs(15)
}

const fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn a_tenth() -> Ratio {
    Ratio::new(0.1).expect("0.1 is a share")
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Predictive {
    policy: PredictivePolicy,
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    cadence: Cadence,
    models: Vec<ModelState>,
    recommendations: Recommendations,
    current: Replicas,
}

impl Predictive {
    /// A controller without history.
    ///
    /// # Errors
    /// If a number is out of its range.
    pub fn new(policy: &PredictivePolicy) -> Result<Self, InvalidPolicy> {
        InvalidPolicy::check("predictive", problems(policy))?;
        Ok(Self {
            policy: policy.clone(),
            memory: Memory {
                models: vec![ModelState::default(); policy.models.len()],
                ..Memory::default()
            },
        })
    }

    /// Replicas for the load of now.
    fn reactive(&self, load: f64, current: Replicas) -> u32 {
        let capacity = self.policy.per_replica * f64::from(current.get());
        let is_tolerated =
            capacity > 0.0 && (load / capacity - 1.0).abs() <= self.policy.tolerance.get();
        if is_tolerated {
            current.get()
        } else {
            whole_replicas(load / self.policy.per_replica)
        }
    }

    /// What the load and the models ask for together.
    fn combined(&mut self, now: TimePoint, load: f64, replicas: u32, notes: &mut Notes) -> u32 {
        let sample = Sample {
            now,
            load,
            per_replica: self.policy.per_replica,
            replicas,
        };
        let mut numbers = vec![replicas];
        for (model, state) in self.policy.models.iter().zip(&mut self.memory.models) {
            let outcome = state.sync(model, &sample);
            notes.note(model.forecast.name(), format_args!("{outcome:?}"));
            match outcome {
                Outcome::Replicas(it) => numbers.push(it),
                Outcome::TooShort if self.policy.short_history == ShortHistory::Zero => {
                    numbers.push(0);
                }
                Outcome::TooShort | Outcome::Silent => {}
            }
        }
        self.policy.combine.of(&numbers)
    }
}

impl Autoscaler for Predictive {
    fn queries(&self) -> Vec<MetricQuery> {
        vec![self.policy.load.query()]
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let (now, range) = (observation.now, self.policy.replicas);
        let Some(scale) = observation.scale else {
            return ScalingDecision::hold(now, self.memory.current, Reason::ScaleUnavailable);
        };
        let current = scale.spec_replicas;
        self.memory.current = current;
        let mut notes = Notes::default();
        if !self.memory.cadence.is_due(now, self.policy.interval) {
            return range.decide(now, current, current.get(), Reason::None, notes);
        }
        let load = self.policy.load.read(observation, 0);
        let Some(load) = load.filter(|load| load.is_finite()) else {
            let reason = Reason::MetricsUnavailable;
            return range.decide(now, current, current.get(), reason, notes);
        };
        let reactive = self.reactive(load, current);
        notes.note("load", load);
        notes.note("reactive", reactive);
        let wanted = self.combined(now, load, reactive, &mut notes);
        notes.note("combined", wanted);
        let windows = (self.policy.stabilization_up, self.policy.stabilization_down);
        let recommendations = &mut self.memory.recommendations;
        let (stable, limit) = recommendations.stabilize(now, current.get(), wanted, windows);
        let reason = reason_of(self.policy.load.name(), current, wanted);
        let mut decision = range.decide(now, current, stable, reason, notes);
        decision.limited_by = decision.limited_by.or(limit);
        decision
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        self.memory.cadence.next()
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let memory: Memory = state.read()?;
        if memory.models.len() != self.policy.models.len() {
            return Err(RestoreError::other("it has another number of models"));
        }
        self.memory = memory;
        Ok(())
    }
}

fn problems(policy: &PredictivePolicy) -> Vec<Problem> {
    let mut problems = policy.replicas.problems("replicas");
    let mut require = |holds: bool, path: &str, message: &str| {
        if !holds {
            problems.push(Problem {
                path: path.to_owned(),
                message: message.to_owned(),
            });
        }
    };
    let is_positive = policy.per_replica.is_finite() && policy.per_replica > 0.0;
    require(
        is_positive,
        "per_replica",
        "must be a finite number above 0",
    );
    require(
        !policy.interval.is_zero(),
        "interval",
        "must be longer than 0s",
    );
    for (index, model) in policy.models.iter().enumerate() {
        let mut require = |holds: bool, field: &str, message: &str| {
            require(holds, &format!("models[{index}].{field}"), message);
        };
        require(model.every > 0, "every", "must be at least 1");
        let starts = model.start_interval.is_none_or(|it| !it.is_zero());
        require(starts, "start_interval", "must be longer than 0s");
        match &model.forecast {
            Forecast::Linear(it) => {
                require(
                    it.history_size > 0,
                    "linear.history_size",
                    "must be at least 1",
                );
            }
            Forecast::HoltWinters(it) => {
                let period = it.seasonal_periods >= 2;
                require(
                    period,
                    "holt_winters.seasonal_periods",
                    "must be at least 2",
                );
                for (name, it) in [("alpha", it.alpha), ("beta", it.beta), ("gamma", it.gamma)] {
                    let field = format!("holt_winters.{name}");
                    require((0.0..=1.0).contains(&it), &field, "must be within 0 and 1");
                }
                let damping = (0.0..=1.0).contains(&it.damping);
                require(damping, "holt_winters.damping", "must be within 0 and 1");
            }
            Forecast::SeasonalNaive(it) => {
                let (season, slot) = (it.season.as_nanos(), it.slot.as_nanos());
                let fits = slot > 0 && season > 0 && season.is_multiple_of(slot);
                let message = "must be a whole number of slots";
                require(fits, "seasonal_naive.season", message);
                require(
                    it.seasons > 0,
                    "seasonal_naive.seasons",
                    "must be at least 1",
                );
            }
        }
    }
    problems
}
