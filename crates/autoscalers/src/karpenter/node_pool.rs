//! NodePools: which nodes may be launched, and which may be disrupted.

use crate::TimePoint;
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use serde::{Deserialize, Serialize};

/// A NodePool (`karpenter.sh/v1`).
///
/// Its labels and taints are those of the shapes of its offerings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePool {
    /// `metadata.name`.
    pub name: String,
    /// `spec.weight`: pools with a higher one are tried first; 0 where nothing is said.
    #[serde(default)]
    pub weight: u32,
    /// `spec.limits`.
    #[serde(default)]
    pub limits: PoolLimits,
    /// What can be launched: instance types that meet the requirements, once for each capacity
    /// type.
    pub offerings: Vec<Offering>,
    /// `spec.disruption`.
    #[serde(default)]
    pub disruption: Disruption,
    /// `spec.template.spec.expireAfter`: nodes that are older are drained, whatever the budgets
    /// say. `None` for `Never`.
    pub expire_after: Option<SimDuration>,
    /// `spec.template.spec.terminationGracePeriod`: how long a drain waits for
    /// PodDisruptionBudgets and `karpenter.sh/do-not-disrupt`. `None`: for ever.
    pub termination_grace_period: Option<SimDuration>,
}

/// An instance type on one kind of capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// Its name, such as `m5.large`.
    pub instance_type: String,
    /// `spot`, or `on-demand`.
    pub capacity_type: CapacityType,
    /// The node group that launches it: place in
    /// [`ClusterObservation::groups`](crate::cluster_autoscaler::ClusterObservation::groups). Its
    /// price is the offering's.
    pub group: usize,
}

/// `karpenter.sh/capacity-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityType {
    /// Cheaper, and taken back when the provider likes.
    Spot,
    /// At the list price.
    OnDemand,
}

impl CapacityType {
    /// The value of the label: `on-demand`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::OnDemand => "on-demand",
        }
    }
}

/// Capacity that the nodes of a pool may have together, nodes that are going included. `None`: no
/// limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoolLimits {
    /// CPU.
    pub cpu: Option<Millicores>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Nodes.
    pub nodes: Option<u32>,
}

/// `spec.disruption` of a [`NodePool`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disruption {
    /// `consolidationPolicy`.
    pub policy: ConsolidationPolicy,
    /// `consolidateAfter`: how long no pod may have come or gone. `None` for `Never`.
    pub consolidate_after: Option<SimDuration>,
    /// `budgets`: the tightest one that is active counts.
    pub budgets: Vec<DisruptionBudget>,
}

impl Default for Disruption {
    /// `WhenEmptyOrUnderutilized` at once, a tenth of the nodes at a time.
    fn default() -> Self {
        Self {
            policy: ConsolidationPolicy::default(),
            consolidate_after: Some(SimDuration::ZERO),
            budgets: vec![DisruptionBudget::default()],
        }
    }
}

/// Which nodes are consolidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ConsolidationPolicy {
    /// Those without pods.
    WhenEmpty,
    /// Those as well whose pods fit elsewhere, or on something cheaper.
    #[default]
    WhenEmptyOrUnderutilized,
}

/// Why a node is disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DisruptionReason {
    /// It has no pods.
    Empty,
    /// Its pods fit elsewhere, or on something cheaper.
    Underutilized,
    /// It is not what its pool would launch now. Pools do not change here, so no node drifts.
    Drifted,
}

impl DisruptionReason {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Underutilized => "Underutilized",
            Self::Drifted => "Drifted",
        }
    }
}

/// How many nodes of a pool may be disrupted at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisruptionBudget {
    /// The number.
    pub nodes: BudgetNodes,
    /// What it is for; empty for everything.
    #[serde(default)]
    pub reasons: Vec<DisruptionReason>,
    /// When it holds, as `schedule` and `duration` say; `None` for always. Intervals are half
    /// open, in order, and do not overlap.
    #[serde(default)]
    pub active: Option<Vec<(TimePoint, TimePoint)>>,
}

impl Default for DisruptionBudget {
    /// 10 % of the nodes.
    fn default() -> Self {
        Self {
            nodes: BudgetNodes::Percent(10),
            reasons: Vec::new(),
            active: None,
        }
    }
}

/// A number of nodes, or a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetNodes {
    /// So many.
    Count(u32),
    /// So many of a hundred, rounded up: 5 % of ten nodes are one.
    Percent(u32),
}

impl DisruptionBudget {
    /// How many of `nodes` it allows to be disrupted for a reason; `None` if it does not hold now.
    pub fn allows(&self, reason: DisruptionReason, nodes: u32, now: TimePoint) -> Option<u32> {
        let is_active = self.active.as_ref().is_none_or(|times| {
            let next = times.partition_point(|&(_, end)| end <= now);
            times.get(next).is_some_and(|&(start, _)| start <= now)
        });
        let is_for = self.reasons.is_empty() || self.reasons.contains(&reason);
        (is_active && is_for).then(|| match self.nodes {
            BudgetNodes::Count(count) => count,
            BudgetNodes::Percent(percent) => {
                let share = u64::from(nodes) * u64::from(percent);
                u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX)
            }
        })
    }
}

impl Disruption {
    /// How many of `nodes` may be disrupted for a reason at a time: what the tightest budget
    /// allows.
    pub fn allowed(&self, reason: DisruptionReason, nodes: u32, now: TimePoint) -> u32 {
        let budgets = self.budgets.iter();
        let allowed = budgets.filter_map(|budget| budget.allows(reason, nodes, now));
        allowed.min().unwrap_or(u32::MAX)
    }
}
