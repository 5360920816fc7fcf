//! Rules of the form "above a threshold for some minutes: add replicas".
//!
//! # What it does
//! At every evaluation each rule compares its metric with its threshold. A comparison that has
//! held at every evaluation for the time `for` makes the rule act, unless a cooldown is running.
//! If several rules want more replicas, the largest number wins. Replicas are removed only if every
//! rule that would remove some agrees, and then as few as possible. The result is kept
//! between `min` and `max`, and below what the connections of a database allow. A
//! metric that is missing for longer than the lookback makes the comparison fail: nothing is done
//! without data.
//!
//! # When it hurts
//! One evaluation below the threshold starts `for` again, so a load that swings never fires it; a
//! `window` helps. Steps of a fixed size are far behind a flash crowd: +1 every five minutes. A down
//! threshold that the load falls below after each step up makes the number swing:
//! `up * n / (n + step)` has to stay above `down` for the smallest `n` in use. A rule on database
//! connections must not add replicas, because each brings a pool of its own.
//!
//! # Parameters
//! * `rules`: `metric` (`cpu_utilization`, `memory_utilization`, `cpu_usage`, `memory_usage` or
//!   `external: { name, aggregate }`), `when` (`above`, `at_least`, `below`, `at_most`), `for`,
//!   `keep_firing_for`, `window`, `action` (`add`, `remove`, `add_percent`, `remove_percent`,
//!   `multiply`, `set`), `cooldown`, `rearm` (`alert` or `trigger`), `missing` (`fails` or `holds`).
//! * `replicas`: `min` and `max`.
//! * `interval` (1m): distance of evaluations. `cooldown` (0s): after any action, for all rules.
//! * `lookback` (5m): how long the last value stands in for a missing one; 0s is a stale marker.
//! * `connections` (none): `max`, `pool_size` and `share` (80%) of a database; at most
//!   `share * max / pool_size` replicas.
//!
//! # Source
//! The timers are those of Prometheus alerts (`rules/alerting.go`, `for` and `keep_firing_for`).
//! Notification delays between an alert and whoever acts on it are not part of it.

mod alert;
mod cadence;
mod lint;
mod rule;
mod signal;

pub use alert::{Alert, AlertTimes};
pub(crate) use cadence::{Cadence, elapsed};
pub use rule::{Action, Comparison, Missing, Rearm, ThresholdRule};
pub use signal::{Aggregate, Signal};

use crate::catalog::InvalidPolicy;
use crate::schedule::ReplicaRange;
use crate::schedule::replica_range::Notes;
use crate::{
    Autoscaler, MetricQuery, Observation, Reason, RestoreError, SavedState, ScaleOutcome,
    ScalingDecision, TimePoint,
};
use flashcrowd_manifests::Problem;
use flashcrowd_units::{Ratio, Replicas, SimDuration};
use rule::RuleState;
use serde::{Deserialize, Serialize};

/// Parameters of [`Threshold`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ThresholdPolicy {
    /// The rules.
    pub rules: Vec<ThresholdRule>,
    /// Bounds of the result.
    pub replicas: ReplicaRange,
    /// Distance of evaluations.
    #[serde(default = "minute")]
    pub interval: SimDuration,
    /// How long after any action the next one has to wait.
    #[serde(default)]
    pub cooldown: SimDuration,
    /// How long the last value of a metric stands in for a missing one.
    #[serde(default = "five_minutes")]
    pub lookback: SimDuration,
    /// What the connections of a database allow.
    #[serde(default)]
    pub connections: Option<ConnectionBudget>,
}

/// Replicas that the connections of a database are enough for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConnectionBudget {
    /// `max_connections` of the database.
    pub max: u32,
    /// Connections that each replica opens.
    pub pool_size: u32,
    /// The share of `max` that replicas may use.
    #[serde(default = "four_fifths")]
    pub share: Ratio,
}

impl ConnectionBudget {
    /// The most replicas that fit.
    pub fn max_replicas(&self) -> u32 {
        let usable = self.share.get() * f64::from(self.max);
        (usable / f64::from(self.pool_size) + 1e-9).floor() as u32
    }
}

const fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

const fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn four_fifths() -> Ratio {
    Ratio::new(0.8).expect("0.8 is a share")
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Threshold {
    policy: ThresholdPolicy,
    range: ReplicaRange,
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    cadence: Cadence,
    rules: Vec<RuleState>,
    /// The last action of any rule.
    acted: Option<TimePoint>,
    /// The rules behind the last decision.
    acting: Vec<usize>,
    current: Replicas,
}

impl Threshold {
    /// A controller that has not evaluated anything yet.
    ///
    /// # Errors
    /// If a number is out of its range.
    pub fn new(policy: &ThresholdPolicy) -> Result<Self, InvalidPolicy> {
        InvalidPolicy::check("threshold", problems(policy))?;
        let cap = policy.connections.map(|budget| budget.max_replicas());
        let max = policy.replicas.max.min(cap.unwrap_or(u32::MAX));
        let min = policy.replicas.min.min(max);
        Ok(Self {
            policy: policy.clone(),
            range: ReplicaRange { min, max },
            memory: Memory {
                rules: vec![RuleState::default(); policy.rules.len()],
                ..Memory::default()
            },
        })
    }

    /// Lets every rule look at its metric.
    fn evaluate(&mut self, observation: &Observation<'_>, notes: &mut Notes) -> bool {
        let mut any = false;
        let rules = self.policy.rules.iter().zip(&mut self.memory.rules);
        for (index, (rule, state)) in rules.enumerate() {
            let value = rule.metric.read(observation, index);
            let compared = state.evaluate(rule, observation.now, value, self.policy.lookback);
            any |= compared.is_some();
            let name = format!("rules[{index}] {}", rule.metric.name());
            let text = compared.map_or("missing".to_owned(), |value| value.to_string());
            notes.note(&name, format_args!("{text}, {:?}", state.alert));
        }
        any
    }

    /// What the rules that may act make of a number of replicas, and which of them it is.
    fn wanted(&self, now: TimePoint, current: u32) -> (u32, Vec<usize>) {
        let results = |index: usize| self.policy.rules[index].action.apply(current);
        let is_ready =
            |index: usize| self.memory.rules[index].is_ready(&self.policy.rules[index], now);
        let all = 0..self.policy.rules.len();
        let cooling = self
            .memory
            .acted
            .is_some_and(|acted| elapsed(acted, now) < self.policy.cooldown);
        if cooling {
            return (current, Vec::new());
        }
        let ups = all
            .clone()
            .filter(|&it| results(it) > current && is_ready(it));
        if let Some(most) = ups.clone().map(results).max() {
            return (most, ups.filter(|&it| results(it) == most).collect());
        }
        let downs: Vec<usize> = all.filter(|&it| results(it) < current).collect();
        let least = downs.iter().map(|&it| results(it)).max();
        match least {
            Some(least) if downs.iter().all(|&it| is_ready(it)) => (least, downs),
            _ => (current, Vec::new()),
        }
    }

    fn reason(&self, current: u32, wanted: u32, acting: &[usize], any: bool) -> Reason {
        match acting.first() {
            Some(&index) if wanted > current => Reason::MetricAboveTarget {
                metric: self.policy.rules[index].metric.name().into(),
            },
            Some(_) => Reason::AllMetricsBelowTarget,
            None if any || self.policy.rules.is_empty() => Reason::None,
            None => Reason::MetricsUnavailable,
        }
    }
}

impl Autoscaler for Threshold {
    fn queries(&self) -> Vec<MetricQuery> {
        let rules = self.policy.rules.iter();
        rules.map(|rule| rule.metric.query()).collect()
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let mut notes = Notes::default();
        let due = self.memory.cadence.is_due(now, self.policy.interval);
        let any = !due || self.evaluate(observation, &mut notes);
        self.memory.acting.clear();
        let Some(scale) = observation.scale else {
            return ScalingDecision::hold(now, self.memory.current, Reason::ScaleUnavailable);
        };
        let current = scale.spec_replicas;
        self.memory.current = current;
        let (wanted, acting) = if due {
            self.wanted(now, current.get())
        } else {
            (current.get(), Vec::new())
        };
        let reason = self.reason(current.get(), wanted, &acting, any);
        self.memory.acting = acting;
        self.range.decide(now, current, wanted, reason, notes)
    }

    fn committed(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        let acting = std::mem::take(&mut self.memory.acting);
        if outcome == ScaleOutcome::Applied && !acting.is_empty() {
            self.memory.acted = Some(decision.at);
            for index in acting {
                self.memory.rules[index].acted(&self.policy.rules[index], decision.at);
            }
        }
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        self.memory.cadence.next()
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let memory: Memory = state.read()?;
        if memory.rules.len() != self.policy.rules.len() {
            return Err(RestoreError::other("it has another number of rules"));
        }
        self.memory = memory;
        Ok(())
    }
}

fn problems(policy: &ThresholdPolicy) -> Vec<Problem> {
    let mut problems = policy.replicas.problems("replicas");
    let mut refuse = |path: String, message: &str| {
        problems.push(Problem {
            path,
            message: message.to_owned(),
        });
    };
    if policy.interval.is_zero() {
        refuse("interval".to_owned(), "must be longer than 0s");
    }
    if policy.connections.is_some_and(|it| it.pool_size == 0) {
        refuse("connections.pool_size".to_owned(), "must be at least 1");
    }
    if policy
        .connections
        .is_some_and(|it| it.pool_size > 0 && it.max_replicas() == 0)
    {
        refuse("connections".to_owned(), "are not enough for one replica");
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        if !rule.when.threshold().is_finite() {
            refuse(format!("rules[{index}].when"), "must be a finite number");
        }
        if rule
            .action
            .amount()
            .is_some_and(|it| !it.is_finite() || it < 0.0)
        {
            refuse(
                format!("rules[{index}].action"),
                "must be a finite number that is not negative",
            );
        }
    }
    problems
}
