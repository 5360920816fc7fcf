//! From the creation of a pod to an application that listens.

use super::PodEvent;
use crate::control::World;
use crate::control::pod::{Container, HISTORY, Pod, PodMetrics, instant};
use crate::control::revisions::settings;
use crate::exact::CfsPhase;
use crate::model::{Readiness, ServiceId};
use crate::plane::{Change, DataPlane, Limits, ServerId, Settings};
use crate::record::{PodId, PodStage, Record, Recorder};
use flashcrowd_units::{SimDuration, SimTime};
use rand::{Rng, RngExt};

impl<P: DataPlane> World<P> {
    fn allocate_pod(&mut self, service: ServiceId, revision: u32, created: i64) -> ServerId {
        let server = self.free_servers.pop().unwrap_or_else(|| {
            self.pods.push(None);
            ServerId(self.pods.len() as u32 - 1)
        });
        let id = PodId(self.next_pod);
        self.next_pod += 1;
        let size = self.admitted_size(service, revision);
        let demand = self.demand_of(service, revision, size);
        let instance = self.new_instance(service, (created == HISTORY).then_some(HISTORY));
        let state = &mut self.services[service.index()];
        self.pods[server.0 as usize] = Some(Pod {
            id,
            server,
            service,
            job: None,
            revision,
            uid: state.rng.next_u64(),
            created,
            started: None,
            stage: PodStage::Pending,
            ready: false,
            ready_changed: None,
            deleting: None,
            container: Container::default(),
            tickers: Default::default(),
            demand,
            node: None,
            routed: false,
            metrics: PodMetrics::default(),
            size,
            instance,
            resize: None,
            oom_killed_after: None,
        });
        state.pods.push(server);
        server
    }

    /// A pod that has been running since before the run began.
    pub(in crate::control) fn place_running_pod(&mut self, service: ServiceId) {
        let server = self.allocate_pod(service, 0, HISTORY);
        self.count_pod(service, 1);
        if !self.is_instance(server) && !self.bind_first(server) {
            return;
        }
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

    pub(in crate::control) fn announce_first_pods(&mut self, recorder: &mut dyn Recorder) {
        self.announce_nodes(recorder);
        for pod in self.pods.iter().flatten() {
            let (service, node, to) = (pod.service, pod.node, pod.stage);
            let pod = pod.id;
            if let Some(node) = node {
                recorder.record(self.now, &Record::Bound { service, pod, node });
            }
            recorder.record(
                self.now,
                &Record::Pod {
                    service,
                    pod,
                    from: None,
                    to,
                    reason: if to == PodStage::Ready {
                        "Running"
                    } else {
                        "Created"
                    },
                },
            );
        }
    }

    pub(in crate::control) fn create_pod(
        &mut self,
        service: ServiceId,
        revision: u32,
        recorder: &mut dyn Recorder,
    ) -> ServerId {
        let server = self.allocate_pod(service, revision, instant(self.now));
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
        if self.is_instance(server) {
            self.launch_instance(server, recorder);
            return server;
        }
        self.count_pod(service, 1);
        let delay = self.sample(service, |template| &template.scheduling_delay);
        self.pod_later(server, delay, PodEvent::Scheduled);
        server
    }

    pub(in crate::control) fn scheduled(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).deleting.is_some() || !self.find_node(server, recorder) {
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

    pub(super) fn container_starts(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).deleting.is_some() || self.pod(server).container.running_since.is_some()
        {
            return;
        }
        self.start_container(server);
        self.booted(server);
        self.move_to(server, PodStage::Running, "Started", recorder);
        self.job_pod_started(server);
        let service = self.pod(server).service;
        let start = self.pod(server).container.starts;
        let startup = if self.has_warm_application(server) {
            SimDuration::ZERO
        } else {
            self.sample(service, |template| &template.startup)
        };
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
        let (size, revision) = (pod.size, pod.revision);
        let revisions = &self.services[service.index()].revisions;
        let is_other = !revisions.is_first(revision);
        let limits = (is_other || size.is_some()).then(|| {
            let size = self.size_of(server);
            Limits {
                cpu: size.cpu_limit,
                memory: size.memory_limit,
            }
        });
        let settings = self.own_settings(server);
        self.count_running(service, 1);
        self.count_requested(server, 1);
        self.apply(Change::Start {
            server,
            service,
            phase,
            limits,
            settings,
        });
    }

    /// What the application takes from its environment, where that is not as the model has it.
    pub(in crate::control) fn own_settings(&self, server: ServerId) -> Option<Settings> {
        let pod = self.pod(server);
        let revisions = &self.services[pod.service.index()].revisions;
        let is_other = !revisions.is_first(pod.revision);
        is_other.then(|| settings(self.template(server)))
    }

    pub(super) fn listens(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.pod(server).container.is_told_to_stop() {
            return;
        }
        self.pod_mut(server).container.listening = true;
        self.apply(Change::Listen(server, true));
        if self.template(server).readiness == Readiness::Listening {
            self.set_ready(server, true, "ContainersReady", recorder);
        }
    }
}
