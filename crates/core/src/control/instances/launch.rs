//! From the request for an instance until it has booted, and its end.

use super::Instance;
use crate::control::World;
use crate::control::lifecycle::{PodEvent, Stop, StopCause};
use crate::control::pod::instant;
use crate::model::{ServiceId, WarmState};
use crate::plane::{DataPlane, ServerId};
use crate::record::{PodStage, Recorder};
use flashcrowd_units::SimDuration;
use flashcrowd_workload::ServiceTime;
use rand::RngExt;

impl<P: DataPlane> World<P> {
    pub(super) fn sample_time(&mut self, service: ServiceId, time: ServiceTime) -> SimDuration {
        time.sampler()
            .sample(&mut self.services[service.index()].rng)
    }

    /// Asks the cloud for an instance: one of the warm pool if it has any, else a new one.
    pub(in crate::control) fn launch_instance(
        &mut self,
        server: ServerId,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pod(server);
        let service = pod.service;
        let (Some(pool), None) = (self.pool_of(server), pod.deleting) else {
            return;
        };
        let (boot, retry, warm) = (pool.boot, pool.launch_retry, pool.warm_pool);
        let from_warm = self.take_warm(service);
        if !from_warm && self.launch_fails(service) {
            self.move_to(server, PodStage::Pending, "LaunchFailed", recorder);
            self.pod_later(server, retry, PodEvent::Launch);
            return;
        }
        let (time, reason) = if from_warm {
            (warm.start, "StartedFromWarmPool")
        } else {
            (boot, "Launched")
        };
        let instance = self.instance_mut(server);
        instance.is_paid = true;
        instance.warm = from_warm.then_some(warm.state);
        self.count_pod(service, 1);
        let now = instant(self.now);
        let pod = self.pod_mut(server);
        pod.started = Some(now);
        pod.ready_changed = Some(now);
        self.move_to(server, PodStage::ContainerCreating, reason, recorder);
        let boot = self.sample_time(service, time);
        self.pod_later(server, boot, PodEvent::ContainerStarts);
    }

    fn launch_fails(&mut self, service: ServiceId) -> bool {
        let pool = self.service_of(service).instances.as_ref();
        let share = pool.map_or(0.0, |pool| pool.launch_failures.get());
        let state = self.services[service.index()].pool.as_mut();
        share > 0.0 && state.is_some_and(|state| state.launches.random::<f64>() < share)
    }

    /// The operating system has booted, and the application is being started.
    pub(in crate::control) fn booted(&mut self, server: ServerId) {
        let now = self.now;
        let Some(instance) = &mut self.pod_mut(server).instance else {
            return;
        };
        if instance.booted.is_none() {
            instance.booted = Some(instant(now));
            self.watch_grace(server);
        }
        // The cloud measures an instance from its first moment on.
        self.pod_mut(server).metrics.last = Some((now, 0.0));
    }

    /// Whether the application runs already when its instance does.
    pub(in crate::control) fn has_warm_application(&self, server: ServerId) -> bool {
        let pod = self.pod(server);
        let warm = pod.instance.and_then(|instance| instance.warm);
        pod.container.starts == 1
            && matches!(warm, Some(WarmState::Hibernated | WarmState::Running))
    }

    /// The end of an instance: no more requests, those in flight are drained or cut, and then it is
    /// stopped.
    pub(in crate::control) fn stop_instance(&mut self, server: ServerId) {
        let service = self.pod(server).service;
        let drain = self
            .pool_of(server)
            .map_or(SimDuration::ZERO, |pool| pool.drain);
        let deregistered = self.service_of(service).load_balancer.propagation;
        let container = &mut self.pod_mut(server).container;
        let start = container.starts;
        container.stop = Some(Stop {
            cause: StopCause::Deletion,
            sigterm: false,
        });
        let cause = StopCause::Deletion;
        if !drain.is_zero() {
            self.pod_later(server, deregistered, PodEvent::Sigterm(start, cause));
        }
        self.pod_later(
            server,
            deregistered + drain,
            PodEvent::Sigkill(start, cause),
        );
    }

    /// Nothing runs on an instance any more. Returns whether its termination still takes time.
    pub(in crate::control) fn ends_later(&mut self, server: ServerId) -> bool {
        let Some(termination) = self.pool_of(server).map(|pool| pool.termination) else {
            return false;
        };
        let instance = self.instance_mut(server);
        let was_launched = instance.is_paid;
        if std::mem::replace(&mut instance.is_ending, true) || !was_launched {
            return false;
        }
        let service = self.pod(server).service;
        let time = self.sample_time(service, termination);
        self.stop_paying(server);
        self.pod_later(server, time, PodEvent::Gone);
        true
    }

    /// Nothing is paid for an instance that is shutting down.
    fn stop_paying(&mut self, server: ServerId) {
        let service = self.pod(server).service;
        if std::mem::take(&mut self.instance_mut(server).is_paid) {
            self.count_pod(service, -1);
        }
    }
}

impl Instance {
    /// Whether it counts among the pods that are paid for.
    pub(in crate::control) fn is_paid(&self) -> bool {
        self.is_paid
    }
}
