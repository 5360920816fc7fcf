//! Karpenter 1.14: nodes of the cheapest types that fit, and fewer or cheaper ones when they do.
//!
//! # What it does
//! There are no groups to choose from, only pools of instance types. Pods that find no node are
//! collected for a second or so; they are put, the largest first, on the nodes there are, on those on
//! their way and on new ones, and each new node becomes the cheapest type that takes its pods.
//!
//! Every ten seconds it looks for nodes that can go, first of these that finds any: empty ones
//! (deleted together), several whose pods fit elsewhere or on one node that is cheaper than they are
//! together (the longest prefix, by bisection, in the order of what is saved for each pod that has to
//! move), a single one. It looks again 15 s later and does nothing if the answer has changed. Else
//! the nodes are tainted, the new one is launched, and once that is ready they are drained. Nodes
//! that have reached `expireAfter` and spot nodes that are taken back are drained at once, and their
//! pods count as waiting.
//!
//! # When it hurts
//! Any saving will do: a node that is a cent cheaper moves all pods of a node, unless
//! `consolidateAfter` or the budgets say otherwise. A pod that may not be disrupted keeps its node
//! at any price. Large new nodes take many pods, and lose many at once. What the limits leave
//! is counted as if the largest type were launched, so near the limit pods wait for a second
//! round or for ever.
//!
//! # Parameters
//! * [`KarpenterSettings`]: `batch_idle` (1 s), `batch_max` (10 s), `poll` (10 s), `validation` (15 s),
//!   `spot_to_spot_consolidation` (off).
//! * [`NodePool`]: instance types on spot capacity or on demand, `weight` (0), limits of CPU, memory
//!   and nodes, `consolidationPolicy` (`WhenEmptyOrUnderutilized`), `consolidateAfter` (0 s), budgets
//!   (10 % of the nodes), `expireAfter`, `terminationGracePeriod`.
//!
//! # Source
//! `kubernetes-sigs/karpenter`, `pkg/controllers/{provisioning,disruption}`. No recorded decisions
//! exist: its rules were read, not replayed. Unlike the real one it counts nodes that are going in
//! the limits, which so are never exceeded, not even for the time of a replacement. Not modelled:
//! drift, `minValues`, zones, DaemonSet overhead, launches that fail, consolidation by price changes.

mod batch;
mod candidates;
mod commands;
mod consolidation;
mod node_pool;
mod settings;
mod simulation;
mod state;
mod steps;

pub use candidates::NotDisrupted;
pub use consolidation::DisruptionMethod;
pub use node_pool::{
    BudgetNodes, CapacityType, ConsolidationPolicy, Disruption, DisruptionBudget, DisruptionReason,
    NodePool, Offering, PoolLimits,
};
pub use settings::KarpenterSettings;
pub use steps::{DisruptionStep, KarpenterSteps, LaunchStep, ProvisioningSteps};

use crate::autoscaler::{RestoreError, SavedState};
use crate::cluster_autoscaler::{
    ClusterObservation, DrainPatience, NodeDecision, NodeDeletion, NodeId, ProviderCall,
    ScaleDownResult, ScaleUpResult,
};
use crate::{NodeAutoscaler, TimePoint};
use batch::Batcher;
use candidates::Nominations;
use commands::{Command, Progress};
use consolidation::{Look, Proposal};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use simulation::{cheapest, solve};
use state::State;
use std::collections::BTreeSet;

/// From the beginning of a disruption to the next look, and between looks whether a replacement is
/// ready.
const SOON: SimDuration = SimDuration::from_secs(1);
/// A node that pods are expected on is left alone for at least so long, or for two batches.
const NOMINATION: SimDuration = SimDuration::from_secs(10);

/// See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Karpenter {
    settings: KarpenterSettings,
    pools: Vec<NodePool>,
    memory: Memory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    batch: Batcher,
    nominations: Nominations,
    commands: Vec<Command>,
    /// Nodes that have reached their age; their drain has been asked for.
    expired: BTreeSet<NodeId>,
    /// A proposal, and when it is looked at again.
    proposal: Option<(Proposal, TimePoint)>,
    /// When nodes to disrupt are looked for next.
    next_look: TimePoint,
}

/// A decision that is being made.
struct Making<'s, 'a> {
    state: &'s State<'a>,
    settings: &'s KarpenterSettings,
    memory: &'s mut Memory,
    decision: NodeDecision,
    steps: KarpenterSteps,
}

impl Karpenter {
    /// A controller whose process starts now. The groups of the offerings are launched by it alone,
    /// and none of them in two pools.
    pub fn new(settings: KarpenterSettings, pools: Vec<NodePool>, started: TimePoint) -> Self {
        let memory = Memory {
            batch: Batcher::default(),
            nominations: Nominations::new(),
            commands: Vec::new(),
            expired: BTreeSet::new(),
            proposal: None,
            next_look: started,
        };
        Self {
            settings,
            pools,
            memory,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &KarpenterSettings {
        &self.settings
    }

    /// The pools.
    pub fn pools(&self) -> &[NodePool] {
        &self.pools
    }
}

impl NodeAutoscaler for Karpenter {
    fn decide(&mut self, observation: &ClusterObservation<'_>) -> NodeDecision {
        let Self {
            settings,
            pools,
            memory,
        } = self;
        for command in &mut memory.commands {
            command.identify(observation.instances);
        }
        let leaving = memory.commands.iter().flat_map(|it| it.nodes.clone());
        let leaving = leaving.chain(memory.expired.iter().copied()).collect();
        let state = State::new(observation, pools, &leaving);
        let mut making = Making {
            state: &state,
            settings,
            memory,
            decision: NodeDecision {
                scale_up: ScaleUpResult::NotTried,
                scale_down: ScaleDownResult::NotTried,
                calls: Vec::new(),
                deletions: Vec::new(),
                cordons: Vec::new(),
                uncordons: Vec::new(),
                steps: crate::cluster_autoscaler::NodeSteps::default(),
                karpenter: None,
            },
            steps: KarpenterSteps::default(),
        };
        making.expire();
        making.go_on();
        making.provision();
        making.disrupt();
        making.finish()
    }

    fn scan_interval(&self) -> SimDuration {
        self.settings.poll
    }

    fn next_wakeup(&self, now: TimePoint) -> TimePoint {
        let memory = &self.memory;
        let times = [
            memory.batch.next(&self.settings),
            (!memory.commands.is_empty()).then_some(now + SOON),
            Some(match &memory.proposal {
                Some((_, at)) => *at,
                None => memory.next_look,
            }),
        ];
        let next = times.into_iter().flatten().min();
        next.unwrap_or(now + self.settings.poll)
            .max(now + SimDuration::from_nanos(1))
    }

    fn disturbed(&mut self, at: TimePoint) -> Option<TimePoint> {
        self.memory.batch.join(at);
        self.memory.batch.next(&self.settings)
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}

impl Making<'_, '_> {
    /// Nodes that have reached their age are drained, come what may.
    fn expire(&mut self) {
        let state = self.state;
        let now = state.seen.now;
        self.memory.expired.retain(|id| state.node(*id).is_some());
        for node in &state.nodes {
            let pool = state.pool_of(node).map(|pool| &state.pools[pool]);
            let age = pool.and_then(|pool| pool.expire_after);
            let is_old = age.is_some_and(|age| node.initialized && node.created + age <= now);
            if is_old && self.memory.expired.insert(node.id) {
                self.delete(node.id, "Expired");
                self.steps.expired.push(node.id);
                self.memory.batch.join(now);
            }
        }
    }

    /// Disruptions whose replacement is ready, or will never be.
    fn go_on(&mut self) {
        let commands = std::mem::take(&mut self.memory.commands);
        for mut command in commands {
            command.nodes.retain(|id| self.state.node(*id).is_some());
            match command.progress(self.state) {
                Progress::Waits => self.memory.commands.push(command),
                Progress::Ready => {
                    for &node in &command.nodes {
                        self.delete(node, command.reason.name());
                    }
                }
                Progress::Failed => {
                    self.steps.failed.extend(&command.nodes);
                    self.decision.uncordons.extend(&command.nodes);
                }
            }
        }
    }

    /// Launches nodes for a batch of pods that has ended.
    fn provision(&mut self) {
        let state = self.state;
        let now = state.seen.now;
        if !state.pending.is_empty() && self.memory.batch.is_idle() {
            // Pods that have waited since before anybody told.
            self.memory.batch.join(now);
        }
        if !self.memory.batch.is_due(now, self.settings) {
            return;
        }
        let going = state.nodes.iter().filter(|node| node.deleting);
        let leaving = going.flat_map(|node| state.reschedulable(node));
        let pods: Vec<_> = state.pending.iter().copied().chain(leaving).collect();
        let solution = solve(state, &BTreeSet::new(), pods);
        let until = now + NOMINATION.max(self.settings.batch_max * 2);
        let nominated = solution.placed.iter().map(|&(_, node)| (node, until));
        self.memory.nominations.extend(nominated);
        let mut launched = Vec::new();
        for new in &solution.new {
            if let Some(offering) = cheapest(&new.options, state) {
                launched.push(LaunchStep {
                    pool: state.pools[new.pool].name.clone(),
                    options: self.groups_by_price(&new.options),
                    group: self.launch(offering),
                    pods: new.pods(),
                });
            }
        }
        self.decision.scale_up = match (launched.is_empty(), solution.unplaced.is_empty()) {
            (false, _) => ScaleUpResult::Successful,
            (true, true) => ScaleUpResult::NotNeeded,
            (true, false) => ScaleUpResult::NoOptionsAvailable,
        };
        self.memory.batch.close(now, !state.pending.is_empty());
        self.steps.provisioning = Some(ProvisioningSteps {
            placed: solution.placed,
            launched,
            unplaced: solution.unplaced,
        });
    }

    /// Looks for nodes to disrupt, or once more at those that were found.
    fn disrupt(&mut self) {
        let now = self.state.seen.now;
        self.memory.nominations.retain(|_, until| now < *until);
        if !self.decision.calls.is_empty() {
            // The cluster is not what it was: first let it be seen as it is now.
            match &mut self.memory.proposal {
                Some((_, at)) => *at = (now + SOON).max(*at),
                None => self.memory.next_look = (now + SOON).max(self.memory.next_look),
            }
            return;
        }
        let proposal = match self.memory.proposal.take() {
            Some((proposal, at)) if now < at => {
                self.memory.proposal = Some((proposal, at));
                return;
            }
            Some((proposal, _)) => Some(proposal),
            None if now < self.memory.next_look => return,
            None => None,
        };
        let nominations = std::mem::take(&mut self.memory.nominations);
        let mut look = Look {
            state: self.state,
            settings: self.settings,
            nominations: &nominations,
            refused: std::mem::take(&mut self.steps.not_disrupted),
        };
        if let Some(proposal) = proposal {
            let confirmed = look.confirm(&proposal);
            self.steps.not_disrupted = look.refused;
            self.memory.next_look = now + SOON;
            match confirmed {
                Some(proposal) => self.begin(&proposal),
                None => self.steps.abandoned = Some(self.step(&proposal)),
            }
        } else {
            let mut methods = DisruptionMethod::ALL.into_iter();
            let found = methods.find_map(|method| look.propose(method));
            self.steps.not_disrupted = look.refused;
            self.decision.scale_down = ScaleDownResult::NoNodeDeleted;
            self.memory.next_look = now + self.settings.poll;
            if let Some(proposal) = found {
                self.steps.proposed = Some(self.step(&proposal));
                self.memory.proposal = Some((proposal, now + self.settings.validation));
            }
        }
        self.memory.nominations = nominations;
    }

    /// Begins a disruption: taints, and a launch or the drain.
    fn begin(&mut self, proposal: &Proposal) {
        let reason = proposal.method.reason();
        self.steps.begun = Some(self.step(proposal));
        self.decision.scale_down = ScaleDownResult::NodeDeleteStarted;
        let Some(offering) = cheapest(&proposal.replacement, self.state) else {
            for &node in &proposal.nodes {
                self.delete(node, reason.name());
            }
            return;
        };
        let group = self.launch(offering);
        self.decision.cordons.extend(&proposal.nodes);
        self.memory.commands.push(Command {
            reason,
            nodes: proposal.nodes.clone(),
            since: self.state.seen.now,
            group,
            newest: self.state.seen.instances.last().map(|it| it.id),
            replacement: None,
        });
    }

    /// Asks the provider for a node. Returns the group that launches it.
    fn launch(&mut self, offering: usize) -> usize {
        let group = self.state.offerings[offering].group;
        self.decision.calls.push(ProviderCall::Increase {
            group,
            by: 1,
            accepted: true,
        });
        group
    }

    fn delete(&mut self, id: NodeId, reason: &'static str) {
        let Some(node) = self.state.node(id) else {
            return;
        };
        let Some(offering) = node.offering.map(|it| &self.state.offerings[it]) else {
            return;
        };
        let grace = self.state.pools[offering.pool].termination_grace_period;
        let evict = self.state.reschedulable(node);
        self.decision.deletions.push(NodeDeletion {
            node: id,
            group: offering.group,
            evict: evict.filter_map(|pod| pod.id.map(crate::PodId)).collect(),
            delay: SimDuration::ZERO,
            reason,
            patience: grace.map_or(DrainPatience::Endless, DrainPatience::ForceAfter),
        });
    }

    fn groups_by_price(&self, options: &[usize]) -> Vec<usize> {
        let mut options: Vec<_> = options.iter().map(|&it| self.state.offerings[it]).collect();
        options.sort_by(|a, b| a.price.total_cmp(&b.price));
        options.iter().map(|it| it.group).collect()
    }

    fn step(&self, proposal: &Proposal) -> DisruptionStep {
        let chosen = cheapest(&proposal.replacement, self.state);
        DisruptionStep {
            method: proposal.method,
            nodes: proposal.nodes.clone(),
            price: self.state.price(&proposal.nodes),
            replacement: self.groups_by_price(&proposal.replacement),
            replacement_price: chosen.map_or(0.0, |it| self.state.offerings[it].price),
        }
    }

    fn finish(mut self) -> NodeDecision {
        self.decision.karpenter = Some(Box::new(self.steps));
        self.decision
    }
}
