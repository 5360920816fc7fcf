//! One rule: a comparison, how long it has to hold, and what follows from it.

use super::Signal;
use super::alert::{Alert, AlertTimes};
use super::cadence::elapsed;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A rule as a scenario writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ThresholdRule {
    /// What is compared.
    pub metric: Signal,
    /// With what, and how.
    pub when: Comparison,
    /// The mean over so much time is compared instead of the value itself, which tolerates dips.
    #[serde(default)]
    pub window: SimDuration,
    /// How long the comparison has to hold, at every evaluation.
    #[serde(default, rename = "for")]
    pub hold: SimDuration,
    /// How long the rule stays in force once the comparison fails.
    #[serde(default)]
    pub keep_firing_for: SimDuration,
    /// What is done then.
    pub action: Action,
    /// How long after an action of this rule its next one has to wait.
    #[serde(default)]
    pub cooldown: SimDuration,
    /// Whether `for` has to be earned again after an action.
    #[serde(default)]
    pub rearm: Rearm,
    /// What a missing value means.
    #[serde(default)]
    pub missing: Missing,
}

/// A comparison with a number in the unit of the metric; utilizations are shares, 70 % is 0.7.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// More than this.
    Above(f64),
    /// This or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
    /// This or less.
    AtMost(f64),
}

impl Comparison {
    /// What is compared with.
    pub const fn threshold(self) -> f64 {
        match self {
            Self::Above(it) | Self::AtLeast(it) | Self::Below(it) | Self::AtMost(it) => it,
        }
    }

    /// Whether a value fulfils it.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::Above(threshold) => value > threshold,
            Self::AtLeast(threshold) => value >= threshold,
            Self::Below(threshold) => value < threshold,
            Self::AtMost(threshold) => value <= threshold,
        }
    }
}

/// What is done to the number of replicas. Percentages of it are rounded away from zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// So many more.
    Add(u32),
    /// So many per cent more, at least one.
    AddPercent(f64),
    /// So many fewer.
    Remove(u32),
    /// So many per cent fewer, at least one.
    RemovePercent(f64),
    /// So many times as many, rounded up.
    Multiply(f64),
    /// This many.
    Set(u32),
}

impl Action {
    /// The number of replicas that it makes of another one.
    pub fn apply(self, replicas: u32) -> u32 {
        let percent = |percent: f64| {
            let change = (f64::from(replicas) * percent / 100.0 - 1e-9).ceil();
            (change as u32).max(1)
        };
        match self {
            Self::Add(more) => replicas.saturating_add(more),
            Self::AddPercent(more) => replicas.saturating_add(percent(more)),
            Self::Remove(fewer) => replicas.saturating_sub(fewer),
            Self::RemovePercent(fewer) => replicas.saturating_sub(percent(fewer)),
            Self::Multiply(times) => (f64::from(replicas) * times - 1e-9).ceil() as u32,
            Self::Set(replicas) => replicas,
        }
    }

    pub(super) fn amount(self) -> Option<f64> {
        match self {
            Self::AddPercent(it) | Self::RemovePercent(it) | Self::Multiply(it) => Some(it),
            Self::Add(_) | Self::Remove(_) | Self::Set(_) => None,
        }
    }
}

/// What happens to the timer of `for` when a rule has acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rearm {
    /// Nothing: the rule acts again as soon as the cooldown is over, as an alert that goes on
    /// firing.
    #[default]
    Alert,
    /// It starts again at the evaluation that acted.
    Trigger,
}

/// What a missing value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The comparison fails: nothing is done without data.
    #[default]
    Fails,
    /// The comparison holds.
    Holds,
}

/// What a rule remembers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleState {
    pub(super) alert: Alert,
    pub(super) acted: Option<TimePoint>,
    /// Values with their times, oldest first: those of the window, at least the last one.
    values: VecDeque<(TimePoint, f64)>,
}

impl RuleState {
    /// One evaluation. Says what was compared.
    pub(super) fn evaluate(
        &mut self,
        rule: &ThresholdRule,
        now: TimePoint,
        value: Option<f64>,
        lookback: SimDuration,
    ) -> Option<f64> {
        let compared = self.compared(rule, now, value, lookback);
        let holds = match compared {
            Some(value) => rule.when.holds(value),
            None => rule.missing == Missing::Holds,
        };
        let times = AlertTimes {
            hold: rule.hold,
            keep_firing: rule.keep_firing_for,
        };
        self.alert.evaluate(now, holds, times);
        compared
    }

    /// The mean over the window, or the last value if it is recent enough.
    fn compared(
        &mut self,
        rule: &ThresholdRule,
        now: TimePoint,
        value: Option<f64>,
        lookback: SimDuration,
    ) -> Option<f64> {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.values.push_back((now, value));
        }
        let (newest, _) = *self.values.back()?;
        let is_old = |at| elapsed(at, now) > rule.window && at != newest;
        while self.values.front().is_some_and(|&(at, _)| is_old(at)) {
            self.values.pop_front();
        }
        if elapsed(newest, now) > lookback {
            return None;
        }
        let sum: f64 = self.values.iter().map(|(_, value)| value).sum();
        Some(sum / self.values.len() as f64)
    }

    /// Whether it may act now.
    pub(super) fn is_ready(&self, rule: &ThresholdRule, now: TimePoint) -> bool {
        let cooled = |acted| elapsed(acted, now) >= rule.cooldown;
        self.alert.is_firing() && self.acted.is_none_or(cooled)
    }

    /// It has acted.
    pub(super) fn acted(&mut self, rule: &ThresholdRule, at: TimePoint) {
        self.acted = Some(at);
        if rule.rearm == Rearm::Trigger {
            self.alert = Alert::Pending { since: at };
        }
    }
}
