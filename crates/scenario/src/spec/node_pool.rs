//! Karpenter and its pools of instance types.

use super::{SpotSpec, TaintSpec};
use flashcrowd_manifests::IntOrPercent;
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use flashcrowd_workload::ServiceTime;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Settings of Karpenter 1.14, with its defaults.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KarpenterSpec {
    /// `BATCH_IDLE_DURATION`: a batch of pods ends when none has joined it for so long; 1s by
    /// default.
    pub batch_idle: Option<SimDuration>,
    /// `BATCH_MAX_DURATION`: how long a batch can last; 10s by default.
    pub batch_max: Option<SimDuration>,
    /// Feature gate `SpotToSpotConsolidation`; off by default.
    pub spot_to_spot_consolidation: Option<bool>,
}

/// A NodePool: instance types that Karpenter chooses from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodePoolSpec {
    /// Types of the built-in list, by name: `[c5.large, m5.large]`.
    pub instance_types: Vec<String>,
    /// `spot`, `on_demand` or both; `[on_demand]` by default. Where both are allowed, spot capacity
    /// is launched.
    #[serde(default)]
    pub capacity_types: Option<Vec<CapacityTypeSpec>>,
    /// Pools with a higher weight are tried first; 0 by default.
    #[serde(default)]
    pub weight: u32,
    /// What the nodes of the pool may have together; no limit by default.
    #[serde(default)]
    pub limits: PoolLimitsSpec,
    /// Nodes that are ready when the run begins, by type; none by default. On demand where that is
    /// allowed.
    #[serde(default)]
    pub initial: IndexMap<String, u32>,
    /// From the request for an instance until its kubelet registers;
    /// `{ lognormal: { median: 75s, p95: 120s } }` by default.
    #[serde(default)]
    pub boot: Option<ServiceTime>,
    /// From there until the node takes pods: network plug-in, DaemonSets; 15s by default.
    #[serde(default)]
    pub ready: Option<ServiceTime>,
    /// How spot capacity is taken back, and what it costs; needed where it is allowed.
    #[serde(default)]
    pub spot: Option<SpotSpec>,
    /// Labels of the nodes, beside `karpenter.sh/nodepool`, `karpenter.sh/capacity-type` and
    /// `node.kubernetes.io/instance-type`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes, which pods have to tolerate.
    #[serde(default)]
    pub taints: Vec<TaintSpec>,
    /// How old a node gets; 720h by default, or `never`.
    #[serde(default)]
    pub expire_after: Option<PeriodSpec>,
    /// How long a drain waits for PodDisruptionBudgets and pods that may not be disrupted; for ever
    /// by default.
    #[serde(default)]
    pub termination_grace_period: Option<SimDuration>,
    /// Which nodes are taken away, and how many at a time.
    #[serde(default)]
    pub disruption: DisruptionSpec,
}

/// Kinds of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapacityTypeSpec {
    /// Cheaper, and taken back when the provider likes.
    Spot,
    /// At the list price.
    OnDemand,
}

/// What the nodes of a pool may have together.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolLimitsSpec {
    /// CPU, in cores.
    pub cpu: Option<Millicores>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Nodes.
    pub nodes: Option<u32>,
}

/// `spec.disruption` of a NodePool.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DisruptionSpec {
    /// `when_empty`, or `when_empty_or_underutilized`, the default.
    pub consolidation_policy: Option<ConsolidationPolicySpec>,
    /// How long no pod may have come to a node or gone; 0s by default, or `never`.
    pub consolidate_after: Option<PeriodSpec>,
    /// How many nodes may be taken away at a time; `[{ nodes: 10% }]` by default. The tightest one
    /// counts.
    pub budgets: Option<Vec<BudgetSpec>>,
}

/// Which nodes are consolidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsolidationPolicySpec {
    /// Those without pods.
    WhenEmpty,
    /// Those as well whose pods fit elsewhere, or on something cheaper.
    WhenEmptyOrUnderutilized,
}

/// How many nodes of a pool may be taken away at a time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetSpec {
    /// A number, or a percentage of the nodes, rounded up.
    #[schemars(schema_with = "crate::schema::int_or_percent")]
    pub nodes: IntOrPercent,
    /// What it is for: `empty`, `underutilized`; everything by default.
    #[serde(default)]
    pub reasons: Vec<DisruptionReasonSpec>,
    /// When it begins to hold, as a cron expression in UTC: `0 9 * * 1-5`; always by default.
    #[serde(default)]
    pub schedule: Option<String>,
    /// How long it holds then.
    #[serde(default)]
    pub duration: Option<SimDuration>,
}

/// Why a node is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisruptionReasonSpec {
    /// It has no pods.
    Empty,
    /// Its pods fit elsewhere, or on something cheaper.
    Underutilized,
    /// Its pool has been changed, which does not happen here.
    Drifted,
}

/// A period of time, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodSpec {
    /// After so long.
    After(SimDuration),
    /// Not at all.
    Never,
}

impl PeriodSpec {
    /// `None` for never.
    pub(crate) fn period(self) -> Option<SimDuration> {
        match self {
            Self::After(period) => Some(period),
            Self::Never => None,
        }
    }
}

impl<'de> Deserialize<'de> for PeriodSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeriodOrNever;

        impl de::Visitor<'_> for PeriodOrNever {
            type Value = PeriodSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a duration such as 30s, or `never`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PeriodSpec, E> {
                if text.eq_ignore_ascii_case("never") {
                    return Ok(PeriodSpec::Never);
                }
                SimDuration::deserialize(text.into_deserializer()).map(PeriodSpec::After)
            }
        }

        deserializer.deserialize_any(PeriodOrNever)
    }
}

impl JsonSchema for PeriodSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let duration = generator.subschema_for::<SimDuration>();
        schemars::json_schema!({
            "description": "A duration such as 30s, or `never`.",
            "anyOf": [duration, { "enum": ["never", "Never"] }]
        })
    }
}
