//! Probes: when they are sent, when their answers come, and what follows from them.
//!
//! Source: kubernetes `pkg/kubelet/prober/worker.go` (`run`, `doProbe`). A worker sends its first
//! probe as soon as it sees the container, then one with every tick of its period. It waits for
//! the answer, at most for the timeout, and counts it when it is there: the n-th failure in a row
//! of an application that refuses connections comes `(n - 1) * period` after the first, that of one
//! that does not answer a timeout later. A ticker remembers one tick that comes meanwhile; it goes
//! on when the container is restarted.

use super::World;
use super::lifecycle::PodEvent;
use super::pod::Container;
use crate::model::{PodTemplate, Probe, Readiness};
use crate::plane::{DataPlane, ServerId};
use crate::record::Recorder;
use flashcrowd_units::SimDuration;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

impl ProbeKind {
    /// All of them, in the order of their discriminants.
    pub(super) const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    fn of(self, template: &PodTemplate) -> Option<Probe> {
        match (self, template.readiness) {
            (Self::Startup, _) => template.startup_probe,
            (Self::Readiness, Readiness::Probe(probe)) => Some(probe),
            (Self::Readiness, _) => None,
            (Self::Liveness, _) => template.liveness_probe,
        }
    }
}

/// What the worker of one probe knows of one container.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct ProbeWorker {
    last: Option<bool>,
    /// How many equal results in a row.
    run: u32,
    /// What the probe says; `None` before the first verdict.
    pub(crate) verdict: Option<bool>,
    /// A probe is under way.
    waits: bool,
    /// The ticker has ticked meanwhile.
    ticked: bool,
}

impl ProbeWorker {
    /// Takes a result in. Returns the verdict if it has just been reached or changed.
    fn note(&mut self, success: bool, probe: &Probe) -> Option<bool> {
        self.run = if self.last == Some(success) {
            self.run + 1
        } else {
            1
        };
        self.last = Some(success);
        let needed = if success {
            probe.success_threshold
        } else {
            probe.failure_threshold
        };
        if self.run < needed || self.verdict == Some(success) {
            return None;
        }
        self.verdict = Some(success);
        self.verdict
    }
}

impl Container {
    fn worker(&mut self, kind: ProbeKind) -> &mut ProbeWorker {
        match kind {
            ProbeKind::Startup => &mut self.startup,
            ProbeKind::Readiness => &mut self.readiness,
            ProbeKind::Liveness => &mut self.liveness,
        }
    }

    fn has_started_up(&self) -> bool {
        self.startup.verdict == Some(true)
    }
}

impl<P: DataPlane> World<P> {
    /// `warm`: the container has been running for long.
    pub(super) fn start_probes(&mut self, server: ServerId, warm: bool) {
        let now = self.now;
        for kind in ProbeKind::ALL {
            let Some(probe) = kind.of(self.template(server)) else {
                continue;
            };
            let start = self.pod(server).container.starts;
            if start == 1 {
                // A worker probes as soon as it sees the container; those of long ago are anywhere.
                let phase = if warm && kind != ProbeKind::Startup {
                    let service = self.pod(server).service;
                    let rng = &mut self.services[service.index()].rng;
                    rng.random_range(0..probe.period.as_nanos())
                } else {
                    0
                };
                let first = now + SimDuration::from_nanos(phase);
                self.pod_mut(server).tickers[kind as usize] = first;
            }
            let first = self.pod(server).tickers[kind as usize];
            let (elapsed, period) = (now.since(first).as_nanos(), probe.period.as_nanos());
            let next = first + probe.period * elapsed.div_ceil(period);
            self.pod_later(server, next.since(now), PodEvent::ProbeTick(start, kind));
        }
    }

    pub(super) fn probe_tick(
        &mut self,
        server: ServerId,
        kind: ProbeKind,
        recorder: &mut dyn Recorder,
    ) {
        let probe = kind.of(self.template(server));
        let Some(probe) = probe.filter(|_| !self.is_over(server, kind)) else {
            return;
        };
        let start = self.pod(server).container.starts;
        self.pod_later(server, probe.period, PodEvent::ProbeTick(start, kind));
        let worker = self.pod_mut(server).container.worker(kind);
        if worker.waits {
            worker.ticked = true;
        } else {
            self.send(server, kind, &probe, recorder);
        }
    }

    /// Startup and liveness probes stop with the deletion of the pod, and once they have failed;
    /// readiness probes go on as long as the container runs.
    fn is_over(&self, server: ServerId, kind: ProbeKind) -> bool {
        let pod = self.pod(server);
        let is_stopped = pod.deleting.is_some() || pod.container.stop.is_some();
        match kind {
            ProbeKind::Startup => is_stopped || pod.container.has_started_up(),
            ProbeKind::Liveness => is_stopped,
            ProbeKind::Readiness => false,
        }
    }

    fn send(
        &mut self,
        server: ServerId,
        kind: ProbeKind,
        probe: &Probe,
        recorder: &mut dyn Recorder,
    ) {
        let has_startup = self.template(server).startup_probe.is_some();
        let container = &self.pod(server).container;
        let (start, listening) = (container.starts, container.listening);
        let age = container
            .running_since
            .map_or(SimDuration::ZERO, |since| self.now.since(since));
        let held = has_startup && !container.has_started_up() && kind != ProbeKind::Startup;
        if age < probe.initial_delay || held {
            return;
        }
        // Who does not listen refuses at once.
        let delay = if listening {
            let usage = self.plane.usage(server, self.now);
            SimDuration::from_secs_f64(usage.probe_delay_seconds)
        } else {
            SimDuration::ZERO
        };
        let success = listening && delay <= probe.timeout;
        let wait = delay.min(probe.timeout);
        if wait.is_zero() {
            self.probe_answer(server, kind, success, recorder);
        } else {
            self.pod_mut(server).container.worker(kind).waits = true;
            self.pod_later(server, wait, PodEvent::ProbeAnswer(start, kind, success));
        }
    }

    pub(super) fn probe_answer(
        &mut self,
        server: ServerId,
        kind: ProbeKind,
        success: bool,
        recorder: &mut dyn Recorder,
    ) {
        let probe = kind.of(self.template(server));
        let Some(probe) = probe.filter(|_| !self.is_over(server, kind)) else {
            return;
        };
        let worker = self.pod_mut(server).container.worker(kind);
        worker.waits = false;
        let ticked = std::mem::take(&mut worker.ticked);
        if let Some(verdict) = worker.note(success, &probe) {
            self.heed_probe(server, kind, &probe, verdict, recorder);
        }
        if ticked && !self.is_over(server, kind) {
            self.send(server, kind, &probe, recorder);
        }
    }

    fn heed_probe(
        &mut self,
        server: ServerId,
        kind: ProbeKind,
        probe: &Probe,
        verdict: bool,
        recorder: &mut dyn Recorder,
    ) {
        let template = self.template(server);
        match (kind, verdict) {
            (ProbeKind::Readiness, true) => {
                let reason = if self.is_instance(server) {
                    "HealthCheckPassed"
                } else {
                    "ProbeSucceeded"
                };
                self.set_ready(server, true, reason, recorder);
            }
            (ProbeKind::Readiness, false) => {
                self.set_ready(server, false, "Unhealthy", recorder);
                self.repair(server, recorder);
            }
            (ProbeKind::Startup | ProbeKind::Liveness, false) => {
                let grace = probe.grace_period.unwrap_or(template.grace_period);
                self.stop_unhealthy(server, grace);
            }
            // Where there is no readiness probe a container is ready once it has started up.
            (ProbeKind::Startup, true) if template.readiness == Readiness::ContainerRunning => {
                self.set_ready(server, true, "ContainersReady", recorder);
            }
            (ProbeKind::Startup | ProbeKind::Liveness, true) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_needs_its_run() {
        let probe = Probe {
            initial_delay: SimDuration::ZERO,
            period: SimDuration::from_secs(10),
            timeout: SimDuration::from_secs(1),
            success_threshold: 2,
            failure_threshold: 3,
            grace_period: None,
        };
        let mut result = ProbeWorker::default();
        let verdicts: Vec<_> = [
            true, false, true, true, false, false, true, false, false, false,
        ]
        .map(|success| result.note(success, &probe))
        .to_vec();
        let mut expected = [None; 10];
        expected[3] = Some(true);
        expected[9] = Some(false);
        assert_eq!(verdicts, expected);
    }
}
