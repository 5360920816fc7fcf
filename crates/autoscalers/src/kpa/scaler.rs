//! What becomes of the wanted number (`pkg/reconciler/autoscaling/kpa`).

use super::KpaSettings;
use super::decider::DeciderStatus;
use super::status::{ActiveCondition, ActiveStatus, ScaleStatus, ServeMode};
use super::steps::ScaleAction;
use crate::TimePoint;
use flashcrowd_units::SimDuration;

/// How long a reconcile waits where the activator is already in the path.
const PROXY_RETRY: SimDuration = SimDuration::from_secs(3);
/// The number that stands for not knowing.
const UNKNOWN: i32 = -1;
/// No fewer activators than these.
const MIN_ACTIVATORS: f64 = 2.0;

/// The reconciler of one revision.
#[derive(Debug, Clone)]
pub struct Scaler {
    settings: KpaSettings,
    pub(super) status: ScaleStatus,
}

/// What a reconcile may know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconcileObservation {
    /// The time.
    pub now: TimePoint,
    /// Ready pods.
    pub ready: i32,
    /// Whether a probe finds the activator in the path.
    pub probe: bool,
    /// Where requests go now.
    pub mode: ServeMode,
    /// Since when the activator is confirmed in the path; `None` if it is not.
    pub proxy_since: Option<TimePoint>,
    /// What the decider last said.
    pub decider: DeciderStatus,
}

/// What a reconcile does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconcileDecision {
    /// The number of pods it settles for; -1 if it does not know.
    pub want: i32,
    /// Whether that is written to the workload.
    pub apply: bool,
    /// Where requests shall go.
    pub mode: ServeMode,
    /// Activators that there should be.
    pub activators: i32,
    /// When it wants to be asked again, if it does.
    pub requeue_after: Option<SimDuration>,
    /// Whether the activator is probed in the background.
    pub async_probe: bool,
    /// What it did about the wanted number.
    pub action: ScaleAction,
}

/// The wanted number, and what is done about it.
struct Step {
    want: i32,
    apply: bool,
    requeue_after: Option<SimDuration>,
    action: ScaleAction,
}

impl Step {
    fn apply(want: i32, action: ScaleAction) -> Self {
        Self {
            want,
            apply: true,
            requeue_after: None,
            action,
        }
    }

    fn wait(want: i32, action: ScaleAction, requeue_after: Option<SimDuration>) -> Self {
        Self {
            want,
            apply: false,
            requeue_after,
            action,
        }
    }
}

impl Scaler {
    /// A revision that was made then and that nobody has looked at yet.
    pub fn new(settings: KpaSettings, created: TimePoint) -> Self {
        Self {
            settings,
            status: ScaleStatus {
                active: ActiveCondition {
                    status: ActiveStatus::Initial,
                    since: whole_second(created),
                },
                initialized: false,
                desired_scale: None,
            },
        }
    }

    /// The status after the last reconcile.
    pub fn status(&self) -> &ScaleStatus {
        &self.status
    }

    /// One reconcile.
    pub fn reconcile(&mut self, observation: &ReconcileObservation) -> ReconcileDecision {
        let active = self.status.active;
        let step = self.scale(observation, active);
        let excess = observation.decider.excess_burst_capacity;
        let mode = if step.want > 0 && excess >= 0 {
            ServeMode::Serve
        } else {
            ServeMode::Proxy
        };
        let desired_scale = self.status.desired_scale;
        if step.want != UNKNOWN || desired_scale.is_none_or(|scale| scale < 0) {
            self.status.desired_scale = Some(step.want);
        }
        self.report(observation, active, step.want);
        ReconcileDecision {
            want: step.want,
            apply: step.apply,
            mode,
            activators: self.activators(observation.ready),
            requeue_after: step.requeue_after,
            async_probe: step.action == ScaleAction::ActivatorNotProbed,
            action: step.action,
        }
    }

    fn scale(&self, observation: &ReconcileObservation, active: ActiveCondition) -> Step {
        let desired = observation.decider.desired;
        if desired < 0 && !active.status.is_activating() {
            return Step::wait(desired, ScaleAction::NoMetrics, None);
        }
        let settings = &self.settings;
        let mut low = settings.min_scale;
        if settings.initial_scale > 1 && !self.status.initialized && settings.reachable {
            low = low.max(settings.initial_scale);
        }
        let want = if desired < low {
            low
        } else if settings.max_scale > 0 {
            desired.min(settings.max_scale)
        } else {
            desired
        };
        if want != 0 {
            return Step::apply(want, ScaleAction::Apply);
        }
        if !settings.scale_to_zero {
            return Step::apply(1, ScaleAction::ScaleToZeroDisabled);
        }
        let held = since(active.since, observation.now);
        match active.status {
            ActiveStatus::Initial | ActiveStatus::Queued => {
                if held > settings.activation_timeout {
                    return Step::apply(0, ScaleAction::ActivationTimedOut);
                }
                let timeout = settings.activation_timeout;
                Step::wait(UNKNOWN, ScaleAction::Activating, Some(timeout))
            }
            ActiveStatus::Active if held >= settings.stable_window => {
                let retry = (observation.mode == ServeMode::Proxy).then_some(PROXY_RETRY);
                Step::wait(0, ScaleAction::BecomeInactive, retry)
            }
            ActiveStatus::Active => {
                let left = settings.stable_window - held;
                Step {
                    requeue_after: Some(left),
                    ..Step::apply(1, ScaleAction::StableWindow { left })
                }
            }
            ActiveStatus::NoTraffic | ActiveStatus::TimedOut => self.to_zero(observation, held),
        }
    }

    /// The last pod of an inactive revision.
    fn to_zero(&self, observation: &ReconcileObservation, inactive: SimDuration) -> Step {
        let settings = &self.settings;
        // With a capacity of -1 the activator is always in the path.
        if settings.target_burst_capacity != -1.0 && !observation.probe {
            return Step::wait(0, ScaleAction::ActivatorNotProbed, None);
        }
        let retention = if settings.reachable {
            settings.pod_retention
        } else {
            SimDuration::ZERO
        };
        let gone = Step::apply(0, ScaleAction::ScaleToZero);
        if inactive >= settings.grace_period.max(retention) {
            return gone;
        }
        if inactive < retention {
            let left = retention - inactive;
            return Step::wait(0, ScaleAction::Retained { left }, Some(left));
        }
        let proxied = observation
            .proxy_since
            .map_or(SimDuration::ZERO, |at| since(at, observation.now));
        if proxied >= settings.grace_period {
            return gone;
        }
        let left = settings.grace_period - proxied;
        Step::wait(0, ScaleAction::Grace { left }, Some(left))
    }

    fn activators(&self, ready: i32) -> i32 {
        let settings = &self.settings;
        let capacity = settings.target_burst_capacity;
        if capacity == 0.0 {
            return MIN_ACTIVATORS as i32;
        }
        let needed = f64::from(ready) * settings.total + capacity.max(0.0);
        (needed / settings.activator_capacity)
            .ceil()
            .max(MIN_ACTIVATORS) as i32
    }

    /// The condition Active (`computeActiveCondition`).
    fn report(&mut self, observation: &ReconcileObservation, active: ActiveCondition, want: i32) {
        let settings = &self.settings;
        let threshold = if self.status.initialized {
            settings.min_scale.max(1)
        } else {
            settings.min_scale.max(settings.initial_scale)
        };
        let is_up = observation.ready >= threshold;
        self.status.initialized |= is_up;
        let before = active.status;
        let after = if want == 0 || threshold == 0 {
            if before.is_activating() && threshold > 0 {
                ActiveStatus::TimedOut
            } else {
                ActiveStatus::NoTraffic
            }
        } else if !is_up {
            if want <= 0 && before.is_inactive() {
                ActiveStatus::NoTraffic
            } else {
                ActiveStatus::Queued
            }
        } else if want > 0 || !before.is_inactive() {
            ActiveStatus::Active
        } else {
            before
        };
        if after != before {
            self.status.active = ActiveCondition {
                status: after,
                since: whole_second(observation.now),
            };
        }
    }
}

/// The API server stores times in whole seconds.
fn whole_second(at: TimePoint) -> TimePoint {
    TimePoint::from_secs(at.as_nanos().div_euclid(1_000_000_000))
}

/// How long ago that was.
fn since(then: TimePoint, now: TimePoint) -> SimDuration {
    let nanos = now.as_nanos().saturating_sub(then.as_nanos());
    SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}
