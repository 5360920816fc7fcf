//! The life of a pod: creation, probes, readiness, crashes, termination.
//!
//! Rules and their sources: docs/VALIDATION.md, "Pod lifecycle"; kubernetes
//! `pkg/kubelet/prober/worker.go` and the pod lifecycle documentation.

use super::pod::{Container, HISTORY, Pod, PodMetrics, instant};
use super::{Event, World};
use crate::exact::CfsPhase;
use crate::model::{OnSigterm, PodTemplate, Probe, Readiness, ServiceId};
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{Failure, PodId, PodStage, Record, Recorder};
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ServiceTime;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// A step in the life of a pod. Those that belong to a container carry the number of its start,
/// so that what was meant for an earlier one is recognised.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum PodEvent {
    /// The scheduler has bound it.
    Scheduled,
    /// The container starts, for the first time or again.
    ContainerStarts,
    /// The application listens.
    Listening(u32),
    /// A probe is due.
    Probe(u32, ProbeKind),
    /// The load balancer learns of its readiness.
    Endpoint(bool),
    /// The preStop hook has ended, or its time is up.
    Sigterm,
    /// The grace period is over.
    Sigkill(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

/// A crashed container is restarted at once, then after 10 s, 20 s, 40 s ... 300 s.
const BACK_OFF: SimDuration = SimDuration::from_secs(10);
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(300);
/// A container that has run this long has its back-off forgotten.
const BACK_OFF_RESET: SimDuration = SimDuration::from_secs(600);
/// What the kubelet grants on top when the preStop hook has used up the grace period.
const EXTRA_GRACE: SimDuration = SimDuration::from_secs(2);

impl<P: DataPlane> World<P> {
    fn pod_later(&mut self, server: ServerId, after: SimDuration, event: PodEvent) {
        let id = self.pod(server).id;
        let at = self.now + after;
        self.schedule(at, Event::Pod { server, id, event });
    }

    fn template(&self, server: ServerId) -> &PodTemplate {
        &self.service_of(self.pod(server).service).pod
    }

    fn sample(
        &mut self,
        service: ServiceId,
        time: impl Fn(&PodTemplate) -> &ServiceTime,
    ) -> SimDuration {
        let sampler = time(&self.model.services[service.index()].pod).sampler();
        sampler.sample(&mut self.services[service.index()].rng)
    }

    fn allocate_pod(&mut self, service: ServiceId, revision: u32, created: i64) -> ServerId {
        let server = self.free_servers.pop().unwrap_or_else(|| {
            self.pods.push(None);
            ServerId(self.pods.len() as u32 - 1)
        });
        let id = PodId(self.next_pod);
        self.next_pod += 1;
        let state = &mut self.services[service.index()];
        self.pods[server.0 as usize] = Some(Pod {
            id,
            server,
            service,
            revision,
            uid: state.rng.next_u64(),
            created,
            started: None,
            stage: PodStage::Pending,
            ready: false,
            ready_changed: None,
            deleting: None,
            container: Container::default(),
            routed: false,
            metrics: PodMetrics::default(),
        });
        state.pods.push(server);
        server
    }

    /// A pod that has been running since before the run began.
    pub(super) fn place_running_pod(&mut self, service: ServiceId) {
        let server = self.allocate_pod(service, 0, HISTORY);
        self.count_pod(service, 1);
        self.start_container(server);
        let pod = self.pod_mut(server);
        pod.started = Some(HISTORY);
        pod.ready_changed = Some(HISTORY);
        pod.ready = true;
        pod.stage = PodStage::Ready;
        pod.routed = true;
        pod.container.listening = true;
        pod.container.startup.verdict = Some(true);
        pod.container.readiness.verdict = Some(true);
        pod.metrics.last = Some((SimTime::ZERO, 0.0));
        self.apply(Change::Listen(server, true));
        self.apply(Change::Route(server, true));
        self.count_ready(service, 1);
        self.start_probes(server, true);
    }

    pub(super) fn announce_first_pods(&mut self, recorder: &mut dyn Recorder) {
        for pod in self.pods.iter().flatten() {
            let (service, pod) = (pod.service, pod.id);
            recorder.record(
                self.now,
                &Record::Pod {
                    service,
                    pod,
                    from: None,
                    to: PodStage::Ready,
                    reason: "Running",
                },
            );
        }
    }

    pub(super) fn create_pod(
        &mut self,
        service: ServiceId,
        revision: u32,
        recorder: &mut dyn Recorder,
    ) {
        let server = self.allocate_pod(service, revision, instant(self.now));
        self.count_pod(service, 1);
        let pod = self.pod(server).id;
        recorder.record(
            self.now,
            &Record::Pod {
                service,
                pod,
                from: None,
                to: PodStage::Pending,
                reason: "Created",
            },
        );
        let delay = self.sample(service, |template| &template.scheduling_delay);
        self.pod_later(server, delay, PodEvent::Scheduled);
    }

    fn move_to(
        &mut self,
        server: ServerId,
        to: PodStage,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.now;
        let pod = self.pod_mut(server);
        let from = Some(std::mem::replace(&mut pod.stage, to));
        let (service, pod) = (pod.service, pod.id);
        recorder.record(
            now,
            &Record::Pod {
                service,
                pod,
                from,
                to,
                reason,
            },
        );
    }

    pub(super) fn pod_event(
        &mut self,
        server: ServerId,
        id: PodId,
        event: PodEvent,
        recorder: &mut dyn Recorder,
    ) {
        let Some(pod) = self.pods[server.0 as usize]
            .as_ref()
            .filter(|pod| pod.id == id)
        else {
            return;
        };
        let current =
            |start| pod.container.starts == start && pod.container.running_since.is_some();
        match event {
            PodEvent::Scheduled => self.scheduled(server, recorder),
            PodEvent::ContainerStarts => self.container_starts(server, recorder),
            PodEvent::Listening(start) if current(start) => self.listens(server, recorder),
            PodEvent::Probe(start, kind) if current(start) => self.probe(server, kind, recorder),
            PodEvent::Sigkill(start) if current(start) => {
                self.exit(server, Failure::PodTerminated, "Killed", recorder);
            }
            PodEvent::Listening(_) | PodEvent::Probe(..) | PodEvent::Sigkill(_) => {}
            PodEvent::Endpoint(routed) => self.route(server, routed, recorder),
            PodEvent::Sigterm => self.sigterm(server, recorder),
        }
    }

    fn scheduled(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).deleting.is_some() {
            return;
        }
        let now = instant(self.now);
        let pod = self.pod_mut(server);
        pod.started = Some(now);
        pod.ready_changed = Some(now);
        let service = pod.service;
        self.move_to(server, PodStage::ContainerCreating, "Scheduled", recorder);
        let pull = self.sample(service, |template| &template.pull);
        self.pod_later(server, pull, PodEvent::ContainerStarts);
    }

    fn container_starts(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).deleting.is_some() || self.pod(server).container.running_since.is_some()
        {
            return;
        }
        self.start_container(server);
        self.move_to(server, PodStage::Running, "Started", recorder);
        let service = self.pod(server).service;
        let start = self.pod(server).container.starts;
        let startup = self.sample(service, |template| &template.startup);
        self.pod_later(server, startup, PodEvent::Listening(start));
        self.start_probes(server, false);
        let template = self.template(server);
        // Where there is a startup probe, a container counts as running once that has succeeded.
        if template.readiness == Readiness::ContainerRunning && template.startup_probe.is_none() {
            self.set_ready(server, true, "ContainersReady", recorder);
        }
    }

    fn start_container(&mut self, server: ServerId) {
        let now = self.now;
        let service = self.pod(server).service;
        let rng = &mut self.services[service.index()].rng;
        let phase = CfsPhase {
            period: rng.random_range(0..100_000_000),
            tick: rng.random_range(0..4_000_000),
        };
        let pod = self.pod_mut(server);
        let old = std::mem::take(&mut pod.container);
        pod.container.starts = old.starts + 1;
        pod.container.crashes = old.crashes;
        pod.container.restarts = old.restarts;
        pod.container.running_since = Some(now);
        pod.metrics = PodMetrics::default();
        self.count_running(service, 1);
        self.apply(Change::Start {
            server,
            service,
            phase,
        });
    }

    /// `warm`: the container has been running for long.
    fn start_probes(&mut self, server: ServerId, warm: bool) {
        let template = self.template(server);
        let readiness = match template.readiness {
            Readiness::Probe(probe) => Some(probe),
            _ => None,
        };
        let startup = template.startup_probe.filter(|_| !warm);
        let probes = [
            (startup, ProbeKind::Startup),
            (readiness, ProbeKind::Readiness),
            (template.liveness_probe, ProbeKind::Liveness),
        ];
        let (start, service) = (self.pod(server).container.starts, self.pod(server).service);
        for (probe, kind) in probes {
            let Some(probe) = probe else { continue };
            // A worker probes as soon as it sees the container; those of long ago are anywhere.
            let rng = &mut self.services[service.index()].rng;
            let phase = if warm {
                rng.random_range(0..probe.period.as_nanos().max(1))
            } else {
                0
            };
            self.pod_later(
                server,
                SimDuration::from_nanos(phase),
                PodEvent::Probe(start, kind),
            );
        }
    }

    fn listens(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).container.stopping {
            return;
        }
        self.pod_mut(server).container.listening = true;
        self.apply(Change::Listen(server, true));
        if self.template(server).readiness == Readiness::Listening {
            self.set_ready(server, true, "ContainersReady", recorder);
        }
    }

    fn probe(&mut self, server: ServerId, kind: ProbeKind, recorder: &mut dyn Recorder) {
        let template = self.template(server);
        let probe = match kind {
            ProbeKind::Startup => template.startup_probe,
            ProbeKind::Liveness => template.liveness_probe,
            ProbeKind::Readiness => match template.readiness {
                Readiness::Probe(probe) => Some(probe),
                _ => None,
            },
        };
        let Some(probe) = probe else { return };
        let has_startup = template.startup_probe.is_some();
        let (deleting, container) = (
            self.pod(server).deleting.is_some(),
            self.pod(server).container.clone(),
        );
        let started_up = container.startup.verdict == Some(true);
        let done = match kind {
            ProbeKind::Startup => started_up || deleting,
            ProbeKind::Liveness => deleting,
            ProbeKind::Readiness => false,
        };
        if done || container.stopping {
            return;
        }
        self.pod_later(
            server,
            probe.period,
            PodEvent::Probe(container.starts, kind),
        );
        let age = container
            .running_since
            .map_or(SimDuration::ZERO, |since| self.now.since(since));
        let waits = has_startup && !started_up && kind != ProbeKind::Startup;
        if age < probe.initial_delay || waits {
            return;
        }
        let success = container.listening && self.answers_within(server, &probe);
        let container = &mut self.pod_mut(server).container;
        let result = match kind {
            ProbeKind::Startup => &mut container.startup,
            ProbeKind::Readiness => &mut container.readiness,
            ProbeKind::Liveness => &mut container.liveness,
        };
        match (kind, result.note(success, &probe)) {
            (ProbeKind::Readiness, Some(ready)) => {
                let reason = if ready { "ProbeSucceeded" } else { "Unhealthy" };
                self.set_ready(server, ready, reason, recorder);
            }
            (ProbeKind::Startup | ProbeKind::Liveness, Some(false)) => {
                self.fail_health(server, recorder);
            }
            (ProbeKind::Startup, Some(true))
                if self.template(server).readiness == Readiness::ContainerRunning =>
            {
                self.set_ready(server, true, "ContainersReady", recorder);
            }
            _ => {}
        }
    }

    fn answers_within(&mut self, server: ServerId, probe: &Probe) -> bool {
        let delay = self.plane.usage(server, self.now).probe_delay_seconds;
        delay <= probe.timeout.as_secs_f64()
    }

    fn set_ready(
        &mut self,
        server: ServerId,
        ready: bool,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.now;
        let pod = self.pod_mut(server);
        if std::mem::replace(&mut pod.ready, ready) == ready {
            return;
        }
        pod.ready_changed = Some(instant(now));
        let service = pod.service;
        if pod.deleting.is_some() {
            return;
        }
        self.count_ready(service, if ready { 1 } else { -1 });
        self.move_to(
            server,
            if ready {
                PodStage::Ready
            } else {
                PodStage::Running
            },
            reason,
            recorder,
        );
        let propagation = self.service_of(service).load_balancer.propagation;
        self.pod_later(server, propagation, PodEvent::Endpoint(ready));
        self.reconcile(service, recorder);
        let min_ready = match self.service_of(service).rollout {
            crate::model::RolloutStrategy::RollingUpdate { min_ready, .. } if ready => min_ready,
            _ => SimDuration::ZERO,
        };
        if !min_ready.is_zero() {
            self.schedule(now + min_ready, Event::Reconcile(service));
        }
    }

    fn route(&mut self, server: ServerId, routed: bool, recorder: &mut dyn Recorder) {
        let pod = self.pod(server);
        if routed && pod.deleting.is_some() {
            return;
        }
        let gone = pod.deleting.is_some() && pod.container.running_since.is_none();
        self.pod_mut(server).routed = routed;
        if self.pod(server).container.starts > 0 {
            self.apply(Change::Route(server, routed));
        }
        if gone && !routed {
            self.delete(server, recorder);
        }
    }

    /// A liveness or startup probe has given up on the container: it is stopped, then restarted.
    fn fail_health(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        self.set_ready(server, false, "Unhealthy", recorder);
        self.exit(server, Failure::ProbeKilled, "Unhealthy", recorder);
    }

    pub(super) fn out_of_memory(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let alive = self.pods[server.0 as usize]
            .as_ref()
            .is_some_and(|pod| pod.container.running_since.is_some());
        if alive {
            self.set_ready(server, false, "OOMKilled", recorder);
            self.exit(server, Failure::OomKilled, "OOMKilled", recorder);
        }
    }

    /// The container ends. What is inside is lost, and it is restarted unless the pod is deleted.
    fn exit(
        &mut self,
        server: ServerId,
        failure: Failure,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.now;
        let service = self.pod(server).service;
        self.settle_usage(server);
        self.count_running(service, -1);
        self.apply(Change::Kill(server, failure));
        let pod = self.pod_mut(server);
        let ran = pod
            .container
            .running_since
            .take()
            .map_or(SimDuration::ZERO, |since| now.since(since));
        pod.container.listening = false;
        pod.metrics = PodMetrics::default();
        if pod.deleting.is_some() {
            // The load balancer may not know yet; what it sends is refused until it does.
            if !pod.routed {
                self.delete(server, recorder);
            }
            return;
        }
        let container = &mut pod.container;
        container.crashes = if ran >= BACK_OFF_RESET {
            0
        } else {
            container.crashes
        };
        let crashes = container.crashes;
        container.crashes += 1;
        container.restarts += 1;
        let delay = match crashes {
            0 => SimDuration::ZERO,
            n => (BACK_OFF * (1 << (n - 1).min(5))).min(BACK_OFF_MAX),
        };
        self.move_to(server, PodStage::CrashLoopBackOff, reason, recorder);
        self.pod_later(server, delay, PodEvent::ContainerStarts);
    }

    /// The deletion timestamp is set.
    pub(super) fn terminate(
        &mut self,
        server: ServerId,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.now;
        self.pod_mut(server).deleting = Some(now);
        self.move_to(server, PodStage::Terminating, reason, recorder);
        let pod = self.pod(server);
        let (service, routed, ready, start) =
            (pod.service, pod.routed, pod.ready, pod.container.starts);
        if ready {
            self.count_ready(service, -1);
        }
        let pod = self.pod(server);
        if pod.container.running_since.is_none() {
            if routed {
                let propagation = self.service_of(service).load_balancer.propagation;
                self.pod_later(server, propagation, PodEvent::Endpoint(false));
            } else {
                self.delete(server, recorder);
            }
            return;
        }
        let propagation = self.service_of(service).load_balancer.propagation;
        if routed || ready {
            self.pod_later(server, propagation, PodEvent::Endpoint(false));
        }
        let template = self.template(server);
        let (pre_stop, grace) = (template.pre_stop, template.grace_period);
        let kill_after = if pre_stop >= grace && !pre_stop.is_zero() {
            grace + EXTRA_GRACE
        } else {
            grace
        };
        self.pod_later(server, pre_stop.min(grace), PodEvent::Sigterm);
        self.pod_later(server, kill_after, PodEvent::Sigkill(start));
    }

    fn sigterm(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).container.running_since.is_none() {
            return;
        }
        self.pod_mut(server).container.stopping = true;
        match self.template(server).on_sigterm {
            OnSigterm::Ignore => {}
            OnSigterm::Exit => self.exit(server, Failure::PodTerminated, "Exited", recorder),
            OnSigterm::Drain => {
                self.pod_mut(server).container.listening = false;
                self.apply(Change::Listen(server, false));
                self.apply(Change::Drain(server));
            }
        }
    }

    pub(super) fn drained(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let draining = self.pods[server.0 as usize]
            .as_ref()
            .is_some_and(|pod| pod.container.stopping && pod.container.running_since.is_some());
        if draining {
            self.exit(server, Failure::PodTerminated, "Completed", recorder);
        }
    }

    /// Nothing is left of the pod.
    fn delete(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        self.move_to(server, PodStage::Deleted, "Deleted", recorder);
        let pod = self.pods[server.0 as usize]
            .take()
            .expect("a pod is deleted once");
        self.count_pod(pod.service, -1);
        self.services[pod.service.index()]
            .pods
            .retain(|&other| other != server);
        // Of a pod whose container never started the plane knows nothing.
        if pod.container.starts > 0 {
            self.apply(Change::Remove(server));
        }
        self.free_servers.push(server);
        if self.services[pod.service.index()].sets.is_rolling() {
            // Not at once: it may be the controller who is deleting right now.
            self.schedule(self.now, Event::Reconcile(pod.service));
        }
    }
}
