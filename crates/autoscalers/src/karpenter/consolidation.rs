//! Nodes that can go: empty ones, several for one that is cheaper than they are together, one for a
//! cheaper one.
//!
//! Source: `pkg/controllers/disruption` (`emptiness.go`, `multinodeconsolidation.go`,
//! `singlenodeconsolidation.go`, `consolidation.go`).

use super::candidates::{Candidate, Nominations, NotDisrupted, allowances, candidates};
use super::simulation::{NewNode, on_spot, solve};
use super::state::State;
use super::{CapacityType, DisruptionReason, KarpenterSettings};
use crate::PodId;
use crate::cluster_autoscaler::NodeId;
use crate::scheduling::PlacedPod;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A spot node is replaced by a spot node only if so many types are cheaper; else each replacement
/// would be replaced in turn, by what is ever cheaper and ever more often interrupted.
const CHEAPER_TYPES_FOR_SPOT: usize = 15;
/// So many nodes are considered at once at most.
const MOST_NODES: usize = 100;

/// How nodes to disrupt are looked for, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisruptionMethod {
    /// Empty nodes are deleted.
    Emptiness,
    /// Several nodes are deleted, or replaced by one.
    MultiNode,
    /// One node is deleted or replaced.
    SingleNode,
}

impl DisruptionMethod {
    pub(super) const ALL: [Self; 3] = [Self::Emptiness, Self::MultiNode, Self::SingleNode];

    /// The reason that budgets know.
    pub const fn reason(self) -> DisruptionReason {
        match self {
            Self::Emptiness => DisruptionReason::Empty,
            Self::MultiNode | Self::SingleNode => DisruptionReason::Underutilized,
        }
    }
}

/// Nodes that go, and what replaces them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposal {
    pub(super) method: DisruptionMethod,
    pub(super) nodes: Vec<NodeId>,
    /// What the new node can be, as places in the list of all offerings; empty if none is needed.
    pub(super) replacement: Vec<usize>,
}

/// One look for nodes to disrupt.
pub(super) struct Look<'s, 'a> {
    pub(super) state: &'s State<'a>,
    pub(super) settings: &'s KarpenterSettings,
    pub(super) nominations: &'s Nominations,
    /// Why nodes stay: the last reason found.
    pub(super) refused: BTreeMap<NodeId, NotDisrupted>,
}

impl Look<'_, '_> {
    /// What a method would do.
    pub(super) fn propose(&mut self, method: DisruptionMethod) -> Option<Proposal> {
        let mut allowed = allowances(self.state, method.reason());
        let mut candidates = self.candidates(method);
        match method {
            DisruptionMethod::Emptiness => {
                self.keep_within(&mut allowed, &mut candidates);
                let nodes: Vec<NodeId> = candidates.iter().map(|it| it.id).collect();
                (!nodes.is_empty()).then_some(Proposal {
                    method,
                    nodes,
                    replacement: Vec::new(),
                })
            }
            DisruptionMethod::MultiNode => {
                let ratio = |it: &Candidate| savings_ratio(it, self.state);
                candidates.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
                self.keep_within(&mut allowed, &mut candidates);
                candidates.truncate(MOST_NODES);
                self.several(&candidates)
            }
            DisruptionMethod::SingleNode => {
                for candidate in interleaved(candidates) {
                    if allowed[candidate.pool] == 0 {
                        self.refused.insert(candidate.id, NotDisrupted::NodeBudget);
                        continue;
                    }
                    match self.consolidate(std::slice::from_ref(&candidate)) {
                        Ok(replacement) => {
                            return Some(Proposal {
                                method,
                                nodes: vec![candidate.id],
                                replacement,
                            });
                        }
                        Err(why) => {
                            self.refused.insert(candidate.id, why);
                        }
                    }
                }
                None
            }
        }
    }

    /// Whether a proposal is still right, some time after it was made. Empty nodes that are empty
    /// no more are left out.
    pub(super) fn confirm(&mut self, proposal: &Proposal) -> Option<Proposal> {
        let mut allowed = allowances(self.state, proposal.method.reason());
        let mut candidates = self.candidates(proposal.method);
        candidates.retain(|it| proposal.nodes.contains(&it.id));
        self.keep_within(&mut allowed, &mut candidates);
        let nodes: Vec<NodeId> = candidates.iter().map(|it| it.id).collect();
        if proposal.method == DisruptionMethod::Emptiness {
            return (!nodes.is_empty()).then(|| Proposal {
                nodes,
                ..proposal.clone()
            });
        }
        if nodes.len() != proposal.nodes.len() {
            return None;
        }
        let options = match self.simulate(&candidates).ok()? {
            None => Vec::new(),
            Some(new) => new.options,
        };
        let is_same = options.is_empty() == proposal.replacement.is_empty()
            && proposal.replacement.iter().all(|it| options.contains(it));
        is_same.then(|| proposal.clone())
    }

    /// Nodes that a method may take, pools and budgets of nodes left aside.
    fn candidates(&mut self, method: DisruptionMethod) -> Vec<Candidate> {
        let mut found = candidates(
            self.state,
            self.nominations,
            method.reason(),
            &mut self.refused,
        );
        // Empty nodes have a budget of their own, and are left to it.
        found.retain(|it| it.pods.is_empty() == (method == DisruptionMethod::Emptiness));
        found.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        found
    }

    /// Leaves out what the budgets do not allow, in order.
    fn keep_within(&mut self, allowed: &mut [u32], candidates: &mut Vec<Candidate>) {
        candidates.retain(|it| {
            let is_allowed = allowed[it.pool] > 0;
            if is_allowed {
                allowed[it.pool] -= 1;
            } else {
                self.refused.insert(it.id, NotDisrupted::NodeBudget);
            }
            is_allowed
        });
    }

    /// The longest prefix of the candidates that can go at once, by bisection.
    fn several(&self, candidates: &[Candidate]) -> Option<Proposal> {
        let (mut least, mut most) = (2, candidates.len());
        let mut best = None;
        while least <= most {
            let length = usize::midpoint(least, most);
            let first = &candidates[..length];
            let found = self.consolidate(first).ok();
            let found = found.and_then(|options| {
                let is_deletion = options.is_empty();
                let options = without_same_type(&options, first, self.state);
                (is_deletion || !options.is_empty()).then_some(options)
            });
            if let Some(replacement) = found {
                best = Some(Proposal {
                    method: DisruptionMethod::MultiNode,
                    nodes: first.iter().map(|it| it.id).collect(),
                    replacement,
                });
                least = length + 1;
            } else {
                most = length - 1;
            }
        }
        best
    }

    /// What a single new node in place of the candidates can be; nothing if none is needed.
    fn consolidate(&self, candidates: &[Candidate]) -> Result<Vec<usize>, NotDisrupted> {
        let Some(new) = self.simulate(candidates)? else {
            return Ok(Vec::new());
        };
        let state = self.state;
        let nodes: Vec<NodeId> = candidates.iter().map(|it| it.id).collect();
        let price = state.price(&nodes);
        let spot = on_spot(&new.options, state);
        let is_spot =
            |it: &Candidate| state.offerings[it.offering].capacity_type == CapacityType::Spot;
        let spot_to_spot = !spot.is_empty() && candidates.iter().all(is_spot);
        if spot_to_spot && !self.settings.spot_to_spot_consolidation {
            return Err(NotDisrupted::SpotToSpotDisabled);
        }
        // Where spot capacity is allowed it is what would be launched.
        let mut options = if spot.is_empty() { new.options } else { spot };
        options.retain(|&it| state.offerings[it].price < price);
        options.sort_by(|&a, &b| {
            state.offerings[a]
                .price
                .total_cmp(&state.offerings[b].price)
        });
        if options.is_empty() {
            return Err(NotDisrupted::NotCheaper);
        }
        if spot_to_spot && candidates.len() == 1 {
            let types: BTreeSet<&str> = options
                .iter()
                .map(|&it| state.offerings[it].instance_type)
                .collect();
            let types = types.len();
            if types < CHEAPER_TYPES_FOR_SPOT {
                return Err(NotDisrupted::TooFewCheaperTypes { types });
            }
            options.truncate(CHEAPER_TYPES_FOR_SPOT);
        }
        Ok(options)
    }

    /// The single new node that the pods of the candidates need; `None` if they need none.
    fn simulate(&self, candidates: &[Candidate]) -> Result<Option<NewNode>, NotDisrupted> {
        let state = self.state;
        let mut pods = state.pending.clone();
        let going = state.nodes.iter().filter(|node| node.deleting);
        let mut moved: BTreeSet<PodId> = BTreeSet::new();
        let mut expected = BTreeSet::new();
        let ids = |pods: &[PlacedPod]| {
            let ids: Vec<PodId> = pods.iter().filter_map(|pod| pod.id.map(PodId)).collect();
            ids
        };
        for node in going {
            let leaving: Vec<PlacedPod> = state.reschedulable(node).collect();
            moved.extend(ids(&leaving));
            pods.extend(leaving);
        }
        for candidate in candidates {
            expected.extend(ids(&candidate.pods));
            pods.extend(&candidate.pods);
        }
        let without = candidates.iter().map(|it| it.id).collect();
        let mut solution = solve(state, &without, pods);
        let counts = |pod: &PodId| expected.contains(pod) || moved.contains(pod);
        // Nobody knows yet whether a node that is not ready will ever be.
        let is_late = |id: &NodeId| state.node(*id).is_some_and(|node| !node.initialized);
        let hopes = |(pod, node): &(PodId, NodeId)| expected.contains(pod) && is_late(node);
        if solution.unplaced.iter().any(counts) || solution.placed.iter().any(hopes) {
            return Err(NotDisrupted::PodsDoNotFit);
        }
        match solution.new.len() {
            0 | 1 => Ok(solution.new.pop()),
            nodes => Err(NotDisrupted::NeedsSeveralNodes { nodes }),
        }
    }
}

/// What goes away of the bill for what it costs the pods.
fn savings_ratio(candidate: &Candidate, state: &State<'_>) -> f64 {
    if candidate.cost > 0.0 {
        state.offerings[candidate.offering].price / candidate.cost
    } else {
        f64::INFINITY
    }
}

/// Candidates of all pools in turn, those with the lowest cost first.
fn interleaved(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut ranked: Vec<(usize, Candidate)> = Vec::with_capacity(candidates.len());
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    for candidate in candidates {
        let rank = seen.entry(candidate.pool).or_default();
        ranked.push((*rank, candidate));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, candidate)| (*rank, candidate.pool));
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Options that make sense in place of several nodes. If what is launched can be of a type that is
/// given up, it has to be cheaper than that one is: else that node had better stay.
fn without_same_type(options: &[usize], candidates: &[Candidate], state: &State<'_>) -> Vec<usize> {
    let given_up = |name: &str| {
        let offerings = candidates.iter().map(|it| &state.offerings[it.offering]);
        let same = offerings.filter(|it| it.instance_type == name);
        same.map(|it| it.price).min_by(f64::total_cmp)
    };
    let prices = options
        .iter()
        .filter_map(|&it| given_up(state.offerings[it].instance_type));
    let most = prices.min_by(f64::total_cmp).unwrap_or(f64::INFINITY);
    let is_below = |&it: &usize| state.offerings[it].price < most;
    options.iter().copied().filter(is_below).collect()
}
