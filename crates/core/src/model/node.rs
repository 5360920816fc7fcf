//! The machines under the pods: node groups, who scales them, and what may be disturbed.

use super::{IntOrPercent, PodTemplate, ServiceId};
use flashcrowd_autoscalers::cluster_autoscaler::ClusterAutoscalerFlags;
use flashcrowd_autoscalers::karpenter::{KarpenterSettings, NodePool};
use flashcrowd_autoscalers::scheduling::{NodeShape, PodShape, Toleration};
use flashcrowd_units::{Bytes, Millicores, Rate, SimDuration, Usd};
use flashcrowd_workload::ServiceTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The nodes of a cluster. A model without them gives every pod a machine of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Nodes {
    /// The groups; at least one.
    pub groups: Vec<NodeGroup>,
    /// Who changes the sizes of the groups. `None`: they stay as they are.
    pub autoscaler: Option<NodeScaling>,
    /// PodDisruptionBudgets, which evictions respect.
    pub budgets: Vec<DisruptionBudget>,
}

/// Machines that are alike and scaled together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeGroup {
    /// Its name.
    pub name: String,
    /// What its nodes look like to the scheduler.
    pub shape: NodeShape,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// Nodes that are ready when the run begins, `min` to `max`.
    pub initial: u32,
    /// From the request for an instance until its kubelet registers the node.
    pub boot: ServiceTime,
    /// From there until the node is ready: network plug-in, DaemonSets.
    pub become_ready: ServiceTime,
    /// What a node costs for an hour, from the request until it is gone.
    pub node_hour: Usd,
    /// Spot capacity, which the provider takes back when it likes. `None`: on demand.
    pub spot: Option<Spot>,
    /// It is an instance type of a NodePool: its size follows what is launched and deleted one by
    /// one, and the provider replaces nothing that it takes back.
    pub is_offering: bool,
}

/// How the provider takes instances back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Interruptions per instance and time. They have no memory.
    pub interruptions: Rate,
    /// From the notice until the instance is gone.
    pub notice: SimDuration,
}

/// Who changes the sizes of node groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum NodeScaling {
    /// The Kubernetes Cluster Autoscaler.
    ClusterAutoscaler(Box<ClusterAutoscalerFlags>),
    /// Karpenter.
    Karpenter(Box<KarpenterSpec>),
}

/// Karpenter and its pools.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KarpenterSpec {
    /// Settings of the controller.
    pub settings: KarpenterSettings,
    /// The pools. Their offerings are [groups](Nodes::groups) of their own.
    pub pools: Vec<NodePool>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisruptionBudget {
    /// Its name.
    pub name: String,
    /// The services whose pods it selects.
    pub services: Vec<ServiceId>,
    /// What has to stay.
    pub floor: DisruptionFloor,
    /// `unhealthyPodEvictionPolicy: AlwaysAllow`: pods that run and are not ready may always go.
    /// Otherwise only while the floor holds.
    pub always_evict_unready: bool,
}

/// What a PodDisruptionBudget wants to stay. Percentages are rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisruptionFloor {
    /// `minAvailable`: so many healthy pods.
    MinAvailable(IntOrPercent),
    /// `maxUnavailable`: so many pods fewer than wanted.
    MaxUnavailable(IntOrPercent),
}

impl DisruptionFloor {
    /// `status.desiredHealthy`: healthy pods that have to stay of `expected` ones.
    pub fn desired_healthy(self, expected: u32) -> u32 {
        let rounded_up = |value: IntOrPercent| match value {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => {
                let product = u64::from(expected) * u64::from(percent);
                u32::try_from(product.div_ceil(100)).unwrap_or(u32::MAX)
            }
        };
        match self {
            Self::MinAvailable(value) => rounded_up(value),
            Self::MaxUnavailable(value) => expected.saturating_sub(rounded_up(value)),
        }
    }
}

/// Which nodes the pods of a service can go to, and whether they can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Placement {
    /// Namespace; that of the system has rules of its own.
    pub namespace: String,
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that they put up with.
    pub tolerations: Vec<Toleration>,
    /// At most one of them on a node (required anti-affinity by host name).
    pub one_per_node: bool,
    /// Priority; the scheduler here preempts nobody.
    pub priority: Option<i32>,
    /// Annotation `cluster-autoscaler.kubernetes.io/safe-to-evict`.
    pub safe_to_evict: Option<bool>,
    /// Annotation `karpenter.sh/do-not-disrupt`.
    pub do_not_disrupt: bool,
    /// Whether a volume would be lost with the node.
    pub local_storage: bool,
}

/// What a pod requests of one resource, if its first container requests `first`: everything that is
/// said of the whole pod, or of its containers, beyond what the first of them says now.
fn with_first(
    mut containers: impl Iterator<Item = u64>,
    first: Option<u64>,
    pod: Option<u64>,
) -> u64 {
    let planned = containers.next().unwrap_or(0);
    let all = pod.unwrap_or_else(|| planned + containers.sum::<u64>());
    (all + first.unwrap_or(0)).saturating_sub(planned)
}

impl PodTemplate {
    /// What the scheduler looks at: the requests of the pod, or those of its containers that have
    /// any.
    pub fn shape(&self) -> PodShape {
        let application = self.containers.first();
        self.shape_with(
            application.and_then(|it| it.cpu_request),
            application.and_then(|it| it.memory_request),
        )
    }

    /// The same where the application's container, the first, requests this much instead of what
    /// is written here, as an admission webhook (VPA) may have it.
    pub fn shape_with(&self, cpu: Option<Millicores>, memory: Option<Bytes>) -> PodShape {
        let containers = self.containers.iter();
        let cpus = containers
            .clone()
            .map(|it| it.cpu_request.map_or(0, Millicores::get));
        let memories = containers.map(|it| it.memory_request.map_or(0, Bytes::get));
        let cpu = with_first(
            cpus,
            cpu.map(Millicores::get),
            self.cpu_request.map(Millicores::get),
        );
        let memory = with_first(
            memories,
            memory.map(Bytes::get),
            self.memory_request.map(Bytes::get),
        );
        PodShape {
            cpu: Millicores::new(cpu),
            memory: Bytes::new(memory),
            tolerations: self.placement.tolerations.clone(),
            node_selector: self.placement.node_selector.clone(),
            one_per_node: self.placement.one_per_node,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Container;

    fn container(name: &str, millicores: u64) -> Container {
        Container {
            name: name.to_owned(),
            cpu_request: Some(Millicores::new(millicores)),
            memory_request: None,
        }
    }

    /// A pod requests the sum of its containers; the VPA sizes the application and leaves the
    /// sidecar (100m) alone.
    #[test]
    fn another_size_of_the_application_leaves_the_sidecars_their_requests() {
        let mut pod = PodTemplate::new("app", None, None);
        pod.containers = vec![container("app", 250), container("proxy", 100)];
        assert_eq!(pod.shape().cpu.get(), 350);
        let more = Some(Millicores::new(900));
        assert_eq!(pod.shape_with(more, None).cpu.get(), 1_000);
        pod.cpu_request = Some(Millicores::new(350));
        assert_eq!(pod.shape().cpu.get(), 350);
        assert_eq!(pod.shape_with(more, None).cpu.get(), 1_000);
        assert_eq!(pod.shape_with(None, None).cpu.get(), 100);
    }

    /// `getExpectedPodCount` and `GetScaledValueFromIntOrPercent(..., true)`: both round up.
    #[test]
    fn percentages_of_budgets_are_rounded_up() {
        use DisruptionFloor::{MaxUnavailable, MinAvailable};
        use IntOrPercent::{Int, Percent};
        assert_eq!(MinAvailable(Percent(50)).desired_healthy(7), 4);
        assert_eq!(MinAvailable(Int(2)).desired_healthy(7), 2);
        assert_eq!(MaxUnavailable(Percent(30)).desired_healthy(7), 4);
        assert_eq!(MaxUnavailable(Int(9)).desired_healthy(7), 0);
    }
}
