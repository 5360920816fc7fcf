//! A Deployment and how it is rolled out.

use super::{InstancePool, LoadBalancer, PodTemplate, ScaledJob};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_manifests::vpa::{UpdateMode, VpaSpec};
use flashcrowd_units::{SimDuration, Usd};
use serde::{Deserialize, Serialize};

/// A Deployment, the Service in front of it, and the controller that scales it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `spec.replicas` at the start; that many pods are ready when the run begins.
    pub replicas: u32,
    /// The pod template.
    pub pod: PodTemplate,
    /// The machines that it runs on in place of pods. `None`: a Deployment.
    pub instances: Option<InstancePool>,
    /// How a new template is rolled out.
    pub rollout: RolloutStrategy,
    /// How requests find a pod.
    pub load_balancer: LoadBalancer,
    /// Who changes `spec.replicas`.
    pub autoscaler: Option<PolicySpec>,
    /// Jobs that KEDA makes, in place of the Deployment: there are no replicas then and nobody scales
    /// them. `None`: it is a Deployment.
    pub scaled_job: Option<ScaledJob>,
    /// Who changes what pods request. `None`: nobody.
    pub vpa: Option<VpaSpec>,
    /// Holds requests while no pod is there to take them. `None`: they fail.
    pub activator: Option<Activator>,
    /// What one pod or instance costs for an hour of existence.
    pub pod_hour: Usd,
}

/// Knative's activator: while a service has no pod that it could send requests to, they wait here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activator {
    /// Requests that wait at most; one more is turned away.
    pub capacity: u32,
}

impl Default for Activator {
    /// The depth of the activator's breaker (`QueueDepth` in `pkg/activator/net/throttler.go`).
    fn default() -> Self {
        Self { capacity: 10_000 }
    }
}

/// How a Deployment replaces its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutStrategy {
    /// New pods beside old ones.
    RollingUpdate {
        /// Pods above the desired number.
        max_surge: IntOrPercent,
        /// Pods below the desired number.
        max_unavailable: IntOrPercent,
        /// How long a pod must be ready before it counts as available.
        min_ready: SimDuration,
    },
    /// All old pods first.
    Recreate,
}

/// A number of pods, or a share of the desired ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntOrPercent {
    /// So many.
    Int(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl Service {
    /// Whether a VPA changes the limits of running containers.
    pub(crate) fn resizes_in_place(&self) -> bool {
        let vpa = self.vpa.as_ref();
        vpa.is_some_and(|vpa| vpa.update_mode() == UpdateMode::InPlaceOrRecreate)
    }

    /// So many pods behind a Kubernetes Service, with nobody who scales them.
    pub fn new(name: &str, replicas: u32, pod: PodTemplate) -> Self {
        Self {
            name: name.to_owned(),
            replicas,
            pod,
            instances: None,
            rollout: RolloutStrategy::default(),
            load_balancer: LoadBalancer::default(),
            autoscaler: None,
            scaled_job: None,
            vpa: None,
            activator: None,
            pod_hour: Usd::default(),
        }
    }
}

impl Default for RolloutStrategy {
    /// That of the Kubernetes API: a quarter more, a quarter fewer.
    fn default() -> Self {
        let quarter = IntOrPercent::Percent(25);
        Self::RollingUpdate {
            max_surge: quarter,
            max_unavailable: quarter,
            min_ready: SimDuration::ZERO,
        }
    }
}
