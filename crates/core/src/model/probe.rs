//! How the kubelet finds out whether a container is well.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// When a pod counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readiness {
    /// As soon as the container runs, whether the application listens or not: a Deployment
    /// without a readiness probe.
    ContainerRunning,
    /// In the moment the application listens: the ideal that no probe reaches.
    Listening,
    /// As the probe finds it.
    Probe(Probe),
}

/// Timing of a probe, with the API's defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// No probe before this age of the container.
    pub initial_delay: SimDuration,
    /// Between probes.
    pub period: SimDuration,
    /// An answer later than this is a failure.
    pub timeout: SimDuration,
    /// Successes in a row that make it succeed.
    pub success_threshold: u32,
    /// Failures in a row that make it fail.
    pub failure_threshold: u32,
    /// Of startup and liveness probes: the grace period of a container that they give up on
    /// (`terminationGracePeriodSeconds` of the probe). `None`: that of the pod.
    pub grace_period: Option<SimDuration>,
}
