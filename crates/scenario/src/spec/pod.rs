//! What a pod may use.

use flashcrowd_units::{Bytes, Millicores, SimDuration};
use schemars::JsonSchema;
use serde::Deserialize;

/// Resources of a pod. What is given here wins over the manifest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodSpec {
    /// CPU of the pod, in cores: `{ request: 250m, limit: 500m }`.
    #[serde(default)]
    pub cpu: Resource<Millicores>,
    /// Memory of the pod: `{ request: 256Mi, limit: 512Mi }`.
    #[serde(default)]
    pub memory: Resource<Bytes>,
}

/// A request and a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource<T> {
    /// What is set aside for the pod; the HPA's utilisation is relative to it.
    pub request: Option<T>,
    /// What the pod can use at most.
    pub limit: Option<T>,
}

impl<T> Default for Resource<T> {
    fn default() -> Self {
        Self {
            request: None,
            limit: None,
        }
    }
}

/// The working set of the application.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// With nothing to do. 64Mi by default, or half of the limit where that is less.
    #[serde(default)]
    pub base: Option<Bytes>,
    /// For every request inside the pod, waiting ones included; nothing by default.
    #[serde(default)]
    pub per_request: Option<Bytes>,
    /// Never given back, for every request that was accepted; nothing by default.
    #[serde(default)]
    pub leak_per_request: Option<Bytes>,
}

/// Probes of the container. What is given here wins over the manifest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbesSpec {
    /// The pod gets no other probe, and no request, until this one has succeeded once.
    #[serde(default)]
    pub startup: Option<ProbeSpec>,
    /// The pod gets requests while this one succeeds. Without it a pod of a manifest counts as
    /// ready once its container runs; one that is described only here, once its application listens.
    #[serde(default)]
    pub readiness: Option<ProbeSpec>,
    /// The container is restarted when this one fails.
    #[serde(default)]
    pub liveness: Option<ProbeSpec>,
}

/// Timing of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProbeSpec {
    /// No probe before this age of the container; 0 by default.
    pub initial_delay: SimDuration,
    /// Time between probes; 10s by default.
    pub period: SimDuration,
    /// An answer that takes longer is a failure; 1s by default.
    pub timeout: SimDuration,
    /// Successes in a row after which the probe has succeeded; 1 by default.
    pub success_threshold: u32,
    /// Failures in a row after which it has failed; 3 by default.
    pub failure_threshold: u32,
}

impl Default for ProbeSpec {
    /// The defaults of the Kubernetes API.
    fn default() -> Self {
        Self {
            initial_delay: SimDuration::ZERO,
            period: SimDuration::from_secs(10),
            timeout: SimDuration::from_secs(1),
            success_threshold: 1,
            failure_threshold: 3,
        }
    }
}
