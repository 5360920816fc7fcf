//! The life of a pod: creation, readiness, restarts, termination.
//!
//! Rules and their sources: docs/VALIDATION.md, "Pod lifecycle"; kubernetes `pkg/kubelet`
//! (`prober/worker.go`, `kuberuntime/kuberuntime_container.go`) and the documentation of the pod
//! life cycle.

mod delete;
mod readiness;
mod restart;
mod start;
mod stop;

pub(crate) use stop::{Stop, StopCause};

use super::probes::ProbeKind;
use super::{Event, World};
use crate::model::{PodTemplate, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{PodId, PodStage, Record, Recorder};
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ServiceTime;
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
    /// The ticker of a probe ticks.
    ProbeTick(u32, ProbeKind),
    /// A probe is answered (`true`) or has timed out.
    ProbeAnswer(u32, ProbeKind, bool),
    /// The load balancer learns of its readiness.
    Endpoint(bool),
    /// The preStop hook has ended, or its time is up.
    Sigterm(u32, StopCause),
    /// The grace period is over.
    Sigkill(u32, StopCause),
    /// An instance is requested.
    Launch,
    /// The time is over in which the health of an instance does not count.
    GraceOver,
    /// The termination of an instance has ended.
    Gone,
    /// It has had no message since then for as long as its Job waits for one.
    IdleExit(u32, SimTime),
}

impl PodEvent {
    /// The start of the container that it belongs to.
    fn container(self) -> Option<u32> {
        match self {
            Self::Listening(start)
            | Self::ProbeTick(start, _)
            | Self::ProbeAnswer(start, ..)
            | Self::Sigterm(start, _)
            | Self::Sigkill(start, _)
            | Self::IdleExit(start, _) => Some(start),
            Self::Scheduled
            | Self::ContainerStarts
            | Self::Endpoint(_)
            | Self::Launch
            | Self::GraceOver
            | Self::Gone => None,
        }
    }
}

impl<P: DataPlane> World<P> {
    pub(super) fn pod_event(
        &mut self,
        server: ServerId,
        id: PodId,
        event: PodEvent,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pods[server.0 as usize].as_ref();
        let Some(pod) = pod.filter(|pod| pod.id == id) else {
            return;
        };
        let is_running =
            |start| pod.container.starts == start && pod.container.running_since.is_some();
        if !event.container().is_none_or(is_running) {
            return;
        }
        match event {
            PodEvent::Scheduled => self.scheduled(server, recorder),
            PodEvent::ContainerStarts => self.container_starts(server, recorder),
            PodEvent::Listening(_) => self.listens(server, recorder),
            PodEvent::ProbeTick(_, kind) => self.probe_tick(server, kind, recorder),
            PodEvent::ProbeAnswer(_, kind, success) => {
                self.probe_answer(server, kind, success, recorder);
            }
            PodEvent::Endpoint(routed) => self.route(server, routed, recorder),
            PodEvent::Sigterm(_, cause) => self.sigterm(server, cause, recorder),
            PodEvent::Sigkill(_, cause) => self.sigkill(server, cause, recorder),
            PodEvent::Launch => self.launch_instance(server, recorder),
            PodEvent::GraceOver => self.repair(server, recorder),
            PodEvent::Gone => self.delete(server, recorder),
            PodEvent::IdleExit(_, since) => self.idle_exit(server, since, recorder),
        }
    }

    pub(super) fn pod_later(&mut self, server: ServerId, after: SimDuration, event: PodEvent) {
        let id = self.pod(server).id;
        let at = self.now + after;
        self.schedule(at, Event::Pod { server, id, event });
    }

    pub(super) fn template(&self, server: ServerId) -> &PodTemplate {
        let pod = self.pod(server);
        let revisions = &self.services[pod.service.index()].revisions;
        revisions.template(pod.revision)
    }

    fn sample(
        &mut self,
        service: ServiceId,
        time: impl Fn(&PodTemplate) -> &ServiceTime,
    ) -> SimDuration {
        let sampler = time(&self.model.services[service.index()].pod).sampler();
        sampler.sample(&mut self.services[service.index()].rng)
    }

    pub(in crate::control) fn move_to(
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
}
