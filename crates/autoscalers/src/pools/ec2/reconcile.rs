//! The order of one sync.

use super::candidate::Candidate;
use super::{Ec2AlarmStep, Ec2AutoScaling, Ec2CandidateStep, Ec2Steps};
use crate::pools::calendar::unix_seconds;
use crate::pools::{ceil_instances, instances};
use crate::{Limit, Observation, PodView, Reason, Scale, ScalingDecision, Steps};
use flashcrowd_units::{Replicas, SimDuration};

/// A capacity that the policies ask for together.
struct Wanted {
    capacity: u32,
    /// The maximum in force, which a forecast may have raised.
    max: u32,
    reason: Reason,
    held_by: Option<Limit>,
    /// The cooldown that follows, for simple scaling.
    cooldown: Option<SimDuration>,
}

impl Ec2AutoScaling {
    pub(super) fn reconcile(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let unix = unix_seconds(self.model.epoch, now);
        self.memory.last_sync = Some(now);
        self.memory.asked = None;
        let is_new_minute = self.observe(observation, unix);
        self.look_at_schedules(unix);
        let Some(scale) = observation.scale else {
            let size = self.memory.last_size;
            return ScalingDecision::hold(now, size, Reason::ScaleUnavailable);
        };
        self.memory.last_size = scale.spec_replicas;
        self.finish_activity(observation, scale);
        let current = scale.spec_replicas.get();
        let candidates = if is_new_minute {
            self.candidates(observation, scale)
        } else {
            Vec::new()
        };
        let (forecast, floor) = self.forecasts(unix);
        let wanted = match self.memory.due.clone() {
            Some((capacity, why)) => Wanted {
                capacity,
                max: self.memory.max,
                reason: Reason::Other(why.into()),
                held_by: None,
                cooldown: None,
            },
            None => self.wanted(current, &candidates, floor),
        };
        let desired = wanted.capacity.min(wanted.max).max(self.memory.min);
        let reason = match &wanted.reason {
            Reason::None if current > self.memory.max && desired < current => {
                Reason::AboveMaxReplicas
            }
            Reason::None if desired > current => Reason::BelowMinReplicas,
            reason => reason.clone(),
        };
        if desired == current {
            self.memory.due = None;
        }
        self.memory.asked = wanted.cooldown;
        let bounded = match wanted.capacity.cmp(&desired) {
            std::cmp::Ordering::Less => Some(Limit::TooFewReplicas),
            std::cmp::Ordering::Greater => Some(Limit::TooManyReplicas),
            std::cmp::Ordering::Equal => None,
        };
        let steps = Ec2Steps {
            forecast,
            candidates: candidates.into_iter().map(candidate_step).collect(),
            ..self.steps(desired)
        };
        ScalingDecision {
            at: now,
            current: scale.spec_replicas,
            desired: Replicas(desired),
            reason,
            limited_by: bounded.or(wanted.held_by),
            steps: Steps::Ec2(Box::new(steps)),
        }
    }

    /// Takes the metrics in, updates the alarms and says whether a minute has been closed.
    fn observe(&mut self, observation: &Observation<'_>, unix: i64) -> bool {
        let sources = &self.model.sources;
        let mut any_closed = false;
        for (index, alarm) in self.model.alarms.iter().enumerate() {
            let include =
                |instance: &PodView<'_>| instances::is_warm(instance, observation, alarm.warmup);
            let samples = sources[alarm.source].samples(alarm.source, observation, include);
            let series = &mut self.memory.series[index];
            let keep = alarm.minutes();
            let delay = self.model.publish_delay;
            if series.observe(observation.now, delay, &samples, keep) > 0 {
                any_closed = true;
                let state = &mut self.memory.alarms[index];
                *state = alarm.evaluate(series, *state);
            }
        }
        for (policy, forecast) in self.model.predictive.iter().zip(&mut self.memory.forecasts) {
            let source = &sources[policy.source];
            let samples = source.samples(policy.source, observation, |_| true);
            let load = samples
                .into_iter()
                .map(|(_, value)| value)
                .reduce(|sum, it| sum + it);
            forecast.observe(unix, load);
        }
        any_closed
    }

    /// Scheduled actions since the last look, oldest first.
    fn look_at_schedules(&mut self, unix: i64) {
        let from = self.memory.schedules.advance(unix);
        let schedules = self.model.schedules.iter();
        let mut due: Vec<_> = schedules
            .filter_map(|schedule| Some((schedule.latest(unix, from)?, &schedule.action)))
            .collect();
        due.sort_by_key(|(at, _)| *at);
        for (_, action) in due {
            // A bound that is set alone takes the other one along.
            if let Some(min) = action.min_size {
                self.memory.min = min;
                self.memory.max = self.memory.max.max(min);
            }
            if let Some(max) = action.max_size {
                self.memory.max = max;
                self.memory.min = self.memory.min.min(max);
            }
            if let Some(desired) = action.desired_capacity {
                let why = format!("scheduled action {}", action.scheduled_action_name);
                self.memory.due = Some((desired, why));
            }
        }
    }

    /// The cooldown begins when the activity of a simple scaling policy is finished.
    fn finish_activity(&mut self, observation: &Observation<'_>, scale: Scale) {
        if let Some(cooldown) = self.memory.activity
            && instances::are_in_service(observation, scale)
        {
            self.memory.activity = None;
            self.memory.cooldown_until = Some(observation.now + cooldown);
        }
    }

    /// The highest capacity that forecasts see, and the highest one that they ask for, with the
    /// policy and the maximum for it.
    fn forecasts(&self, unix: i64) -> (Option<u32>, Option<(u32, u32, &str)>) {
        let mut seen = None;
        let mut floor: Option<(u32, u32, &str)> = None;
        for (policy, forecast) in self.model.predictive.iter().zip(&self.memory.forecasts) {
            let Some(load) = forecast.load(unix, policy.buffer_seconds) else {
                continue;
            };
            let capacity = ceil_instances(load / policy.target);
            seen = seen.max(Some(capacity));
            if policy.scales && floor.is_none_or(|(highest, ..)| capacity > highest) {
                let raised = policy.raises_max.map_or(0, |percent| {
                    let buffered = load / policy.target * f64::from(100 + percent) / 100.0;
                    ceil_instances(buffered)
                });
                floor = Some((capacity, raised.max(self.memory.max), &policy.name));
            }
        }
        (seen, floor)
    }

    /// The largest proposal that counts, but at least what the forecast asks for.
    fn wanted(
        &self,
        current: u32,
        candidates: &[Candidate],
        floor: Option<(u32, u32, &str)>,
    ) -> Wanted {
        // A policy that needs all there is, warming instances included, is against scaling in.
        let is_needed = candidates
            .iter()
            .any(|it| it.held_by == Some(Limit::InstanceWarmup) && it.capacity >= current);
        let counting = candidates
            .iter()
            .filter(|it| it.held_by.is_none() && !(is_needed && it.capacity < current));
        let winner = counting.max_by_key(|it| it.capacity);
        let mut wanted = Wanted {
            capacity: winner.map_or(current, |it| it.capacity),
            max: self.memory.max,
            reason: winner.map_or(Reason::None, reason),
            held_by: None,
            cooldown: winner.and_then(|it| it.cooldown),
        };
        if winner.is_none() {
            wanted.held_by = candidates.iter().find_map(|it| it.held_by);
            let held = candidates.iter().find(|it| it.held_by.is_some());
            wanted.reason = held.map_or(Reason::None, reason);
        }
        if let Some((capacity, max, policy)) = floor {
            // The raised maximum holds as long as the forecast does.
            wanted.max = max;
            if capacity > wanted.capacity {
                wanted.capacity = capacity;
                wanted.reason = Reason::Other(format!("forecast of policy {policy}").into());
                wanted.held_by = None;
                wanted.cooldown = None;
            }
        }
        wanted
    }

    fn steps(&self, desired: u32) -> Ec2Steps {
        let alarms = self.model.alarms.iter().zip(&self.memory.series);
        let alarm_step =
            |((alarm, series), &state): ((&super::alarm::Alarm, _), &_)| Ec2AlarmStep {
                alarm: alarm.name.clone(),
                state,
                value: alarm.last(series),
            };
        let warm_pool = self.model.warm_pool.as_ref();
        Ec2Steps {
            min: self.memory.min,
            max: self.memory.max,
            alarms: alarms.zip(&self.memory.alarms).map(alarm_step).collect(),
            due: self.memory.due.as_ref().map(|(capacity, _)| *capacity),
            warm_pool: warm_pool.map(|pool| pool.size(desired, self.memory.max)),
            ..Ec2Steps::default()
        }
    }
}

/// In the words of a scaling activity.
fn reason(candidate: &Candidate) -> Reason {
    let Candidate { policy, alarm, .. } = candidate;
    Reason::Other(format!("alarm {alarm} in state ALARM triggered policy {policy}").into())
}

fn candidate_step(candidate: Candidate) -> Ec2CandidateStep {
    Ec2CandidateStep {
        policy: candidate.policy,
        capacity: candidate.capacity,
        held_by: candidate.held_by,
    }
}
