//! Amazon EC2 Auto Scaling.
//!
//! # What it does
//! Scaling policies of several kinds propose a capacity for one group, and the **largest** proposal
//! wins, for scaling in as well:
//!
//! * Target tracking has two alarms: three minutes in a row above the target scale out to
//!   `ceil(instances * metric / target)`, fifteen below nine tenths of it scale in. Several of
//!   them scale in only if all want to.
//! * Step scaling: the further a metric is from the alarm's threshold, the larger the step.
//! * Simple scaling: one step, then a cooldown that begins when the activity is finished.
//! * Predictive scaling: the hour's capacity is set some minutes before the hour, and never taken
//!   away again.
//!
//! While instances warm up they are not in the metric, count as capacity that is already there,
//! and block scaling in. Scheduled actions change bounds and capacity by the clock.
//!
//! # When it hurts
//! Scaling out takes three minutes, scaling in fifteen: after a peak the group stays large. A
//! warm-up shorter than the start of an instance makes target tracking overshoot; a longer one
//! blocks it. Between 90 and 100 % of the target nothing happens.
//!
//! # Parameters
//! [`Ec2Policy`]: group, policies, alarms, scheduled actions and warm pool as the AWS command line
//! takes them, how long metrics take to show up (60 s), and calendar time.
//!
//! # Source
//! The user guide of Amazon EC2 Auto Scaling; the numbers of datapoints are observed ones. Our
//! choices where it is silent: an alarm counts the breaching datapoints among the last
//! `EvaluationPeriods`, and calls its policies each minute while it lasts; only simple scaling
//! starts a cooldown; any instance that is wanted but not yet warm counts as warming up; the
//! forecast is the median of the same hour of the last 14 days. Not modelled: lifecycle hooks,
//! metric mathematics, which instance is terminated. The warm pool only has a size here
//! ([`Ec2Steps::warm_pool`]): that its instances start faster is the driver's business.

mod adjustment;
mod alarm;
mod candidate;
mod forecast;
mod model;
mod reconcile;
mod steps;

pub use alarm::AlarmState;
pub use steps::{Ec2AlarmStep, Ec2CandidateStep, Ec2Steps};

use super::calendar::LastLook;
use super::series::MinuteSeries;
use super::{InvalidPool, next_minute};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
use crate::{Observation, ResourceName, ScalingDecision, TimePoint};
use flashcrowd_manifests::ec2::{
    AutoScalingGroup, MetricAlarm, ScalingPolicy, ScheduledAction, WarmPool,
};
use flashcrowd_units::{Replicas, SimDuration};
use forecast::Forecast;
use model::{CalledScaling, Model};
use serde::{Deserialize, Serialize};

/// Parameters of [`Ec2AutoScaling`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ec2Policy {
    /// The group.
    pub group: AutoScalingGroup,
    /// Its scaling policies.
    #[serde(default)]
    pub policies: Vec<ScalingPolicy>,
    /// The alarms that call its step and simple scaling policies.
    #[serde(default)]
    pub alarms: Vec<MetricAlarm>,
    /// Its scheduled actions.
    #[serde(default)]
    pub scheduled_actions: Vec<ScheduledAction>,
    /// Its warm pool.
    #[serde(default)]
    pub warm_pool: Option<WarmPool>,
    /// How long after its end a minute is seen.
    #[serde(default = "super::default_publish_delay")]
    pub publish_delay: SimDuration,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; scheduled actions
    /// and forecasts go by it. The first second of 2026 if absent.
    #[serde(default = "super::default_epoch")]
    pub epoch_unix_seconds: i64,
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Ec2AutoScaling {
    model: Model,
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    last_sync: Option<TimePoint>,
    last_size: Replicas,
    /// Bounds, which scheduled actions change.
    min: u32,
    max: u32,
    /// A capacity that has to be written, and why.
    due: Option<(u32, String)>,
    schedules: LastLook,
    /// One for each alarm.
    series: Vec<MinuteSeries>,
    /// One for each alarm.
    alarms: Vec<AlarmState>,
    /// One for each predictive policy.
    forecasts: Vec<Forecast>,
    /// The cooldown of the simple scaling that the last decision asks for.
    asked: Option<SimDuration>,
    /// The cooldown of the simple scaling whose activity is going on.
    activity: Option<SimDuration>,
    /// Until when simple scaling has to wait.
    cooldown_until: Option<TimePoint>,
}

impl Ec2AutoScaling {
    /// A group that has just been created.
    ///
    /// # Errors
    /// If AWS would refuse something, or a policy needs an alarm and none calls it.
    pub fn new(policy: &Ec2Policy) -> Result<Self, InvalidPool> {
        let model = Model::new(policy)?;
        let desired = policy.group.desired_capacity;
        let memory = Memory {
            last_sync: None,
            last_size: Replicas(0),
            min: policy.group.min_size,
            max: policy.group.max_size,
            due: desired.map(|size| (size, "the desired capacity of the group".to_owned())),
            schedules: LastLook::default(),
            series: vec![MinuteSeries::default(); model.alarms.len()],
            alarms: vec![AlarmState::InsufficientData; model.alarms.len()],
            forecasts: vec![Forecast::default(); model.predictive.len()],
            asked: None,
            activity: None,
            cooldown_until: None,
        };
        Ok(Self { model, memory })
    }

    /// The resources whose utilization its alarms and forecasts look at.
    pub fn resources(&self) -> Vec<ResourceName> {
        super::metric::resources(&self.model.sources)
    }

    /// How long a value or an action can matter to later decisions: as long as the datapoints of an
    /// alarm with the time until they are seen, a warm-up or a cooldown; with a forecast, 14 days.
    pub fn horizon(&self) -> SimDuration {
        let seen = |alarm: &alarm::Alarm| {
            let minutes = SimDuration::from_secs(60 * alarm.minutes() as u64);
            (minutes + self.model.publish_delay).max(alarm.warmup)
        };
        let alarms = self.model.alarms.iter().map(seen);
        let cooldowns = self.model.called.iter().filter_map(|it| match it.scaling {
            CalledScaling::Simple { cooldown, .. } => Some(cooldown),
            CalledScaling::Step { .. } => None,
        });
        let forecasts = self
            .model
            .predictive
            .iter()
            .map(|_| SimDuration::from_secs(14 * 86_400));
        let longest = alarms.chain(cooldowns).chain(forecasts).max();
        longest.unwrap_or_default()
    }
}

impl Autoscaler for Ec2AutoScaling {
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
            if self.memory.asked.is_some() {
                self.memory.activity = self.memory.asked.take();
            }
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
