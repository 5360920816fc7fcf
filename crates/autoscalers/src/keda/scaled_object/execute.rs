//! What a poll does about the replicas (`RequestScale`).

use super::{Execution, ObjectLoop, ObjectObservation, hpa_active};
use crate::keda::status::Condition;
use crate::keda::steps::PollPath;
use crate::{ConditionStatus, TimePoint};
use flashcrowd_units::SimDuration;

impl ObjectLoop {
    pub(super) fn execute(
        &mut self,
        observation: &ObjectObservation<'_>,
        active: bool,
        error: bool,
    ) -> Execution {
        let conditions = &mut self.memory.copies.stored.conditions;
        let Some(current) = observation.replicas else {
            conditions.ready = Condition::fails("ErrorGettingCurrentReplicas");
            return only(PollPath::ScaleUnreadable);
        };
        conditions.ready = Condition::holds("ScaledObjectReady");
        if observation.pausing.paused {
            conditions.paused = Condition::holds("ScaledObjectPaused");
            return only(PollPath::Paused);
        }
        if self.config.reports_hpa
            && let Some((status, reason)) = observation.scaling_active
        {
            conditions.hpa_active = Some(hpa_active(status, reason));
        }
        if active || observation.pausing.force_activation {
            self.active(observation, current, error)
        } else {
            self.inactive(observation, current, error)
        }
    }

    fn active(
        &mut self,
        observation: &ObjectObservation<'_>,
        current: i32,
        error: bool,
    ) -> Execution {
        let conditions = &mut self.memory.copies.stored.conditions;
        conditions.active = Condition::holds("ScalerActive");
        let is_idle = self.config.idle.is_some() && current < self.config.min;
        if is_idle || current == 0 {
            if observation.pausing.scale_out {
                return only(PollPath::ActivationPaused);
            }
            self.memory.activating = Some(observation.now);
            return write(PollPath::Activate, self.config.min.max(1));
        }
        if error {
            conditions.ready = Condition::new(ConditionStatus::Unknown, "PartialTriggerError");
            return only(PollPath::ActiveWithError);
        }
        self.set_last_active(observation.now);
        only(PollPath::Active)
    }

    fn inactive(
        &mut self,
        observation: &ObjectObservation<'_>,
        current: i32,
        error: bool,
    ) -> Execution {
        let conditions = &mut self.memory.copies.stored.conditions;
        conditions.active = Condition::fails("ScalerNotActive");
        let min = self.config.min;
        match &self.config.fallback {
            // With 0 replicas to fall back to, errors do not keep the object up.
            Some(fallback) if error && fallback.replicas != 0 => {
                return only(PollPath::InactiveWithError);
            }
            None if error => {
                conditions.ready = Condition::fails("TriggerError");
                return only(PollPath::InactiveWithError);
            }
            _ => {}
        }
        if self.config.idle.is_some_and(|idle| current > idle) || (current > 0 && min == 0) {
            return self.deactivate(observation);
        }
        if self.config.idle.is_none() && current < min {
            return write(PollPath::RepairMin, min);
        }
        only(PollPath::Inactive)
    }

    /// To idle, or to the minimum, which is 0 then, once the cooldown is over.
    fn deactivate(&mut self, observation: &ObjectObservation<'_>) -> Execution {
        if observation.pausing.scale_in {
            return only(PollPath::DeactivationPaused);
        }
        let (since, period) = match self.memory.copies.stored.last_active {
            Some(last) => (last, self.config.cooldown),
            None => (self.config.created, self.config.initial_cooldown),
        };
        let end = since + period;
        if end < observation.now {
            let idle = self.config.idle.unwrap_or(self.config.min);
            return Execution {
                cooldown_left: Some(SimDuration::ZERO),
                ..write(PollPath::Deactivate, idle)
            };
        }
        self.memory.copies.stored.conditions.active = Condition::fails("ScalerCooldown");
        Execution {
            cooldown_left: Some(between(observation.now, end)),
            ..only(PollPath::Cooldown)
        }
    }
}

fn between(from: TimePoint, to: TimePoint) -> SimDuration {
    SimDuration::from_nanos(to.as_nanos().abs_diff(from.as_nanos()))
}

fn only(path: PollPath) -> Execution {
    Execution {
        path,
        write: None,
        cooldown_left: None,
    }
}

fn write(path: PollPath, replicas: i32) -> Execution {
    Execution {
        path,
        write: Some(replicas),
        cooldown_left: None,
    }
}
