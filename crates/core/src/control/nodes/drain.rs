//! Draining a node: evictions, which ask the PodDisruptionBudgets.
//!
//! An eviction is refused while a budget would be overdrawn, and tried again every 10 s. The
//! cluster autoscaler gives up after two minutes and takes the node back into service; Karpenter
//! never does, and deletes the node by force after its termination grace period, if there is one; a
//! spot instance is drained until it is gone.
//!
//! Source: kubernetes `pkg/registry/core/pod/storage/eviction.go` and `pkg/controller/disruption`;
//! `cluster-autoscaler/core/scaledown/actuation/drain.go`; karpenter
//! `pkg/controllers/node/termination`; aws-node-termination-handler.

use super::{NodeEvent, NodeStage};
use crate::control::pod::Pod;
use crate::control::{Event, World};
use crate::model::{DisruptionBudget, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{NodeId, PodStage, Recorder};
use flashcrowd_autoscalers::cluster_autoscaler::{DrainPatience, NodeDeletion};
use flashcrowd_units::{SimDuration, SimTime};

/// Between two attempts to evict the pods of a node (`EvictionRetryTime`).
const RETRY: SimDuration = SimDuration::from_secs(10);

/// A node that is being emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drain {
    pub(super) cause: DrainCause,
    /// When the first pods were, or will be, evicted.
    pub(super) since: SimTime,
    /// Why, in a word.
    pub(super) reason: &'static str,
    /// What happens if pods cannot be evicted.
    pub(super) patience: DrainPatience,
}

impl Drain {
    /// When it is over at the latest, with whatever is left.
    fn forced_at(&self) -> Option<SimTime> {
        match self.patience {
            DrainPatience::ForceAfter(period) => Some(self.since + period),
            DrainPatience::GiveUpAfter(_) | DrainPatience::Endless => None,
        }
    }
}

/// Why a node is being emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrainCause {
    /// The autoscaler of nodes wants to delete it.
    Autoscaler,
    /// The provider takes it back.
    Interruption,
}

impl<P: DataPlane> World<P> {
    /// Cordons a node and empties it after a while; then it is deleted.
    pub(super) fn begin_drain(&mut self, deletion: &NodeDeletion, recorder: &mut dyn Recorder) {
        let (id, since) = (deletion.node, self.now + deletion.delay);
        let Some(node) = self.cluster_mut().nodes.get_mut(&id) else {
            self.cluster_mut().finished.push(id);
            return;
        };
        node.drain = Some(Drain {
            cause: DrainCause::Autoscaler,
            since,
            reason: deletion.reason,
            patience: deletion.patience,
        });
        if node.stage != NodeStage::Draining {
            self.move_node(id, NodeStage::Draining, deletion.reason, recorder);
        }
        if let DrainPatience::ForceAfter(period) = deletion.patience {
            self.schedule_node(since + period, NodeEvent::Overdue(id));
        }
        self.schedule_node(since, NodeEvent::Evict(id));
    }

    /// A node takes no pods any more; it is drained once its replacement is ready.
    pub(super) fn taint(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        let Some(node) = self.cluster_mut().nodes.get_mut(&id) else {
            return;
        };
        node.is_tainted = true;
        if node.stage != NodeStage::Draining {
            self.move_node(id, NodeStage::Draining, "Disrupted", recorder);
        }
    }

    /// Such a node stays after all.
    pub(super) fn untaint(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        let Some(node) = self.cluster_mut().nodes.get_mut(&id) else {
            return;
        };
        node.is_tainted = false;
        if !node.is_cordoned() {
            self.move_node(id, NodeStage::Ready, "ReplacementFailed", recorder);
            self.retry_waiting();
        }
    }

    /// The time for draining a node is over.
    pub(super) fn force(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        let Some(node) = self.cluster().nodes.get(&id) else {
            return;
        };
        if node
            .drain
            .is_some_and(|drain| drain.forced_at() == Some(self.now))
        {
            self.resize(node.group, -1, "TerminationGracePeriod", recorder);
            self.remove_node(id, "TerminationGracePeriod", recorder);
        }
    }

    /// Evicts what may be evicted, and comes back for the rest.
    pub(super) fn evict_from(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        let now = self.now;
        let Some(node) = self.cluster().nodes.get(&id) else {
            return;
        };
        let Some(drain) = node.drain else { return };
        if node.pods.is_empty() {
            self.node_drained(id, recorder);
            return;
        }
        let pods: Vec<ServerId> = node.pods.iter().copied().collect();
        let mut refused = false;
        // When the first of those that are refused has to be told to end, to have its grace period.
        let mut told_at = SimTime::NEVER;
        for server in pods {
            // An eviction can make the pod vanish at once, but not another one.
            if self.pod(server).deleting.is_some() {
                continue;
            }
            let service = self.pod(server).service;
            let grace = self.service_of(service).pod.grace_period;
            let last_call = drain.forced_at().map(|at| at.saturating_sub(grace));
            let is_forced = last_call.is_some_and(|at| at <= now);
            let is_held = drain.cause == DrainCause::Autoscaler
                && self.service_of(service).pod.placement.do_not_disrupt
                && !matches!(drain.patience, DrainPatience::GiveUpAfter(_));
            if is_forced || (!is_held && self.may_evict(self.pod(server))) {
                self.terminate(server, "Evicted", recorder);
                self.schedule(now, Event::Reconcile(service));
            } else {
                refused = true;
                told_at = told_at.min(last_call.unwrap_or(SimTime::NEVER));
            }
        }
        if !refused {
            return;
        }
        let is_over = match drain.patience {
            DrainPatience::GiveUpAfter(time) => now >= drain.since + time,
            DrainPatience::ForceAfter(_) | DrainPatience::Endless => false,
        };
        let gives_up = is_over && !self.cluster().nodes[&id].interrupted;
        if gives_up {
            self.take_back(id, recorder);
        } else {
            self.schedule_node(told_at.min(now + RETRY), NodeEvent::Evict(id));
        }
    }

    /// Nothing is left on a node. A spot instance stays until it is taken back.
    pub(super) fn node_drained(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        let Some(node) = self.cluster().nodes.get(&id) else {
            return;
        };
        let wanted =
            |drain: &super::Drain| drain.cause == DrainCause::Autoscaler && drain.since <= self.now;
        if node.pods.is_empty() && node.drain.as_ref().is_some_and(wanted) {
            let (group, is_interrupted) = (node.group, node.interrupted);
            let reason = node.drain.map_or("ScaleDown", |drain| drain.reason);
            if self.is_above_min(group) {
                self.resize(group, -1, reason, recorder);
                self.remove_node(id, reason, recorder);
            } else if !is_interrupted {
                self.take_back(id, recorder);
            }
        }
    }

    /// A drain has failed: the node takes pods again.
    fn take_back(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        self.node_mut(id).drain = None;
        self.move_node(id, NodeStage::Ready, "DrainFailed", recorder);
        self.cluster_mut().finished.push(id);
        self.retry_waiting();
    }

    /// Whether the eviction API lets a pod go now.
    pub(super) fn may_evict(&self, pod: &Pod) -> bool {
        let mut covering = self.budgets_of(pod.service);
        let Some(budget) = covering.next() else {
            return true;
        };
        // A pod that has not started is nobody's loss.
        if matches!(pod.stage, PodStage::Pending | PodStage::ContainerCreating) {
            return true;
        }
        if covering.next().is_some() {
            // "This pod has more than one PodDisruptionBudget, which the eviction subresource does
            // not support."
            return false;
        }
        let (healthy, desired) = self.health(budget);
        if pod.ready {
            healthy > desired
        } else {
            budget.always_evict_unready || (healthy >= desired && healthy > 0)
        }
    }

    /// `status.disruptionsAllowed` of the budget of a service: none where there are several, since
    /// the API refuses then. `None` without a budget.
    pub(in crate::control) fn disruptions_allowed(&self, service: ServiceId) -> Option<u32> {
        let mut covering = self.budgets_of(service);
        let (healthy, desired) = self.health(covering.next()?);
        let is_only = covering.next().is_none();
        Some(if is_only {
            healthy.saturating_sub(desired)
        } else {
            0
        })
    }

    fn budgets_of(&self, service: ServiceId) -> impl Iterator<Item = &DisruptionBudget> {
        let nodes = self.model.nodes.as_ref();
        let budgets = nodes.map_or(&[][..], |nodes| &nodes.budgets);
        budgets
            .iter()
            .filter(move |it| it.services.contains(&service))
    }

    /// `status.currentHealthy` and `status.desiredHealthy` of a budget.
    pub(super) fn health(&self, budget: &DisruptionBudget) -> (u32, u32) {
        let (mut healthy, mut expected) = (0, 0);
        for &ServiceId(index) in &budget.services {
            let state = &self.services[index as usize];
            expected += state.desired;
            let pods = state.pods.iter().map(|server| self.pod(*server));
            healthy += pods.filter(|pod| pod.is_active() && pod.ready).count() as u32;
        }
        (healthy, budget.floor.desired_healthy(expected))
    }
}
