//! Pods that are resized in place: what the kubelet makes of new requests and limits.
//!
//! The kubelet takes a resize on if the node has room for the new requests beside what the other
//! pods have: else it is deferred and tried again when a pod leaves, and the scheduler keeps the room
//! for it meanwhile. What is more than the whole node can give is infeasible. Requests and limits
//! change together, without a restart: the CPU quota from the next period on, the memory limit at
//! once. A memory limit below what is in use is refused, and tried again.
//!
//! Not modelled: `resizePolicy: RestartContainer`, the seconds that the kubelet needs, and the
//! priorities by which it tries deferred resizes again.
//!
//! Source: kubernetes v1.36 `pkg/kubelet/allocation`, `pkg/kubelet/kuberuntime` (KEP-1287).

use crate::control::World;
use crate::control::pod::PodSize;
use crate::model::ServiceId;
use crate::plane::{Change, DataPlane, Limits, ServerId};
use crate::record::{PodId, Record, Recorder};
use flashcrowd_autoscalers::vpa::{ContainerResources, ResizeState};
use serde::{Deserialize, Serialize};

/// A resize that has been asked for and not been carried out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PendingResize {
    /// What the application is to have.
    pub(crate) target: PodSize,
    /// What the pod will then ask of its node.
    pub(crate) demand: usize,
    pub(crate) state: ResizeState,
}

/// Quality of service of a pod with this one container: a resize must not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QosClass {
    Guaranteed,
    Burstable,
    BestEffort,
}

fn qos_class(size: PodSize) -> QosClass {
    let is_same = |request: Option<u64>, limit: Option<u64>| {
        // A limit without a request is both.
        limit.is_some() && request.unwrap_or_else(|| limit.unwrap_or(0)) == limit.unwrap_or(0)
    };
    let cpu = (
        size.cpu_request.map(flashcrowd_units::Millicores::get),
        size.cpu_limit.map(flashcrowd_units::Millicores::get),
    );
    let memory = (
        size.memory_request.map(flashcrowd_units::Bytes::get),
        size.memory_limit.map(flashcrowd_units::Bytes::get),
    );
    let says_nothing = |(request, limit): (Option<u64>, Option<u64>)| {
        request.unwrap_or(0) == 0 && limit.unwrap_or(0) == 0
    };
    if says_nothing(cpu) && says_nothing(memory) {
        QosClass::BestEffort
    } else if is_same(cpu.0, cpu.1) && is_same(memory.0, memory.1) {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}

/// Whether the API server accepts that a pod is resized.
pub(super) fn is_resizable(old: PodSize, new: PodSize) -> bool {
    qos_class(old) == qos_class(new)
}

/// The size of an application with these resources.
pub(super) fn size_with(resources: &ContainerResources) -> PodSize {
    PodSize {
        cpu_request: resources.requests.cpu,
        memory_request: resources.requests.memory,
        cpu_limit: resources.limits.cpu,
        memory_limit: resources.limits.memory,
    }
}

impl<P: DataPlane> World<P> {
    /// Somebody changes requests and limits of a pod that runs.
    pub(super) fn resize_pod(
        &mut self,
        server: ServerId,
        target: PodSize,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pod(server);
        let (service, revision) = (pod.service, pod.revision);
        let demand = self.demand_of(service, revision, Some(target));
        self.pod_mut(server).resize = Some(PendingResize {
            target,
            demand,
            state: ResizeState::InProgress,
        });
        self.try_resize(server, recorder);
    }

    /// A pod whose resize has waited is looked at again.
    pub(in crate::control) fn resize_again(
        &mut self,
        server: ServerId,
        id: PodId,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pods[server.0 as usize].as_ref();
        if pod.is_some_and(|pod| pod.id == id) {
            self.try_resize(server, recorder);
        }
    }

    /// The kubelet looks at the resizes of a service's pods that it has not carried out.
    pub(super) fn retry_resizes(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        for server in self.services[service.index()].pods.clone() {
            self.try_resize(server, recorder);
        }
    }

    fn try_resize(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let pod = self.pod(server);
        let Some(resize) = pod.resize.filter(|_| pod.deleting.is_none()) else {
            return;
        };
        let refusal = self
            .no_room_for(server, resize.demand)
            .or_else(|| self.no_memory_for(server, resize.target));
        let Some(state) = refusal else {
            self.actuate(server, resize, recorder);
            return;
        };
        if state == resize.state {
            return;
        }
        let waits = state == ResizeState::Deferred;
        self.reserve(server, waits.then_some(resize.demand));
        let pod = self.pod_mut(server);
        pod.resize = Some(PendingResize { state, ..resize });
        let reason = match state {
            ResizeState::Deferred => "ResizeDeferred",
            ResizeState::Infeasible => "ResizeInfeasible",
            ResizeState::InProgress | ResizeState::Failed => "ResizeError",
        };
        self.record_resize(server, reason, recorder);
    }

    /// Whether the working set is above the memory limit that is wanted.
    fn no_memory_for(&mut self, server: ServerId, target: PodSize) -> Option<ResizeState> {
        let limit = target.memory_limit?;
        let now = self.now;
        let used = self.plane.usage(server, now).memory_bytes;
        (used >= limit.get()).then_some(ResizeState::Failed)
    }

    fn actuate(&mut self, server: ServerId, resize: PendingResize, recorder: &mut dyn Recorder) {
        let runs = self.pod(server).container.running_since.is_some();
        if runs {
            self.count_requested(server, -1);
        }
        let pod = self.pod_mut(server);
        pod.resize = None;
        pod.size = Some(resize.target);
        if runs {
            self.count_requested(server, 1);
            let limits = Limits {
                cpu: resize.target.cpu_limit,
                memory: resize.target.memory_limit,
            };
            let settings = self.own_settings(server);
            self.apply(Change::Resize {
                server,
                limits,
                settings,
            });
            self.watch_capacity(self.pod(server).service);
        }
        self.change_demand(server, resize.demand);
        self.record_resize(server, "Resized", recorder);
    }

    fn record_resize(
        &mut self,
        server: ServerId,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pod(server);
        let record = Record::Pod {
            service: pod.service,
            pod: pod.id,
            from: Some(pod.stage),
            to: pod.stage,
            reason,
        };
        recorder.record(self.now, &record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_units::{Bytes, Millicores};

    fn size(cpu: (u64, u64), memory: (u64, u64)) -> PodSize {
        let some = |amount: u64| (amount > 0).then_some(amount);
        PodSize {
            cpu_request: some(cpu.0).map(Millicores::new),
            cpu_limit: some(cpu.1).map(Millicores::new),
            memory_request: some(memory.0).map(Bytes::new),
            memory_limit: some(memory.1).map(Bytes::new),
        }
    }

    /// The table of the Kubernetes documentation "Pod Quality of Service Classes".
    #[test]
    fn the_class_follows_from_requests_and_limits() {
        assert_eq!(qos_class(size((0, 0), (0, 0))), QosClass::BestEffort);
        assert_eq!(qos_class(size((500, 500), (9, 9))), QosClass::Guaranteed);
        assert_eq!(qos_class(size((0, 500), (0, 9))), QosClass::Guaranteed);
        assert_eq!(qos_class(size((500, 500), (9, 0))), QosClass::Burstable);
        assert_eq!(qos_class(size((250, 500), (9, 9))), QosClass::Burstable);
        assert_eq!(qos_class(size((500, 500), (0, 0))), QosClass::Burstable);
        assert!(!is_resizable(
            size((500, 500), (9, 9)),
            size((400, 500), (9, 9))
        ));
        assert!(is_resizable(
            size((500, 500), (9, 9)),
            size((400, 400), (9, 9))
        ));
    }
}
