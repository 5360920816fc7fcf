//! Which nodes may be disrupted at all, and what that would cost their pods.
//!
//! Source: `pkg/controllers/disruption` (`types.go`, `helpers.go`), `pkg/utils/disruption`.

use super::state::{State, StateNode};
use super::{ConsolidationPolicy, DisruptionReason};
use crate::cluster_autoscaler::NodeId;
use crate::scheduling::PlacedPod;
use crate::{PodId, TimePoint};
use flashcrowd_units::SimDuration;
use serde::Serialize;
use std::collections::BTreeMap;

/// A node that may be disrupted.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: NodeId,
    pub(super) pool: usize,
    /// Place in [`State::offerings`].
    pub(super) offering: usize,
    /// Its pods that would have to be created elsewhere.
    pub(super) pods: Vec<PlacedPod>,
    /// What its disruption costs: about one for each pod, less the nearer its end is.
    pub(super) cost: f64,
}

/// Why a node is not disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotDisrupted {
    /// It, or a pod on it, is annotated with `karpenter.sh/do-not-disrupt`.
    DoNotDisrupt {
        /// The pod; `None` for the node itself.
        pod: Option<PodId>,
    },
    /// A PodDisruptionBudget allows no eviction of a pod on it.
    DisruptionBudget {
        /// The pod.
        pod: PodId,
    },
    /// Pods that wait are expected to go there.
    Nominated,
    /// Its pool is not consolidated, or only empty nodes of it are.
    Policy,
    /// A pod has come or gone within `consolidateAfter`.
    ConsolidateAfter,
    /// The budgets of its pool allow no more disruptions now.
    NodeBudget,
    /// Its pods fit nowhere else, or on a node only that is not ready.
    PodsDoNotFit,
    /// Its pods need several new nodes.
    NeedsSeveralNodes {
        /// How many.
        nodes: usize,
    },
    /// What its pods fit on is not cheaper.
    NotCheaper,
    /// It is spot capacity, which is not replaced by spot capacity.
    SpotToSpotDisabled,
    /// Too few types of spot capacity are cheaper: fifteen are required.
    TooFewCheaperTypes {
        /// How many there are.
        types: usize,
    },
}

/// Nodes that pods are expected on, and until when.
pub(super) type Nominations = BTreeMap<NodeId, TimePoint>;

/// The nodes that may be disrupted for a reason.
pub(super) fn candidates(
    state: &State<'_>,
    nominations: &Nominations,
    reason: DisruptionReason,
    refused: &mut BTreeMap<NodeId, NotDisrupted>,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for node in &state.nodes {
        let Some(offering) = node.offering.filter(|_| node.initialized && !node.deleting) else {
            continue;
        };
        match refusal(state, node, nominations, reason) {
            Some(why) => {
                refused.insert(node.id, why);
            }
            None => found.push(Candidate {
                id: node.id,
                pool: state.offerings[offering].pool,
                offering,
                pods: state.reschedulable(node).collect(),
                cost: cost(state, node),
            }),
        }
    }
    found
}

fn refusal(
    state: &State<'_>,
    node: &StateNode,
    nominations: &Nominations,
    reason: DisruptionReason,
) -> Option<NotDisrupted> {
    let now = state.seen.now;
    if node.held {
        return Some(NotDisrupted::DoNotDisrupt { pod: None });
    }
    if nominations.get(&node.id).is_some_and(|&until| now < until) {
        return Some(NotDisrupted::Nominated);
    }
    if let Some(why) = blocking_pod(state, node) {
        return Some(why);
    }
    let disruption = &state.pools[state.pool_of(node)?].disruption;
    let Some(after) = disruption.consolidate_after else {
        return Some(NotDisrupted::Policy);
    };
    if reason == DisruptionReason::Underutilized
        && disruption.policy == ConsolidationPolicy::WhenEmpty
    {
        return Some(NotDisrupted::Policy);
    }
    (node.unchanged_since + after > now).then_some(NotDisrupted::ConsolidateAfter)
}

fn blocking_pod(state: &State<'_>, node: &StateNode) -> Option<NotDisrupted> {
    for pod in &node.node.pods {
        let id = PodId(pod.id.unwrap_or_default());
        if state.seen.workloads[pod.workload].workload.do_not_disrupt {
            return Some(NotDisrupted::DoNotDisrupt { pod: Some(id) });
        }
        let mut budgets = state.seen.budgets.iter();
        if budgets.any(|it| it.allowed == 0 && it.workloads.contains(&pod.workload)) {
            return Some(NotDisrupted::DisruptionBudget { pod: id });
        }
    }
    None
}

/// The sum of the pods' eviction costs, less the older the node is where nodes expire.
fn cost(state: &State<'_>, node: &StateNode) -> f64 {
    let pods = node.node.pods.iter();
    let costs = pods.map(|pod| {
        let priority = state.seen.workloads[pod.workload].workload.priority;
        eviction_cost(priority.unwrap_or(0))
    });
    let expire_after = state
        .pool_of(node)
        .and_then(|pool| state.pools[pool].expire_after);
    costs.sum::<f64>() * lifetime_remaining(node.created, expire_after, state.seen.now)
}

/// One for a pod without a priority, -10 to 10.
fn eviction_cost(priority: i32) -> f64 {
    (1.0 + f64::from(priority) / f64::from(1 << 25)).clamp(-10.0, 10.0)
}

/// The share of its life that a node has before it: 1 for one that never expires.
fn lifetime_remaining(
    created: TimePoint,
    expire_after: Option<SimDuration>,
    now: TimePoint,
) -> f64 {
    let Some(life) = expire_after.map(SimDuration::as_secs_f64) else {
        return 1.0;
    };
    let age = (now.as_nanos() - created.as_nanos()) as f64 * 1e-9;
    ((life - age) / life).clamp(0.0, 1.0)
}

/// How many more nodes of each pool may be disrupted for a reason: what the budgets allow, less the
/// nodes that are going or not ready.
pub(super) fn allowances(state: &State<'_>, reason: DisruptionReason) -> Vec<u32> {
    let mut nodes = vec![(0, 0); state.pools.len()];
    for node in state.nodes.iter().filter(|node| node.initialized) {
        if let Some(pool) = state.pool_of(node) {
            nodes[pool].0 += 1;
            nodes[pool].1 += u32::from(node.deleting);
        }
    }
    let pools = state.pools.iter().zip(nodes);
    pools
        .map(|(pool, (nodes, going))| {
            let allowed = pool.disruption.allowed(reason, nodes, state.seen.now);
            allowed.saturating_sub(going)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `disruption.go`: 1 + priority / 2^25, between -10 and 10; the highest priority of users is
    /// 10^9.
    #[test]
    fn priority_makes_an_eviction_dearer() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12);
        near(eviction_cost(0), 1.0);
        near(eviction_cost(1 << 25), 2.0);
        near(eviction_cost(-(1 << 26)), -1.0);
        near(eviction_cost(1_000_000_000), 10.0);
        near(eviction_cost(i32::MIN), -10.0);
    }

    #[test]
    fn a_node_near_its_end_costs_less() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12);
        let at = TimePoint::from_secs;
        let life = Some(SimDuration::from_secs(1000));
        near(lifetime_remaining(at(0), life, at(250)), 0.75);
        near(lifetime_remaining(at(-1000), life, at(250)), 0.0);
        near(lifetime_remaining(at(0), None, at(250)), 1.0);
    }
}
