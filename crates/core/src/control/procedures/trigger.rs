//! The rule behind a threshold trigger.

use super::super::metrics::named::Origin;
use crate::model::ThresholdTrigger;
use flashcrowd_autoscalers::TimePoint;
use flashcrowd_autoscalers::threshold::{Alert, AlertTimes, Comparison};
use flashcrowd_units::{SimDuration, SimTime};

/// An alert, and what has come of it so far.
pub(in crate::control) struct Watch {
    origin: Origin,
    comparison: Comparison,
    times: AlertTimes,
    interval: SimDuration,
    cooldown: Option<SimDuration>,
    once: bool,
    alert: Alert,
    /// It has begun to fire, and nobody has taken it up yet.
    is_open: bool,
    /// When it was last taken up.
    taken_up: Option<SimTime>,
}

impl Watch {
    pub(super) fn new(trigger: &ThresholdTrigger, origin: Origin) -> Self {
        Self {
            origin,
            comparison: trigger.comparison,
            times: AlertTimes {
                hold: trigger.hold,
                keep_firing: trigger.keep_firing,
            },
            interval: trigger.interval,
            cooldown: trigger.cooldown,
            once: trigger.once,
            alert: Alert::default(),
            is_open: false,
            taken_up: None,
        }
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    pub(super) fn interval(&self) -> SimDuration {
        self.interval
    }

    /// One evaluation. If the alert begins or ceases to fire: whether it fires, and since when the
    /// comparison has held.
    pub(super) fn evaluate(&mut self, now: SimTime, value: Option<f64>) -> Option<(bool, SimTime)> {
        let before = self.alert;
        let holds = value.is_some_and(|value| self.comparison.holds(value));
        let fires = self.alert.evaluate(TimePoint::from(now), holds, self.times);
        if fires == before.is_firing() {
            return None;
        }
        self.is_open = fires;
        let of = if fires { self.alert } else { before };
        let since = match of {
            Alert::Firing { since, .. } => SimTime::from_nanos(since.as_nanos().unsigned_abs()),
            Alert::Inactive | Alert::Pending { .. } => now,
        };
        Some((fires, since))
    }

    /// Whether whoever is free now begins with the procedure. Then it is taken up.
    pub(super) fn takes_up(&mut self, now: SimTime) -> bool {
        if !self.alert.is_firing() || (self.once && self.taken_up.is_some()) {
            return false;
        }
        let is_cool = match (self.taken_up, self.cooldown) {
            (Some(last), Some(cooldown)) => now >= last + cooldown,
            _ => true,
        };
        // Whoever has a cooldown comes back while the alert goes on.
        let is_wanted = self.is_open || (self.cooldown.is_some() && self.taken_up.is_some());
        if is_wanted && is_cool {
            self.taken_up = Some(now);
            self.is_open = false;
            return true;
        }
        false
    }
}
