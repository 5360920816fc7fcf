//! The autoscaler of Google Cloud managed instance groups.
//!
//! # What it does
//! Each signal recommends `ceil(instances * value / target)`, counted over the instances whose
//! initialization period is over; the largest recommendation wins, active schedules put a floor
//! under it, and the bounds hold. Scaling out happens at once. Scaling in follows the highest
//! recommendation of the last ten minutes (the stabilization period), in one step unless a
//! scale-in control limits it to some instances below the peak of a window.
//!
//! # When it hurts
//! An initialization period that is shorter than the start of an instance counts booting instances
//! as idle ones. Every short peak costs ten minutes of its instances.
//!
//! # Parameters
//! [`GcpPolicy`]: the autoscaling policy as JSON, whether initializing instances count for scaling
//! in, and calendar time.
//!
//! # Source
//! "Autoscaling groups of instances" and "Understanding autoscaler decisions" in the documentation
//! of Compute Engine. Our choices where it is silent: a recommendation each minute; the window
//! begins with the size that is found at first; if a signal has no data there is no scaling in; a
//! percentage of a scale-in control is rounded up; schedules that begin in the gap of a change of
//! clocks begin after it. Not modelled: predictive autoscaling.

mod model;
mod steps;

pub use steps::{GcpSignalStep, GcpSteps};

use super::calendar::unix_seconds;
use super::{InvalidPool, ceil_instances, instances, next_minute};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState};
use crate::{Limit, Observation, PodView, Reason, Scale, ScalingDecision, Steps, TimePoint};
use flashcrowd_manifests::gcp::{AutoscalingPolicy, Mode};
use flashcrowd_units::{Replicas, SimDuration};
use model::{Model, Signal, Target};
use serde::{Deserialize, Serialize};

/// Parameters of [`GcpMig`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcpPolicy {
    /// The policy as the API takes it.
    pub policy: AutoscalingPolicy,
    /// Whether instances in their initialization period count where that prevents scaling in.
    #[serde(default = "yes")]
    pub initializing_counts_for_scale_in: bool,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; schedules go by
    /// it. The first second of 2026 if absent.
    #[serde(default = "super::default_epoch")]
    pub epoch_unix_seconds: i64,
}

fn yes() -> bool {
    true
}

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct GcpMig {
    model: Model,
    memory: Memory,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    last_sync: Option<TimePoint>,
    last_size: Replicas,
    /// Recommendations of the stabilization period, oldest first.
    recommendations: Vec<(TimePoint, u32)>,
    /// Sizes of the window of the scale-in control, oldest first.
    sizes: Vec<(TimePoint, u32)>,
}

/// Takes a number in and gives the highest of a window, whose beginning is open.
fn peak(history: &mut Vec<(TimePoint, u32)>, now: TimePoint, window: SimDuration, new: u32) -> u32 {
    history.retain(|(at, _)| *at + window > now);
    history.push((now, new));
    history
        .iter()
        .map(|(_, number)| *number)
        .fold(new, u32::max)
}

impl GcpMig {
    /// An autoscaler that has just been created.
    ///
    /// # Errors
    /// If the service would refuse the policy.
    pub fn new(policy: &GcpPolicy) -> Result<Self, InvalidPool> {
        Ok(Self {
            model: Model::new(policy)?,
            memory: Memory::default(),
        })
    }

    fn reconcile(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        self.memory.last_sync = Some(now);
        let Some(scale) = observation.scale else {
            let size = self.memory.last_size;
            return ScalingDecision::hold(now, size, Reason::ScaleUnavailable);
        };
        self.memory.last_size = scale.spec_replicas;
        let current = scale.spec_replicas.get();
        if self.memory.recommendations.is_empty() {
            self.memory.recommendations.push((now, current));
            self.memory.sizes.push((now, current));
        }
        if self.model.mode == Mode::Off {
            return ScalingDecision::hold(now, scale.spec_replicas, Reason::ScalingDisabled);
        }
        let signals: Vec<_> = self
            .model
            .signals
            .iter()
            .map(|signal| self.signal_step(signal, observation, scale))
            .collect();
        let schedule = self.schedule_minimum(now);
        let (wanted, reason) = combine(&signals, schedule.as_ref(), current);
        let recommended = wanted.clamp(self.model.min, self.model.max);
        let stabilized = peak(
            &mut self.memory.recommendations,
            now,
            self.model.stabilization,
            recommended,
        )
        .clamp(self.model.min, self.model.max);
        let controlled = self.controlled(now, stabilized);
        let desired = match self.model.mode {
            // Limits of the group hold in either direction.
            Mode::OnlyScaleOut => controlled.max(current.min(self.model.max)),
            _ => controlled,
        };
        let limited_by = if controlled > stabilized {
            Some(Limit::ScaleDownLimit)
        } else if stabilized > recommended {
            Some(Limit::ScaleDownStabilized)
        } else if recommended < wanted {
            Some(Limit::TooManyReplicas)
        } else {
            (recommended > wanted).then_some(Limit::TooFewReplicas)
        };
        let steps = GcpSteps {
            signals,
            schedule: schedule.map(|(_, minimum)| minimum),
            recommended,
            stabilized,
            controlled,
        };
        ScalingDecision {
            at: now,
            current: scale.spec_replicas,
            desired: Replicas(desired),
            reason,
            limited_by,
            steps: Steps::GcpMig(Box::new(steps)),
        }
    }

    /// A number that is not too far below the peak of the window.
    fn controlled(&mut self, now: TimePoint, stabilized: u32) -> u32 {
        let Some((limit, window)) = self.model.scale_in_control else {
            return stabilized;
        };
        self.memory.sizes.retain(|(at, _)| *at + window > now);
        let sizes = self.memory.sizes.iter().map(|(_, size)| *size);
        let highest = sizes.fold(stabilized, u32::max);
        let lowest = highest
            .saturating_sub(limit.of(highest))
            .min(self.model.max);
        let controlled = stabilized.max(lowest);
        self.memory.sizes.push((now, controlled));
        controlled
    }

    /// What one signal recommends.
    fn signal_step(
        &self,
        signal: &Signal,
        observation: &Observation<'_>,
        scale: Scale,
    ) -> GcpSignalStep {
        let initialization = self.model.initialization;
        let serving = instances::warm_count(observation, scale, initialization);
        let by = |count: u32, value: f64| {
            let load = match signal.target {
                Target::PerInstance(target) => f64::from(count) * value / target,
                Target::Assignment(assignment) => value / assignment,
            };
            ceil_instances(load)
        };
        let average = |all: bool| {
            let include = |instance: &PodView<'_>| {
                all || instances::is_warm(instance, observation, initialization)
            };
            let samples = signal.source.samples(signal.query, observation, include);
            let count = samples.len();
            let sum: f64 = samples.into_iter().map(|(_, value)| value).sum();
            (count > 0).then(|| (sum / count as f64, count as u32))
        };
        let value = average(false);
        let mut recommended = value.map(|(value, _)| by(serving, value));
        // Only instances report one by one, so only there the others can be counted in.
        if self.model.initializing_counts_for_scale_in
            && matches!(signal.source, super::metric::Source::Utilization(_))
            && recommended.is_none_or(|it| it < scale.spec_replicas.get())
            && let Some((value, count)) = average(true)
        {
            // They may prevent scaling in, but not make it scale out.
            let all = by(count.max(serving), value).min(scale.spec_replicas.get());
            recommended = recommended.map(|it| it.max(all));
        }
        GcpSignalStep {
            signal: signal.name.clone(),
            value: value.map(|(value, _)| value),
            serving,
            recommended,
        }
    }

    /// The schedule with the highest minimum among those that are active.
    fn schedule_minimum(&self, now: TimePoint) -> Option<(String, u32)> {
        let unix = unix_seconds(self.model.epoch, now);
        let active = self.model.schedules.iter().filter(|schedule| {
            let earliest = unix - schedule.duration_seconds + 1;
            schedule
                .zone
                .latest(&schedule.expression, unix, earliest)
                .is_some()
        });
        let highest = active.max_by_key(|schedule| schedule.minimum)?;
        Some((highest.name.clone(), highest.minimum))
    }
}

/// The largest recommendation, and where it comes from. Without data of a signal there is no
/// scaling in.
fn combine(
    signals: &[GcpSignalStep],
    schedule: Option<&(String, u32)>,
    current: u32,
) -> (u32, Reason) {
    let known = signals
        .iter()
        .filter_map(|it| Some((it.recommended?, &it.signal)));
    let highest = known.max_by_key(|(recommended, _)| *recommended);
    let is_missing = signals.iter().any(|it| it.recommended.is_none());
    let (mut wanted, mut reason) = match highest {
        Some((recommended, signal)) if recommended > current => {
            let metric = signal.as_str().into();
            (recommended, Reason::MetricAboveTarget { metric })
        }
        _ if is_missing => (current, Reason::MetricsUnavailable),
        Some((recommended, _)) if recommended < current => {
            (recommended, Reason::AllMetricsBelowTarget)
        }
        Some((recommended, _)) => (recommended, Reason::None),
        // Schedules alone.
        None => (0, Reason::None),
    };
    if let Some((name, minimum)) = schedule
        && *minimum > wanted
    {
        wanted = *minimum;
        reason = Reason::Other(format!("schedule {name}").into());
    }
    (wanted, reason)
}

impl Autoscaler for GcpMig {
    fn queries(&self) -> Vec<MetricQuery> {
        self.model
            .signals
            .iter()
            .map(|signal| signal.source.query())
            .collect()
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        self.reconcile(observation)
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
