//! The KPA as one autoscaler.

use super::decider::DeciderMemory;
use super::steps::{KpaSteps, ScaleAction};
use super::{
    Decider, KpaConfig, KpaConfigError, KpaSettings, MetricAverages, MetricWindow,
    ReconcileDecision, ReconcileObservation, ScaleStatus, Scaler, ScalingMetric, ServeMode,
    TICK_SECONDS,
};
use crate::autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState};
use crate::{MetricAnswer, Observation, PodPhase, Reason, ScalingDecision, Steps, TimePoint};
use flashcrowd_units::{Replicas, SimDuration};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const SECOND: SimDuration = SimDuration::from_secs(1);
const TICK: SimDuration = SimDuration::from_secs(TICK_SECONDS);

/// A revision with its windows, its decider and its reconciler.
///
/// It wakes up every second to take a sample, decides every second time, and reconciles after
/// each decision and whenever a reconcile asked for it. At zero a sample above zero is decided on
/// at once: the activator pokes the autoscaler. A driver that knows of the activator's first request
/// calls before the time of the next wake-up, and that sample counts too. The activator itself is
/// taken to be in the path from the moment that requests are sent through it.
#[derive(Debug, Clone)]
pub struct Kpa {
    settings: KpaSettings,
    memory: Memory,
}

/// What a checkpoint has to keep. `None` until the first wake-up, which makes it all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    running: Option<Running>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Running {
    stable: MetricWindow,
    panic: MetricWindow,
    decider: DeciderMemory,
    status: ScaleStatus,
    mode: ServeMode,
    proxy_since: Option<TimePoint>,
    next_sample: TimePoint,
    next_tick: TimePoint,
    requeue_at: Option<TimePoint>,
}

impl Kpa {
    /// A revision that nobody has looked at yet. It counts as made at the first wake-up.
    ///
    /// # Errors
    /// If a setting cannot be used.
    pub fn new(config: &KpaConfig) -> Result<Self, KpaConfigError> {
        Ok(Self {
            settings: config.resolve()?,
            memory: Memory::default(),
        })
    }

    /// What applies to the revision.
    pub fn settings(&self) -> &KpaSettings {
        &self.settings
    }

    fn start(&self, now: TimePoint, ready: u32) -> Running {
        let settings = &self.settings;
        let window = |length| MetricWindow::new(settings.aggregation, length, SECOND);
        Running {
            stable: window(settings.stable_window),
            panic: window(settings.panic_window),
            decider: Decider::new(settings, now, ready).memory,
            status: Scaler::new(*settings, now).status,
            mode: ServeMode::Proxy,
            proxy_since: Some(now),
            next_sample: now,
            next_tick: now + TICK,
            requeue_at: None,
        }
    }

    fn wake(
        &self,
        running: &mut Running,
        observation: &Observation<'_>,
    ) -> (KpaSteps, Option<ReconcileDecision>) {
        let now = observation.now;
        let ready = ready_pods(observation);
        let tick_is_due = running.next_tick <= now;
        let requeued = running.requeue_at.is_some_and(|at| at <= now);
        let sample_is_due = running.next_sample <= now;
        let is_early = !sample_is_due && !tick_is_due && !requeued;
        let sample = (sample_is_due || is_early)
            .then(|| sample(observation))
            .flatten();
        if sample_is_due {
            running.next_sample = now + SECOND;
        }
        if let Some(value) = sample {
            running.stable.record(now, value);
            running.panic.record(now, value);
        }
        let is_poked = ready == 0 && sample.is_some_and(|value| value > 0.0);
        let mut decider = Decider::new(&self.settings, now, 0);
        decider.memory = running.decider.clone();
        let mut decision = None;
        if tick_is_due || is_poked {
            decision = decider.decide(now, Some(ready), self.averages(running, now));
            running.decider = decider.memory;
        }
        if tick_is_due {
            running.next_tick = now + TICK;
        }
        let reconcile = (tick_is_due || decision.is_some() || requeued)
            .then(|| self.reconcile(running, now, ready));
        let steps = KpaSteps {
            sample,
            decider: decision.map(|it| it.steps),
            status: running.decider.status,
            action: reconcile.map(|it| it.action),
            mode: running.mode,
            activators: reconcile.map(|it| it.activators),
        };
        (steps, reconcile)
    }

    fn averages(&self, running: &Running, now: TimePoint) -> Option<MetricAverages> {
        if running.stable.is_empty(now) && self.settings.target_burst_capacity != -1.0 {
            return None;
        }
        Some(MetricAverages {
            stable: running.stable.average(now),
            panic: running.panic.average(now),
        })
    }

    fn reconcile(&self, running: &mut Running, now: TimePoint, ready: u32) -> ReconcileDecision {
        let mut scaler = Scaler::new(self.settings, now);
        scaler.status = running.status;
        let decision = scaler.reconcile(&ReconcileObservation {
            now,
            ready: i32::try_from(ready).unwrap_or(i32::MAX),
            probe: running.mode == ServeMode::Proxy,
            mode: running.mode,
            proxy_since: running.proxy_since,
            decider: running.decider.status,
        });
        running.status = scaler.status;
        if decision.mode != running.mode {
            running.mode = decision.mode;
            running.proxy_since = (decision.mode == ServeMode::Proxy).then_some(now);
        }
        running.requeue_at = decision.requeue_after.map(|after| now + after);
        decision
    }

    fn reason(
        &self,
        running: &Running,
        current: Replicas,
        desired: Replicas,
        action: ScaleAction,
    ) -> Reason {
        if matches!(
            action,
            ScaleAction::ScaleToZero | ScaleAction::ActivationTimedOut
        ) {
            return Reason::ScaleToZero;
        }
        if desired > current && running.decider.is_panicking() {
            return Reason::Panic;
        }
        if desired > current {
            let metric = self.metric_name();
            return Reason::MetricAboveTarget {
                metric: Arc::from(metric),
            };
        }
        if desired < current {
            Reason::AllMetricsBelowTarget
        } else {
            Reason::None
        }
    }

    fn metric_name(&self) -> &'static str {
        match self.settings.metric {
            ScalingMetric::Concurrency => "concurrency",
            ScalingMetric::Rps => "rps",
        }
    }
}

impl Autoscaler for Kpa {
    /// One external metric, `concurrency` or `rps`: that of all pods together, and of what waits
    /// in the activator. Several series are added up.
    fn queries(&self) -> Vec<MetricQuery> {
        vec![MetricQuery::External {
            name: self.metric_name().to_owned(),
            selector: None,
        }]
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let mut running = match self.memory.running.take() {
            Some(running) => running,
            None => self.start(now, ready_pods(observation)),
        };
        let (steps, reconcile) = self.wake(&mut running, observation);
        let current = observation.scale.map_or(Replicas(0), |it| it.spec_replicas);
        let mut decision = ScalingDecision::hold(now, current, Reason::None);
        match (reconcile, observation.scale) {
            (Some(reconcile), Some(_)) if reconcile.apply => {
                decision.desired = Replicas(u32::try_from(reconcile.want).unwrap_or(0));
                decision.reason =
                    self.reason(&running, current, decision.desired, reconcile.action);
            }
            (Some(_), None) => decision.reason = Reason::ScaleUnavailable,
            _ => {}
        }
        decision.steps = Steps::Kpa(Box::new(steps));
        self.memory.running = Some(running);
        decision
    }

    fn next_wakeup(&self) -> Option<TimePoint> {
        let running = self.memory.running.as_ref()?;
        let times = [
            Some(running.next_sample),
            Some(running.next_tick),
            running.requeue_at,
        ];
        times.into_iter().flatten().min()
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}

fn ready_pods(observation: &Observation<'_>) -> u32 {
    let ready = observation
        .pods
        .iter()
        .filter(|pod| pod.phase == PodPhase::Running && pod.is_ready() && !pod.deleting);
    u32::try_from(ready.count()).unwrap_or(u32::MAX)
}

/// The sum of all series; `None` if they could not be had.
fn sample(observation: &Observation<'_>) -> Option<f64> {
    match observation.answers.first()? {
        MetricAnswer::External(values) => {
            let values = values.iter().map(|value| value.get() as f64 / 1000.0);
            Some(values.sum())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
