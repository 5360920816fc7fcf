//! Azure Monitor autoscale of virtual machine scale sets.
//!
//! # What it does
//! At each run the profile that applies now gives bounds and rules. If any rule for scaling out
//! triggers, the largest result wins; if all rules for scaling in trigger, the smallest reduction
//! wins. Before it scales in, it projects the metrics on the smaller number of instances and takes
//! the first number at which no rule for scaling out would trigger. After an action nothing happens
//! for the cooldown of the rule that acted, in either direction.
//!
//! # When it hurts
//! The shared cooldown: a small step in keeps a step out waiting. Rules that are close together
//! never scale in, because the projection says that they would flap. Without metrics the scale set
//! grows to its default and stays there.
//!
//! # Parameters
//! [`AzurePolicy`]: the autoscale setting as JSON, how long metrics take to show up (60 s), and
//! calendar time.
//!
//! # Source
//! "Understand autoscale settings" and "Flapping in autoscale" in the documentation of Azure
//! Monitor. Our choices where it is silent: a run each minute; percentages are rounded half away
//! from zero, at least 1; sums that are not divided by the instances do not change with them; a
//! rule without data does not trigger, and metrics are unavailable when no rule has data. Not
//! modelled: predictive autoscale.

mod model;
mod profile;
mod steps;

pub use steps::{AzureRuleStep, AzureSteps};

use super::calendar::unix_seconds;
use super::series::{Grain, MinuteSeries};
use super::{InvalidPool, next_minute};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
use crate::{Limit, Observation, Reason, ScalingDecision, Steps, TimePoint};
use flashcrowd_manifests::azure::{
    AutoscaleSetting, MetricStatistic, ScaleDirection, ScaleType, TimeAggregation,
};
use flashcrowd_units::{Replicas, SimDuration};
use model::{Model, Profile, Rule};
use serde::{Deserialize, Serialize};

/// Parameters of [`AzureVmss`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzurePolicy {
    /// The autoscale setting as the resource manager takes it.
    pub setting: AutoscaleSetting,
    /// How long after its end a minute is seen.
    #[serde(default = "super::default_publish_delay")]
    pub publish_delay: SimDuration,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; profiles go by
    /// it. The first second of 2026 if absent.
    #[serde(default = "super::default_epoch")]
    pub epoch_unix_seconds: i64,
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct AzureVmss {
    model: Model,
    memory: Memory,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    last_sync: Option<TimePoint>,
    last_size: Replicas,
    /// One for each metric.
    series: Vec<MinuteSeries>,
    /// The cooldown of the rule that the last decision follows.
    asked: Option<SimDuration>,
    /// Until when nothing happens.
    cooldown_until: Option<TimePoint>,
}

/// What a run comes to.
struct Outcome {
    desired: u32,
    reason: Reason,
    limit: Option<Limit>,
    cooldown: Option<SimDuration>,
}

impl Outcome {
    fn set(desired: u32, reason: Reason, limit: Option<Limit>) -> Self {
        Self {
            desired,
            reason,
            limit,
            cooldown: None,
        }
    }
}

impl AzureVmss {
    /// A setting that has just been enabled.
    ///
    /// # Errors
    /// If the resource manager would refuse the setting, or a time of it cannot be understood.
    pub fn new(policy: &AzurePolicy) -> Result<Self, InvalidPool> {
        let model = Model::new(policy)?;
        let memory = Memory {
            series: vec![MinuteSeries::default(); model.sources.len()],
            ..Memory::default()
        };
        Ok(Self { model, memory })
    }

    fn reconcile(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        self.memory.last_sync = Some(now);
        self.memory.asked = None;
        for (index, source) in self.model.sources.iter().enumerate() {
            let samples = source.samples(index, observation, |_| true);
            let delay = self.model.publish_delay;
            self.memory.series[index].observe(now, delay, &samples, self.model.keep);
        }
        let Some(scale) = observation.scale else {
            let size = self.memory.last_size;
            return ScalingDecision::hold(now, size, Reason::ScaleUnavailable);
        };
        self.memory.last_size = scale.spec_replicas;
        let current = scale.spec_replicas.get();
        let unix = unix_seconds(self.model.epoch, now);
        let profile =
            profile::applicable(&self.model.profiles, unix).filter(|_| self.model.enabled);
        let Some(profile) = profile else {
            return ScalingDecision::hold(now, scale.spec_replicas, Reason::ScalingDisabled);
        };
        let values: Vec<_> = profile
            .rules
            .iter()
            .map(|rule| self.value(rule, current))
            .collect();
        let outcome = self.run(profile, &values, current, now);
        let rule_step = |(rule, value): (&Rule, &Option<f64>)| AzureRuleStep {
            rule: rule.name.clone(),
            value: *value,
            triggers: triggers(rule, *value),
        };
        let steps = AzureSteps {
            profile: profile.name.clone(),
            cooldown_until: self.memory.cooldown_until,
            rules: profile.rules.iter().zip(&values).map(rule_step).collect(),
        };
        self.memory.asked = outcome.cooldown;
        ScalingDecision {
            at: now,
            current: scale.spec_replicas,
            desired: Replicas(outcome.desired),
            reason: outcome.reason,
            limited_by: outcome.limit,
            steps: Steps::AzureVmss(Box::new(steps)),
        }
    }

    fn run(
        &self,
        profile: &Profile,
        values: &[Option<f64>],
        current: u32,
        now: TimePoint,
    ) -> Outcome {
        let triggered = |direction| {
            let rules = profile.rules.iter().zip(values);
            rules
                .filter(move |(rule, value)| rule.direction == direction && triggers(rule, **value))
                .map(|(rule, _)| rule)
        };
        if self.memory.cooldown_until.is_some_and(|until| now < until) {
            let waiting = triggered(ScaleDirection::Increase).next();
            let waiting = waiting.or_else(|| triggered(ScaleDirection::Decrease).next());
            let reason = waiting.map_or(Reason::None, reason);
            return Outcome::set(current, reason, waiting.map(|_| Limit::Cooldown));
        }
        if current < profile.min {
            return Outcome::set(profile.min, Reason::BelowMinReplicas, None);
        }
        if current > profile.max {
            return Outcome::set(profile.max, Reason::AboveMaxReplicas, None);
        }
        if !profile.rules.is_empty() && values.iter().all(Option::is_none) {
            let desired = current.max(profile.default);
            return Outcome::set(desired, Reason::MetricsUnavailable, None);
        }
        let results = triggered(ScaleDirection::Increase).map(|rule| (result(rule, current), rule));
        if let Some((wanted, rule)) = results.max_by_key(|(wanted, _)| *wanted) {
            let desired = wanted.min(profile.max).max(current);
            return Outcome {
                desired,
                reason: reason(rule),
                limit: (desired < wanted).then_some(Limit::TooManyReplicas),
                cooldown: Some(rule.cooldown),
            };
        }
        let inward = profile
            .rules
            .iter()
            .filter(|rule| rule.direction == ScaleDirection::Decrease);
        if inward.count() > triggered(ScaleDirection::Decrease).count() {
            return Outcome::set(current, Reason::None, None);
        }
        let results = triggered(ScaleDirection::Decrease).map(|rule| (result(rule, current), rule));
        let Some((wanted, rule)) = results.max_by_key(|(wanted, _)| *wanted) else {
            return Outcome::set(current, Reason::None, None);
        };
        let candidate = wanted.max(profile.min).min(current);
        let calm = (candidate..current).find(|&size| !would_flap(profile, values, current, size));
        let desired = calm.unwrap_or(current);
        let limit = if desired > candidate {
            Some(Limit::Flapping)
        } else {
            (candidate > wanted).then_some(Limit::TooFewReplicas)
        };
        Outcome {
            desired,
            reason: reason(rule),
            limit,
            cooldown: Some(rule.cooldown),
        }
    }

    /// What a rule sees; `None` without data.
    fn value(&self, rule: &Rule, current: u32) -> Option<f64> {
        let window: Vec<_> = self.memory.series[rule.source].last(rule.window).collect();
        // Grains end where the window does.
        let grains = window.rchunks(rule.grain).filter_map(|minutes| {
            let grain = minutes.iter().flatten().copied().reduce(Grain::merge)?;
            Some(match rule.statistic {
                MetricStatistic::Average => grain.average(),
                MetricStatistic::Min => grain.min(),
                MetricStatistic::Max => grain.max(),
                MetricStatistic::Sum => grain.sum(),
                MetricStatistic::Count => grain.count(),
            })
        });
        // Newest first.
        let values: Vec<f64> = grains.collect();
        let newest = *values.first()?;
        let sum: f64 = values.iter().sum();
        let value = match rule.aggregation {
            TimeAggregation::Average => sum / values.len() as f64,
            TimeAggregation::Minimum => values.iter().copied().fold(newest, f64::min),
            TimeAggregation::Maximum => values.iter().copied().fold(newest, f64::max),
            TimeAggregation::Total => sum,
            TimeAggregation::Count => values.len() as f64,
            TimeAggregation::Last => newest,
        };
        Some(if rule.per_instance {
            value / f64::from(current.max(1))
        } else {
            value
        })
    }
}

fn triggers(rule: &Rule, value: Option<f64>) -> bool {
    value.is_some_and(|value| rule.operator.holds(value, rule.threshold))
}

fn reason(rule: &Rule) -> Reason {
    Reason::Other(rule.name.as_str().into())
}

/// The number of instances after a rule, before the bounds.
fn result(rule: &Rule, current: u32) -> u32 {
    let change = match rule.scale_type {
        ScaleType::ExactCount => return rule.amount,
        ScaleType::ChangeCount => rule.amount,
        ScaleType::PercentChangeCount => {
            let share = f64::from(current) * f64::from(rule.amount) / 100.0;
            // `round` goes away from zero at a half.
            (share.round() as u32).max(1)
        }
    };
    match rule.direction {
        ScaleDirection::Increase => current.saturating_add(change),
        ScaleDirection::Decrease => current.saturating_sub(change),
    }
}

/// Whether a rule for scaling out would trigger if there were fewer instances.
fn would_flap(profile: &Profile, values: &[Option<f64>], current: u32, size: u32) -> bool {
    profile.rules.iter().zip(values).any(|(rule, value)| {
        let projected = value.map(|value| {
            if rule.follows_size {
                value * f64::from(current) / f64::from(size)
            } else {
                value
            }
        });
        rule.direction == ScaleDirection::Increase && triggers(rule, projected)
    })
}

impl Autoscaler for AzureVmss {
    fn queries(&self) -> Vec<MetricQuery> {
        self.model
            .sources
            .iter()
            .map(super::metric::Source::query)
            .collect()
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        self.reconcile(observation)
    }

    fn committed(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        if decision.is_rescale()
            && outcome == ScaleOutcome::Applied
            && let Some(cooldown) = self.memory.asked.take()
        {
            self.memory.cooldown_until = Some(decision.at + cooldown);
        }
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        self.memory.last_sync.map(next_minute)
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
