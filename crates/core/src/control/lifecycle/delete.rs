//! The deletion of a pod, from its deletion timestamp until nothing is left.

use super::{PodEvent, StopCause};
use crate::control::pod::Pod;
use crate::control::{Event, World};
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{PodStage, Recorder};

impl<P: DataPlane> World<P> {
    /// The deletion timestamp is set.
    pub(in crate::control) fn terminate(
        &mut self,
        server: ServerId,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.now;
        self.pod_mut(server).deleting = Some(now);
        self.job_pod_terminates(server);
        self.move_to(server, PodStage::Terminating, reason, recorder);
        let pod = self.pod(server);
        let (service, routed, ready) = (pod.service, pod.routed, pod.ready);
        if ready {
            self.count_ready(service, -1);
        }
        let propagation = self.service_of(service).load_balancer.propagation;
        if self.pod(server).container.running_since.is_none() {
            if routed {
                self.pod_later(server, propagation, PodEvent::Endpoint(false));
            } else {
                self.delete(server, recorder);
            }
            return;
        }
        if routed || ready {
            self.pod_later(server, propagation, PodEvent::Endpoint(false));
        }
        if self.is_instance(server) {
            self.stop_instance(server);
            return;
        }
        let grace = self.template(server).grace_period;
        self.stop_container(server, StopCause::Deletion, grace);
    }

    /// Nothing is left of the pod.
    pub(super) fn delete(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        if self.ends_later(server) {
            return;
        }
        self.move_to(server, PodStage::Deleted, "Deleted", recorder);
        let pod = self.discard(server);
        self.job_pod_deleted(&pod);
        if self.services[pod.service.index()].sets.is_rolling() {
            // Not at once: it may be the controller who is deleting right now.
            self.schedule(self.now, Event::Reconcile(pod.service));
        }
    }

    /// The pod gives back what it held, its index too.
    pub(in crate::control) fn discard(&mut self, server: ServerId) -> Pod {
        let pod = self.pods[server.0 as usize]
            .take()
            .expect("a pod is deleted once");
        if pod.instance.is_none_or(|instance| instance.is_paid()) {
            self.count_pod(pod.service, -1);
        }
        self.forget_pod(pod.service, pod.id);
        self.leave_node(&pod);
        self.services[pod.service.index()]
            .pods
            .retain(|&other| other != server);
        // Of a pod whose container never started the plane knows nothing.
        if pod.container.starts > 0 {
            self.apply(Change::Remove(server));
        }
        self.free_servers.push(server);
        pod
    }
}
