//! Node groups, who scales them, and which of them pods may use.

use super::{KarpenterSpec, NodePoolSpec};
use flashcrowd_autoscalers::scheduling::{TaintEffect, TolerationOperator};
use flashcrowd_units::{Bytes, Millicores, Rate, Ratio, SimDuration, Usd};
use flashcrowd_workload::ServiceTime;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// The machines under the pods. Without groups there is always room for one more pod.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodesSpec {
    /// Cores of each machine: what a pod without a CPU limit can use at most. By default those of
    /// the largest node group, or 4 without groups.
    pub cores: Option<u32>,
    /// Node groups, by name. With them pods are scheduled by their requests, and wait where there
    /// is no room.
    pub groups: IndexMap<String, NodeGroupSpec>,
    /// Pools of instance types that Karpenter launches nodes of, by name.
    pub pools: IndexMap<String, NodePoolSpec>,
    /// Who changes the sizes of the groups; nobody by default.
    pub autoscaler: Option<NodeAutoscalerSpec>,
}

/// Machines that are alike and scaled together: an Auto Scaling group, a node pool.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeGroupSpec {
    /// What the machines are: a type by name (`t3.large`), or `{ cpu: 2, memory: 8Gi }`.
    pub instance_type: InstanceTypeSpec,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// Nodes that are ready when the run begins; `min` by default.
    #[serde(default)]
    pub initial: Option<u32>,
    /// From the request for an instance until its kubelet registers;
    /// `{ lognormal: { median: 75s, p95: 120s } }` by default.
    #[serde(default)]
    pub boot: Option<ServiceTime>,
    /// From there until the node takes pods: network plug-in, DaemonSets; 15s by default.
    #[serde(default)]
    pub ready: Option<ServiceTime>,
    /// What a node costs for an hour, in US dollars. By default the list price of its type, less
    /// the discount of spot capacity.
    #[serde(default)]
    pub node_hour: Option<Usd>,
    /// Spot capacity: cheaper, and taken back when the provider likes. On demand by default.
    #[serde(default)]
    pub spot: Option<SpotSpec>,
    /// Labels of the nodes, which a pod's node selector asks for.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes, which pods have to tolerate.
    #[serde(default)]
    pub taints: Vec<TaintSpec>,
}

/// What the machines of a group are.
#[derive(Debug, Clone)]
pub enum InstanceTypeSpec {
    /// A type of the built-in list, by name.
    Named(String),
    /// A machine described here.
    Machine(MachineSpec),
}

impl<'de> Deserialize<'de> for InstanceTypeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrMachine;

        impl<'de> Visitor<'de> for NameOrMachine {
            type Value = InstanceTypeSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instance type such as t3.large, or { cpu: 2, memory: 8Gi }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<InstanceTypeSpec, E> {
                Ok(InstanceTypeSpec::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InstanceTypeSpec, A::Error> {
                MachineSpec::deserialize(MapAccessDeserializer::new(map))
                    .map(InstanceTypeSpec::Machine)
            }
        }

        deserializer.deserialize_any(NameOrMachine)
    }
}

impl JsonSchema for InstanceTypeSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InstanceType".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let machine = generator.subschema_for::<MachineSpec>();
        schemars::json_schema!({
            "description": "An instance type by name, or a machine described here.",
            "anyOf": [{ "type": "string", "examples": ["t3.large", "c5.xlarge"] }, machine]
        })
    }
}

/// A machine.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// Its CPU, in cores.
    pub cpu: Millicores,
    /// Its memory.
    pub memory: Bytes,
    /// How many pods it takes; 110 by default.
    #[serde(default)]
    pub pods: Option<u32>,
    /// What pods can request of it. By default what is left after the reservations of GKE.
    #[serde(default)]
    pub allocatable: AllocatableSpec,
}

/// What pods can request of a machine.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AllocatableSpec {
    /// CPU, in cores.
    pub cpu: Option<Millicores>,
    /// Memory.
    pub memory: Option<Bytes>,
}

/// How spot capacity is taken back.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotSpec {
    /// Interruptions of one node, as `0.05/h`.
    pub interruptions: Rate,
    /// From the notice until the node is gone; 2m by default.
    #[serde(default)]
    pub notice: Option<SimDuration>,
    /// How much cheaper it is than the list price; 65% by default. Spot prices move: say yours.
    #[serde(default)]
    pub discount: Option<Ratio>,
}

/// A taint of the nodes of a group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaintSpec {
    /// Its key.
    pub key: String,
    /// Its value; empty by default.
    #[serde(default)]
    pub value: String,
    /// What it does to pods that do not tolerate it: `NoSchedule`, `PreferNoSchedule` or
    /// `NoExecute`.
    #[schemars(with = "EffectName")]
    pub effect: TaintEffect,
}

/// Which nodes the pods of a service may use. What is given here wins over the manifest.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlacementSpec {
    /// Labels that a node must have.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pods put up with.
    pub tolerations: Option<Vec<TolerationSpec>>,
    /// At most one of the pods on a node.
    pub one_per_node: Option<bool>,
}

/// A taint that pods put up with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TolerationSpec {
    /// Key of the taint; every one by default.
    pub key: String,
    /// `Equal` (the default) or `Exists`.
    #[schemars(with = "OperatorName")]
    pub operator: TolerationOperator,
    /// Value of the taint.
    pub value: String,
    /// Effect of the taint; every one by default.
    #[schemars(with = "Option<EffectName>")]
    pub effect: Option<TaintEffect>,
}

/// Who changes the sizes of node groups.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeAutoscalerSpec {
    /// The Kubernetes Cluster Autoscaler.
    ClusterAutoscaler(Box<ClusterAutoscalerSpec>),
    /// Karpenter: nodes of the `pools`. Groups keep their size.
    Karpenter(KarpenterSpec),
}

/// Flags of the Cluster Autoscaler 1.36, with its defaults.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterAutoscalerSpec {
    /// `--scan-interval`: time between two loops; 10s by default.
    pub scan_interval: Option<SimDuration>,
    /// `--expander`: which group grows, as a chain: `priority,least-waste`; `least-waste` by default.
    pub expander: Option<String>,
    /// Priorities of groups for the expander `priority`: regular expressions by priority.
    pub priorities: Option<IndexMap<String, Vec<String>>>,
    /// `--max-nodes-total`; no limit by default.
    pub max_nodes_total: Option<u32>,
    /// `--max-node-provision-time`; 15m by default.
    pub max_node_provision_time: Option<SimDuration>,
    /// `--new-pod-scale-up-delay`; 0s by default.
    pub new_pod_scale_up_delay: Option<SimDuration>,
    /// `--balance-similar-node-groups`; not by default.
    pub balance_similar_node_groups: Option<bool>,
    /// `--enforce-node-group-min-size`; not by default.
    pub enforce_node_group_min_size: Option<bool>,
    /// `--scale-down-enabled`; by default it is.
    pub scale_down_enabled: Option<bool>,
    /// `--scale-down-unneeded-time`; 10m by default.
    pub scale_down_unneeded_time: Option<SimDuration>,
    /// `--scale-down-unready-time`; 20m by default.
    pub scale_down_unready_time: Option<SimDuration>,
    /// `--scale-down-utilization-threshold`: requests above this share keep a node; 50% by default.
    pub scale_down_utilization_threshold: Option<Ratio>,
    /// `--scale-down-delay-after-add`; 10m by default.
    pub scale_down_delay_after_add: Option<SimDuration>,
    /// `--scale-down-delay-after-delete`; 0s by default.
    pub scale_down_delay_after_delete: Option<SimDuration>,
    /// `--scale-down-delay-after-failure`; 3m by default.
    pub scale_down_delay_after_failure: Option<SimDuration>,
    /// `--max-scale-down-parallelism`; 10 by default.
    pub max_scale_down_parallelism: Option<u32>,
    /// `--max-drain-parallelism`; 1 by default.
    pub max_drain_parallelism: Option<u32>,
    /// `--skip-nodes-with-local-storage`; by default they are kept.
    pub skip_nodes_with_local_storage: Option<bool>,
    /// `--skip-nodes-with-system-pods`; by default they are kept.
    pub skip_nodes_with_system_pods: Option<bool>,
    /// `--min-replica-count`: ReplicaSets that want fewer pods are not disturbed; 0 by default.
    pub min_replica_count: Option<u32>,
}

/// Mirrors the names of [`TaintEffect`], which knows nothing of schemas.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "exists for its schema")]
enum EffectName {
    /// They are not scheduled here.
    NoSchedule,
    /// They are scheduled here if there is no better place.
    PreferNoSchedule,
    /// They are not scheduled here, and evicted.
    NoExecute,
}

/// Mirrors the names of [`TolerationOperator`].
#[derive(JsonSchema)]
#[expect(dead_code, reason = "exists for its schema")]
enum OperatorName {
    /// The value is the same.
    Equal,
    /// Any value will do.
    Exists,
}
