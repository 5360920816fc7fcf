//! The Ready condition of a pod, and when its load balancer hears of it.

use super::PodEvent;
use crate::control::pod::instant;
use crate::control::{Event, World};
use crate::model::RolloutStrategy;
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{PodStage, Recorder};
use flashcrowd_units::SimDuration;

impl<P: DataPlane> World<P> {
    pub(in crate::control) fn set_ready(
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
            RolloutStrategy::RollingUpdate { min_ready, .. } if ready => min_ready,
            _ => SimDuration::ZERO,
        };
        if !min_ready.is_zero() {
            self.schedule(now + min_ready, Event::Reconcile(service));
        }
    }

    pub(super) fn route(&mut self, server: ServerId, routed: bool, recorder: &mut dyn Recorder) {
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
}
