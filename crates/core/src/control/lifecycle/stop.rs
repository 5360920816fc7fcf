//! How the kubelet stops a container: preStop hook, SIGTERM, grace period, SIGKILL.
//!
//! Source: kubernetes `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`killContainer`,
//! `setTerminationGracePeriod`). It is the same for a pod that is deleted and for a container that
//! a liveness or startup probe has given up on.

use super::PodEvent;
use crate::control::World;
use crate::model::{OnSigterm, Readiness};
use crate::plane::{Change, DataPlane, ServerId};
use crate::record::{Failure, Recorder};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Why a container is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StopCause {
    /// Its pod is deleted.
    Deletion,
    /// Its liveness or startup probe has failed.
    Unhealthy,
}

/// A container on its way out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) cause: StopCause,
    /// SIGTERM was sent.
    pub(crate) sigterm: bool,
}

/// What is granted between SIGTERM and SIGKILL even if the preStop hook has used up the grace
/// period (`minimumGracePeriodInSeconds`).
const MINIMUM_GRACE: SimDuration = SimDuration::from_secs(2);

impl<P: DataPlane> World<P> {
    /// The preStop hook begins. It is part of the grace period, and cut off at its end.
    pub(super) fn stop_container(
        &mut self,
        server: ServerId,
        cause: StopCause,
        grace: SimDuration,
    ) {
        let container = &mut self.pod_mut(server).container;
        let (start, sigterm) = (container.starts, container.is_told_to_stop());
        container.stop = Some(Stop { cause, sigterm });
        let hook = self.template(server).pre_stop.min(grace);
        let rest = (grace - hook).max(MINIMUM_GRACE);
        self.pod_later(server, hook, PodEvent::Sigterm(start, cause));
        self.pod_later(server, hook + rest, PodEvent::Sigkill(start, cause));
    }

    /// A liveness or startup probe has given up on the container. That does not touch the Ready
    /// condition: until the readiness probe notices or the container ends, the pod gets requests.
    pub(in crate::control) fn stop_unhealthy(&mut self, server: ServerId, grace: SimDuration) {
        self.stop_container(server, StopCause::Unhealthy, grace);
    }

    pub(super) fn sigterm(
        &mut self,
        server: ServerId,
        cause: StopCause,
        recorder: &mut dyn Recorder,
    ) {
        let container = &mut self.pod_mut(server).container;
        let Some(stop) = container.stop.as_mut().filter(|stop| stop.cause == cause) else {
            return;
        };
        // A deletion that overtakes a restart may find that told already.
        if std::mem::replace(&mut stop.sigterm, true) {
            return;
        }
        let manner = if self.is_instance(server) && cause == StopCause::Deletion {
            // The load balancer drains it, whatever the application would do.
            OnSigterm::Drain
        } else {
            self.template(server).on_sigterm
        };
        match manner {
            OnSigterm::Ignore => {}
            OnSigterm::Exit => self.stopped(server, cause, recorder),
            OnSigterm::Drain => {
                self.pod_mut(server).container.listening = false;
                self.apply(Change::Listen(server, false));
                self.apply(Change::Drain(server));
                if self.template(server).readiness == Readiness::Listening {
                    self.set_ready(server, false, reason(cause), recorder);
                }
            }
        }
    }

    pub(super) fn sigkill(
        &mut self,
        server: ServerId,
        cause: StopCause,
        recorder: &mut dyn Recorder,
    ) {
        let stop = self.pod(server).container.stop;
        if stop.is_some_and(|stop| stop.cause == cause) {
            self.stopped(server, cause, recorder);
        }
    }

    /// Nothing is left inside a container that was told to stop.
    pub(in crate::control) fn drained(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let container = self.pods[server.0 as usize]
            .as_ref()
            .map(|pod| &pod.container)
            .filter(|container| container.running_since.is_some());
        let Some(container) = container else { return };
        match container.stop {
            Some(stop) => self.stopped(server, stop.cause, recorder),
            None => self.job_pod_done(server, recorder),
        }
    }

    fn stopped(&mut self, server: ServerId, cause: StopCause, recorder: &mut dyn Recorder) {
        let failure = match cause {
            StopCause::Deletion => Failure::PodTerminated,
            StopCause::Unhealthy => Failure::ProbeKilled,
        };
        self.exit(server, failure, reason(cause), recorder);
    }
}

/// As the records say it.
fn reason(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Deletion => "Completed",
        StopCause::Unhealthy => "Unhealthy",
    }
}
