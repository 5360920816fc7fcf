//! What each policy proposes.

use super::adjustment::{adjusted, step};
use super::model::{Called, CalledScaling, TargetTracking};
use super::{AlarmState, Ec2AutoScaling};
use crate::pools::{ceil_instances, instances};
use crate::{Limit, Observation, Scale, TimePoint};
use flashcrowd_units::SimDuration;

/// A proposal.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) policy: String,
    /// The alarm that called the policy.
    pub(super) alarm: String,
    /// The capacity, before the bounds.
    pub(super) capacity: u32,
    /// What keeps it from counting.
    pub(super) held_by: Option<Limit>,
    /// The cooldown that follows, for simple scaling.
    pub(super) cooldown: Option<SimDuration>,
}

impl Ec2AutoScaling {
    /// The proposals of all policies whose alarms call them. Those of target tracking policies for
    /// scaling in count only if all of these policies agree.
    pub(super) fn candidates(&self, observation: &Observation<'_>, scale: Scale) -> Vec<Candidate> {
        let current = scale.spec_replicas.get();
        let tracking = &self.model.tracking;
        let mut candidates: Vec<_> = tracking
            .iter()
            .filter_map(|policy| self.track(policy, observation, scale))
            .collect();
        let can_scale_in = tracking
            .iter()
            .filter(|policy| policy.low.is_some())
            .count();
        let wants_out = candidates.iter().any(|it| it.capacity > current);
        let wants_in = candidates
            .iter()
            .filter(|it| it.capacity < current && it.held_by.is_none());
        if wants_out || wants_in.count() < can_scale_in {
            candidates.retain(|it| it.capacity >= current || it.held_by.is_some());
        }
        let called = self.model.called.iter();
        candidates.extend(called.filter_map(|policy| self.called(policy, observation, scale)));
        candidates
    }

    /// The datapoint for which an alarm calls its policy.
    fn breach(&self, alarm: usize) -> Option<f64> {
        let state = self.memory.alarms[alarm];
        let value = self.model.alarms[alarm].last(&self.memory.series[alarm]);
        value.filter(|_| state == AlarmState::Alarm)
    }

    fn track(
        &self,
        policy: &TargetTracking,
        observation: &Observation<'_>,
        scale: Scale,
    ) -> Option<Candidate> {
        let current = scale.spec_replicas.get();
        let warm = instances::warm_count(observation, scale, policy.warmup);
        let candidate = |alarm: usize, capacity, held_by| Candidate {
            policy: policy.name.clone(),
            alarm: self.model.alarms[alarm].name.clone(),
            capacity,
            held_by,
            cooldown: None,
        };
        if let Some(value) = self.breach(policy.high) {
            // The metric is that of the warm instances; those that warm up are already there.
            let needed = ceil_instances(f64::from(warm) * value / policy.target);
            let covered = (needed <= current).then_some(Limit::InstanceWarmup);
            return Some(candidate(policy.high, needed.max(current), covered));
        }
        let low = policy.low?;
        let value = self.breach(low)?;
        let needed = ceil_instances(f64::from(current) * value / policy.target);
        let held = (warm < current).then_some(Limit::InstanceWarmup);
        (needed < current).then(|| candidate(low, needed, held))
    }

    fn called(
        &self,
        policy: &Called,
        observation: &Observation<'_>,
        scale: Scale,
    ) -> Option<Candidate> {
        let current = scale.spec_replicas.get();
        let value = self.breach(policy.alarm)?;
        let alarm = &self.model.alarms[policy.alarm];
        let apply =
            |base, adjustment| adjusted(base, policy.kind, adjustment, policy.min_magnitude);
        let (capacity, held_by, cooldown) = match &policy.scaling {
            CalledScaling::Simple {
                adjustment,
                cooldown,
            } => {
                let held = self.simple_held(observation.now);
                (apply(current, *adjustment), held, Some(*cooldown))
            }
            CalledScaling::Step { steps, warmup } => {
                let breach = value - alarm.threshold;
                let adjustment = step(steps, breach, alarm.operator.is_upper())?;
                let warm = instances::warm_count(observation, scale, *warmup).min(current);
                let plain = apply(current, adjustment);
                if plain < current {
                    let held = (warm < current).then_some(Limit::InstanceWarmup);
                    (plain, held, None)
                } else {
                    // Counted from the warm instances: those that warm up are already there.
                    let needed = apply(warm, adjustment).max(current);
                    let covered =
                        (needed == current && plain > current).then_some(Limit::InstanceWarmup);
                    (needed, covered, None)
                }
            }
        };
        let changes = capacity != current || held_by.is_some();
        changes.then(|| Candidate {
            policy: policy.name.clone(),
            alarm: alarm.name.clone(),
            capacity,
            held_by,
            cooldown,
        })
    }

    /// What keeps simple scaling from acting.
    fn simple_held(&self, now: TimePoint) -> Option<Limit> {
        let cooling = self.memory.cooldown_until.is_some_and(|until| now < until);
        match self.memory.activity {
            Some(_) => Some(Limit::ScalingInProgress),
            None => cooling.then_some(Limit::Cooldown),
        }
    }
}
