//! The life of a pod, second by second.
//!
//! The expected times are arithmetic on the rules of kubelet and controllers (kubernetes
//! `pkg/kubelet/prober/worker.go`, `pkg/controller/controller_utils.go` and the documentation of
//! the pod life cycle), not outputs of the simulator.

mod availability;
mod probe_kills;
mod probes;
mod restarts;
mod rollouts;
mod termination;
mod victims;

use crate::systems::{pod, service, system};
use crate::timing::at;
use flashcrowd_core::model::{Action, CpuScheduling, Model, PodTemplate, Probe, ServiceId, Step};
use flashcrowd_units::SimDuration;

/// A probe with the defaults of the API.
fn probe() -> Probe {
    Probe {
        initial_delay: SimDuration::ZERO,
        period: SimDuration::from_secs(10),
        timeout: SimDuration::from_secs(1),
        success_threshold: 1,
        failure_threshold: 3,
        grace_period: None,
    }
}

/// An application of one thread that does nothing else while it works on a request.
fn event_loop() -> PodTemplate {
    PodTemplate {
        threads: Some(1),
        scheduling: CpuScheduling::EventLoop,
        ..pod()
    }
}

/// A service that gets its only pod at the beginning of the run.
fn newborn(seconds: f64, pod: PodTemplate, steps: Vec<Step>) -> Model {
    let mut newborn = service("newborn", pod);
    newborn.replicas = 0;
    let mut model = system(seconds, newborn, steps);
    model.actions.push(at(0, Action::Scale(ServiceId(0), 1)));
    model
}
