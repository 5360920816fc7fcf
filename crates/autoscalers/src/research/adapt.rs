//! Adapt: capacity changed at the rate at which it was missing.
//!
//! # What it does
//! From the replicas that are missing or idle and from the mean capacity so far it estimates a rate of
//! change. Removals follow it at a quarter of its speed and never go below what the load needs.
//! If the load needs more replicas than there are, it jumps to the need plus a tenth and whatever the
//! rate adds.
//!
//! # When it hurts
//! A rise counts twice, once in the jump and once in the rate: the first evaluation of a run may ask
//! for twice the need. The rate is scaled by the capacity over its mean so far, so it lets go
//! faster at an unusual peak than after a long one. Additions that the rate asks for are lost
//! while the load fits.
//!
//! # Parameters
//! * `load`, `per_replica`, `replicas`, `interval` (1m): as for all of them.
//! * `tuning.reserve` (1.1): factor on what is needed when it jumps.
//! * `tuning.removal_divisor` (4): removals follow the rate at this fraction of its speed.
//!
//! # Source
//! A. Ali-Eldin, J. Tordsson, E. Elmroth, *An adaptive hybrid elasticity controller for cloud
//! infrastructures*, NOMS 2012, as in `AKTE.py` of ahmedaley/Autoscalers, by the paper's first author.

use super::{Evaluation, ResearchPolicy, ResearchRule};
use crate::schedule::replica_range::whole_replicas;
use serde::{Deserialize, Serialize};

/// Parameters of [`Adapt`].
pub type AdaptPolicy = ResearchPolicy<AdaptTuning>;

/// The constants of Adapt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AdaptTuning {
    /// Factor on what is needed when it jumps.
    pub reserve: f64,
    /// Removals follow the rate at this fraction of its speed.
    pub removal_divisor: f64,
}

impl Default for AdaptTuning {
    fn default() -> Self {
        Self {
            reserve: 1.1,
            removal_divisor: 4.0,
        }
    }
}

/// See the [module documentation](self). Its time is counted in evaluations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapt {
    now: f64,
    /// Capacity added up over all evaluations, from 1.
    capacity_sum: f64,
    /// Capacity added up since the mean was last taken.
    window_sum: f64,
    window_start: f64,
    mean_capacity: f64,
    last_estimate: Option<f64>,
    /// Time until the next estimate.
    delay: f64,
    /// Replicas per evaluation; negative removes.
    rate: f64,
    /// What of the rate has not become whole replicas yet.
    due: f64,
}

impl Default for Adapt {
    fn default() -> Self {
        Self {
            now: 0.0,
            capacity_sum: 1.0,
            window_sum: 0.0,
            window_start: 0.0,
            mean_capacity: 1.0,
            last_estimate: None,
            delay: 5.0,
            rate: 0.0,
            due: 0.0,
        }
    }
}

impl Adapt {
    /// Load change and mean capacity give the rate; the fuller the capacity, the later the next
    /// estimate.
    fn estimate(&mut self, capacity: f64, needed: f64, tuning: &AdaptTuning) {
        self.window_sum += capacity;
        let window = self.now - self.window_start;
        if window >= self.delay.ceil() {
            self.mean_capacity = self.window_sum / window;
            self.window_start = self.now;
            self.window_sum = 0.0;
        }
        if self
            .last_estimate
            .is_some_and(|it| self.now - it < self.delay)
        {
            return;
        }
        let mean_so_far = self.capacity_sum / self.now;
        let rate = self.mean_capacity * (needed - capacity) / mean_so_far;
        self.rate = if rate < 0.0 {
            rate / tuning.removal_divisor
        } else {
            rate
        };
        self.delay = if self.mean_capacity > 0.0 {
            0.05 * capacity / self.mean_capacity
        } else {
            1.0
        };
        self.last_estimate = Some(self.now);
    }
}

impl ResearchRule for Adapt {
    type Tuning = AdaptTuning;
    const NAME: &'static str = "adapt";

    fn problems(tuning: &AdaptTuning) -> Vec<(&'static str, &'static str)> {
        let is_factor = |it: f64| it.is_finite() && it >= 1.0;
        let fields = [
            ("reserve", tuning.reserve),
            ("removal_divisor", tuning.removal_divisor),
        ];
        let bad = fields.into_iter().filter(|&(_, value)| !is_factor(value));
        bad.map(|(field, _)| (field, "must be a finite number of at least 1"))
            .collect()
    }

    fn evaluate(
        &mut self,
        it: &Evaluation,
        tuning: &AdaptTuning,
    ) -> (u32, Vec<(&'static str, f64)>) {
        let (capacity, needed) = (f64::from(it.current), f64::from(it.needed()));
        self.now += 1.0;
        self.estimate(capacity, needed, tuning);
        self.due += self.rate;
        let steps = vec![("rate", self.rate), ("due", self.due)];
        let whole = self.due.trunc();
        if self.due < 0.0 {
            self.due -= whole;
            // Removals count in the mean at once, additions from the next evaluation on.
            let kept = (capacity + whole).max(needed);
            self.capacity_sum += kept;
            return (kept as u32, steps);
        }
        self.due -= whole;
        self.capacity_sum += capacity;
        if needed <= capacity {
            return (it.current, steps);
        }
        let jump = f64::from(whole_replicas(tuning.reserve * needed));
        ((jump + whole) as u32, steps)
    }
}
