//! Autoscaling of Oracle Cloud Infrastructure instance pools.
//!
//! # What it does
//! A threshold policy looks at the average of each minute. A rule fires when its last minutes
//! (`pendingDuration`, three at least) all breach; it adds or removes a fixed number of instances.
//! Then nothing happens until the pool is running again **and** the cooldown has passed. A
//! condition that still holds at the end of the cooldown acts at once. Scheduled policies set the
//! size by the clock and know no cooldown.
//!
//! # When it hurts
//! One cycle takes detection, launch and cooldown, about ten minutes for a few instances: a flash
//! crowd is over before the third step. New instances enter the average as soon as they report, so
//! booting ones hide the load. Without a scale-in rule the pool never shrinks.
//!
//! # Parameters
//! [`OciPolicy`]: the autoscaling configuration as `oci autoscaling configuration create` takes
//! it, how long metrics take to show up (60 s), whether alarms latch, and calendar time.
//!
//! # Source
//! "Autoscaling" in the documentation of OCI Compute and the reference of the Autoscaling API. Our
//! choices where they are silent: of several rules that fire the largest step out wins, then the
//! smallest step in; a minute without data breaches nothing; steps are cut at the bounds; the
//! initial size counts as an action; of schedules that meet in one minute the last one in the list
//! wins; what a schedule or the initial size could not write is written again.

mod model;
mod steps;

pub use steps::{OciRuleStep, OciSteps};

use super::calendar::{LastLook, unix_seconds};
use super::series::{Grain, MinuteSeries};
use super::{InvalidPool, instances, next_minute};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
use crate::{Limit, Observation, Reason, ResourceName, Scale, ScalingDecision, Steps, TimePoint};
use flashcrowd_manifests::oci::AutoScalingConfiguration;
use flashcrowd_units::{Replicas, SimDuration};
use model::{Model, Rule};
use serde::{Deserialize, Serialize};

/// Parameters of [`OciPool`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OciPolicy {
    /// The configuration as the API takes it.
    pub configuration: AutoScalingConfiguration,
    /// How long after its end a minute is seen.
    #[serde(default = "super::default_publish_delay")]
    pub publish_delay: SimDuration,
    /// Whether a rule that has fired keeps firing until as many minutes in a row do not breach.
    /// Undocumented; without it the last minutes must breach when the rule acts.
    #[serde(default)]
    pub alarm_latch: bool,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; schedules go by
    /// it. The first second of 2026 if absent.
    #[serde(default = "super::default_epoch")]
    pub epoch_unix_seconds: i64,
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct OciPool {
    model: Model,
    memory: Memory,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// Whether the policies have taken effect.
    started: bool,
    last_sync: Option<TimePoint>,
    last_size: Replicas,
    /// One for each metric.
    series: Vec<MinuteSeries>,
    /// One for each rule: whether its alarm is firing.
    firing: Vec<bool>,
    /// A size that has to be written, and why.
    due: Option<(u32, String)>,
    schedules: LastLook,
    /// Whether an action of ours is still being carried out.
    scaling: bool,
    /// Since when the pool has been running again.
    running_since: Option<TimePoint>,
}

/// What a rule does to a size, and what keeps it from doing so.
struct Outcome {
    desired: u32,
    reason: Reason,
    limit: Option<Limit>,
}

impl OciPool {
    /// A configuration that has just been enabled.
    ///
    /// # Errors
    /// If the service would refuse the configuration.
    pub fn new(policy: &OciPolicy) -> Result<Self, InvalidPool> {
        let model = Model::new(policy)?;
        let memory = Memory {
            series: vec![MinuteSeries::default(); model.sources.len()],
            firing: vec![false; model.rules.len()],
            ..Memory::default()
        };
        Ok(Self { model, memory })
    }

    /// The resources whose utilization its rules look at.
    pub fn resources(&self) -> Vec<ResourceName> {
        super::metric::resources(&self.model.sources)
    }

    /// How long a value or an action can matter to later decisions: as long as the longest
    /// `pendingDuration` with the time until its minutes are seen, or the cooldown.
    pub fn horizon(&self) -> SimDuration {
        let minutes = SimDuration::from_secs(60 * self.model.keep as u64);
        (minutes + self.model.publish_delay).max(self.model.cooldown)
    }

    fn reconcile(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        self.memory.last_sync = Some(now);
        self.observe(observation);
        let Some(scale) = observation.scale else {
            let size = self.memory.last_size;
            return ScalingDecision::hold(now, size, Reason::ScaleUnavailable);
        };
        let size = scale.spec_replicas.get();
        self.memory.last_size = scale.spec_replicas;
        let running = instances::are_running(observation, scale);
        if running && self.memory.scaling {
            self.memory.scaling = false;
            self.memory.running_since = Some(now);
        }
        self.look_at_schedules(now);
        if self.memory.due.as_ref().is_some_and(|due| due.0 == size) {
            self.memory.due = None;
        }
        let outcome = match &self.memory.due {
            Some((due, why)) => Outcome {
                desired: *due,
                reason: Reason::Other(why.as_str().into()),
                limit: None,
            },
            None => self.apply_rules(now, scale, running),
        };
        ScalingDecision {
            at: now,
            current: scale.spec_replicas,
            desired: Replicas(outcome.desired),
            reason: outcome.reason,
            limited_by: outcome.limit,
            steps: Steps::Oci(Box::new(self.steps(running))),
        }
    }

    /// Takes the metrics in and updates the alarms.
    fn observe(&mut self, observation: &Observation<'_>) {
        let Model { sources, keep, .. } = &self.model;
        let mut closed = vec![0; sources.len()];
        for (index, source) in sources.iter().enumerate() {
            let samples = source.samples(index, observation, |_| true);
            let series = &mut self.memory.series[index];
            closed[index] =
                series.observe(observation.now, self.model.publish_delay, &samples, *keep);
        }
        for (rule, firing) in self.model.rules.iter().zip(&mut self.memory.firing) {
            let series = &self.memory.series[rule.source];
            let breaches = |it: Grain| rule.threshold.holds(it.average());
            if !*firing {
                *firing = series.all_of_last(rule.minutes, breaches);
            } else if closed[rule.source] > 0 {
                let quiet = |it: Option<Grain>| !it.is_some_and(breaches);
                *firing = !series.last(rule.minutes).all(quiet);
            }
        }
    }

    /// Whether a rule wants to act.
    fn fires(&self, index: usize) -> bool {
        let rule = &self.model.rules[index];
        if self.model.alarm_latch {
            return self.memory.firing[index];
        }
        let series = &self.memory.series[rule.source];
        series.all_of_last(rule.minutes, |it| rule.threshold.holds(it.average()))
    }

    /// What the clock asks for: the initial size at first, then what schedules say.
    fn look_at_schedules(&mut self, now: TimePoint) {
        if !self.memory.started {
            self.memory.started = true;
            let initial = self.model.initial;
            self.memory.due = initial.map(|size| (size, "initial size".to_owned()));
        }
        let unix = unix_seconds(self.model.epoch, now);
        let from = self.memory.schedules.advance(unix);
        let due = self.model.schedules.iter().filter_map(|schedule| {
            let at = schedule.zone.latest(&schedule.expression, unix, from)?;
            Some((at, schedule))
        });
        // The later one, and of those at the same time the last one in the list.
        if let Some((_, schedule)) = due.max_by_key(|(at, _)| *at) {
            self.memory.due = Some((schedule.size, format!("schedule {}", schedule.name)));
        }
    }

    fn apply_rules(&self, now: TimePoint, scale: Scale, running: bool) -> Outcome {
        let size = scale.spec_replicas.get();
        let firing = |out: bool| {
            let rules = self.model.rules.iter().enumerate();
            rules.filter(move |(index, rule)| (rule.step > 0) == out && self.fires(*index))
        };
        let out = firing(true).max_by_key(|(_, rule)| rule.step);
        // The largest step out, else the smallest step in.
        let chosen = out.or_else(|| firing(false).max_by_key(|(_, rule)| rule.step));
        let Some((_, rule)) = chosen else {
            return Outcome {
                desired: size,
                reason: Reason::None,
                limit: None,
            };
        };
        let (target, limit) = self.target(size, rule);
        let cooling = self.cooldown_until().is_some_and(|until| now < until);
        let held = if target == size {
            None
        } else if !running {
            Some(Limit::ScalingInProgress)
        } else {
            cooling.then_some(Limit::Cooldown)
        };
        Outcome {
            desired: if held.is_some() { size } else { target },
            reason: Reason::Other(rule.name.as_str().into()),
            limit: held.or(limit),
        }
    }

    /// The size after a rule, cut at the bounds. A size beyond a bound is not made worse.
    fn target(&self, size: u32, rule: &Rule) -> (u32, Option<Limit>) {
        let wanted = size.saturating_add_signed(rule.step);
        let target = if rule.step > 0 {
            wanted.min(self.model.max).max(size)
        } else {
            wanted.max(self.model.min).min(size)
        };
        let limit = if rule.step > 0 {
            Limit::TooManyReplicas
        } else {
            Limit::TooFewReplicas
        };
        (target, (target != wanted).then_some(limit))
    }

    fn cooldown_until(&self) -> Option<TimePoint> {
        self.memory
            .running_since
            .map(|since| since + self.model.cooldown)
    }

    fn steps(&self, running: bool) -> OciSteps {
        let rule_step = |(index, rule): (usize, &Rule)| OciRuleStep {
            rule: rule.name.clone(),
            step: rule.step,
            last: self.memory.series[rule.source]
                .last(1)
                .next()
                .flatten()
                .map(Grain::average),
            fires: self.fires(index),
        };
        OciSteps {
            running,
            cooldown_until: self.cooldown_until(),
            rules: self.model.rules.iter().enumerate().map(rule_step).collect(),
            due: self.memory.due.as_ref().map(|(size, _)| *size),
        }
    }
}

impl Autoscaler for OciPool {
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
        if decision.is_rescale() && outcome == ScaleOutcome::Applied {
            self.memory.due = None;
            self.memory.scaling = true;
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
