//! The end of a container, and the back-off until it is started again.

use super::PodEvent;
use crate::control::World;
use crate::control::pod::PodMetrics;
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{Failure, PodStage, Recorder};
use flashcrowd_units::SimDuration;

/// A crashed container is restarted at once, then after 10 s, 20 s, 40 s ... 300 s.
const BACK_OFF: SimDuration = SimDuration::from_secs(10);
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(300);
/// A container that has run this long has its back-off forgotten.
const BACK_OFF_RESET: SimDuration = SimDuration::from_secs(600);

impl<P: DataPlane> World<P> {
    pub(in crate::control) fn out_of_memory(
        &mut self,
        server: ServerId,
        recorder: &mut dyn Recorder,
    ) {
        let alive = self.pods[server.0 as usize]
            .as_ref()
            .is_some_and(|pod| pod.container.running_since.is_some());
        if alive {
            self.exit(server, Failure::OomKilled, "OOMKilled", recorder);
        }
    }

    /// The container ends. What is inside is lost, and it is restarted unless the pod is deleted.
    pub(in crate::control) fn exit(
        &mut self,
        server: ServerId,
        failure: Failure,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        if self.pod(server).deleting.is_none() {
            self.set_ready(server, false, reason, recorder);
        }
        let now = self.now;
        let service = self.pod(server).service;
        self.settle_usage(server);
        self.retire_usage(server);
        self.count_running(service, -1);
        self.count_requested(server, -1);
        self.apply(Change::Kill(server, failure));
        let pod = self.pod_mut(server);
        let ran = pod
            .container
            .running_since
            .take()
            .map_or(SimDuration::ZERO, |since| now.since(since));
        pod.container.listening = false;
        if failure == Failure::OomKilled {
            self.tell_vertical_of_oom(server, ran);
        }
        let pod = self.pod_mut(server);
        pod.metrics = PodMetrics::default();
        if pod.deleting.is_some() {
            // The load balancer may not know yet; what it sends is refused until it does.
            if !pod.routed {
                self.delete(server, recorder);
            }
            return;
        }
        if self.job_pod_failed(server, reason, recorder) {
            return;
        }
        let container = &mut self.pod_mut(server).container;
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
}
