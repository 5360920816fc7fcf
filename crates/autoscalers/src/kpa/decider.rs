//! How many pods there should be (`pkg/autoscaler/scaling/autoscaler.go`).

use super::KpaSettings;
use super::delay::MaxWindow;
use super::steps::DeciderSteps;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// What the decider goes by. It may be replaced at any time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeciderSpec {
    /// How much of the metric one pod should have.
    pub target: f64,
    /// How much of it one pod can have.
    pub total: f64,
    /// Capacity that is kept free; -1 for any burst.
    pub target_burst_capacity: f64,
    /// How much more than the ready pods may be asked for at once, as a factor.
    pub max_scale_up_rate: f64,
    /// How much less, as a divisor.
    pub max_scale_down_rate: f64,
    /// From which ratio of wanted to ready pods on it panics.
    pub panic_threshold: f64,
    /// How long a panic lasts after its last cause.
    pub stable_window: SimDuration,
    /// Pods that one gets which comes back from zero.
    pub activation_scale: i32,
    /// Whether traffic can reach the revision.
    pub reachable: bool,
}

impl From<&KpaSettings> for DeciderSpec {
    fn from(settings: &KpaSettings) -> Self {
        Self {
            target: settings.target,
            total: settings.total,
            target_burst_capacity: settings.target_burst_capacity,
            max_scale_up_rate: settings.max_scale_up_rate,
            max_scale_down_rate: settings.max_scale_down_rate,
            panic_threshold: settings.panic_threshold,
            stable_window: settings.stable_window,
            activation_scale: settings.activation_scale,
            reachable: settings.reachable,
        }
    }
}

/// The averages of both windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricAverages {
    /// Over the stable window.
    pub stable: f64,
    /// Over the panic window.
    pub panic: f64,
}

/// What the decider last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeciderStatus {
    /// Pods that it wants; -1 until it knows.
    pub desired: i32,
    /// Capacity beyond the burst that is to be kept free. Below 0 the activator stays in the path.
    pub excess_burst_capacity: i32,
}

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// What it says now.
    pub status: DeciderStatus,
    /// Whether that is worth a reconcile: another number, or another sign of the excess capacity.
    pub inform: bool,
    /// Every intermediate number.
    pub steps: DeciderSteps,
}

/// The decider of one revision.
#[derive(Debug, Clone)]
pub struct Decider {
    spec: DeciderSpec,
    pub(super) memory: DeciderMemory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeciderMemory {
    panic_since: Option<TimePoint>,
    max_panic: i32,
    delay: Option<MaxWindow>,
    pub(super) status: DeciderStatus,
}

impl DeciderMemory {
    pub(super) fn is_panicking(&self) -> bool {
        self.panic_since.is_some()
    }
}

impl Decider {
    /// A new decider. One that finds more than one ready pod starts in panic, so that it does not
    /// take them away before it knows anything.
    pub fn new(settings: &KpaSettings, now: TimePoint, ready: u32) -> Self {
        let spec = DeciderSpec::from(settings);
        let capacity = spec.target_burst_capacity;
        let excess = if capacity == -1.0 || capacity == 0.0 {
            capacity
        } else {
            f64::from(settings.initial_scale) * spec.total - capacity
        };
        Self {
            spec,
            memory: DeciderMemory {
                panic_since: (ready > 1).then_some(now),
                max_panic: i32::try_from(ready).unwrap_or(i32::MAX),
                delay: MaxWindow::of(settings.scale_down_delay),
                status: DeciderStatus {
                    desired: -1,
                    excess_burst_capacity: excess as i32,
                },
            },
        }
    }

    /// What it goes by.
    pub fn spec(&self) -> &DeciderSpec {
        &self.spec
    }

    /// Somebody has edited the revision. The length of the scale-down delay stays what it was.
    pub fn update(&mut self, spec: DeciderSpec) {
        self.spec = spec;
    }

    /// What it last said.
    pub fn status(&self) -> DeciderStatus {
        self.memory.status
    }

    /// Since when, or since when again, it is in panic.
    pub fn panic_since(&self) -> Option<TimePoint> {
        self.memory.panic_since
    }

    /// The most that was asked for in this panic.
    pub fn max_panic(&self) -> i32 {
        self.memory.max_panic
    }

    /// One tick; `None` if there is nothing to decide by, which changes nothing. `ready` is the
    /// number of ready pods, `None` if it cannot be found out.
    pub fn decide(
        &mut self,
        now: TimePoint,
        ready: Option<u32>,
        averages: Option<MetricAverages>,
    ) -> Option<Decision> {
        let (ready, averages) = (ready?, averages?);
        let spec = self.spec;
        let pods = f64::from(ready.max(1));
        let max_scale_up = (spec.max_scale_up_rate * pods).ceil();
        let max_scale_down = if spec.reachable {
            (pods / spec.max_scale_down_rate).floor()
        } else {
            0.0
        };
        let stable = (averages.stable / spec.target).ceil();
        let panic = (averages.panic / spec.target).ceil();
        let limited = |pods: f64| {
            let within = pods.max(max_scale_down).min(max_scale_up) as i32;
            if spec.activation_scale > 1 && pods > 0.0 {
                within.max(spec.activation_scale)
            } else {
                within
            }
        };
        let (stable_want, panic_want) = (limited(stable), limited(panic));
        let over_threshold = panic / pods >= spec.panic_threshold;
        let before_delay = self.panic(now, over_threshold, stable_want, panic_want);
        let desired = match &mut self.memory.delay {
            Some(delay) if spec.reachable => delay.record(now, before_delay),
            _ => before_delay,
        };
        let status = DeciderStatus {
            desired,
            excess_burst_capacity: self.excess_burst_capacity(ready, averages.panic),
        };
        let before = std::mem::replace(&mut self.memory.status, status);
        let sign_changes = (before.excess_burst_capacity < 0) != (status.excess_burst_capacity < 0);
        Some(Decision {
            status,
            inform: before.desired != desired || sign_changes,
            steps: DeciderSteps {
                stable: averages.stable,
                panic: averages.panic,
                ready: pods,
                max_scale_up,
                max_scale_down,
                stable_want,
                panic_want,
                over_threshold,
                panic_since: self.memory.panic_since,
                max_panic: self.memory.max_panic,
                before_delay,
            },
        })
    }

    /// Enters, extends or leaves the panic. While it lasts, the number never falls.
    fn panic(&mut self, now: TimePoint, over: bool, stable_want: i32, panic_want: i32) -> i32 {
        let memory = &mut self.memory;
        if over {
            memory.panic_since = Some(now);
        } else if memory
            .panic_since
            .is_some_and(|since| since + self.spec.stable_window < now)
        {
            memory.panic_since = None;
            memory.max_panic = 0;
        }
        if memory.panic_since.is_none() {
            return stable_want;
        }
        memory.max_panic = memory.max_panic.max(stable_want).max(panic_want);
        memory.max_panic
    }

    fn excess_burst_capacity(&self, ready: u32, panic: f64) -> i32 {
        let capacity = self.spec.target_burst_capacity;
        if capacity == 0.0 {
            0
        } else if capacity < 0.0 {
            -1
        } else {
            (f64::from(ready) * self.spec.total - capacity - panic).floor() as i32
        }
    }
}

#[cfg(test)]
mod tests;
