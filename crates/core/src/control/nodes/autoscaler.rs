//! Asking the autoscaler of nodes: what it may see, and what becomes of what it says.

use super::{Demand, GroupState, Node, NodeEvent, NodeStage};
use crate::control::World;
use crate::model::{DisruptionBudget, NodeGroup};
use crate::plane::DataPlane;
use crate::record::{NodeId, PodStage, Record, Recorder};
use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterObservation, ClusterPod, DisruptionBudget as BudgetView, Instance, InstanceState,
    NodeDecision, NodeGroupView, NodeView, ProviderCall, TieBreak, WorkloadView,
};
use flashcrowd_autoscalers::{NodeAutoscaler, PodId, TimePoint};
use flashcrowd_units::{Replicas, SimTime};
use rand::Rng;

impl<P: DataPlane> World<P> {
    pub(super) fn autoscale_nodes(&mut self, recorder: &mut dyn Recorder) {
        if self.now < self.cluster().next_ask {
            // It has been asked earlier than was planned, and has made other plans then.
            return;
        }
        let Some(mut scaler) = self.cluster_mut().scaler.take() else {
            return;
        };
        let decision = self.ask_about_nodes(scaler.as_mut());
        for call in &decision.calls {
            self.call_provider(call, recorder);
        }
        for deletion in &decision.deletions {
            self.begin_drain(deletion, recorder);
        }
        for &node in &decision.cordons {
            self.taint(node, recorder);
        }
        for &node in &decision.uncordons {
            self.untaint(node, recorder);
        }
        let next = scaler.next_wakeup(TimePoint::from(self.now)).as_nanos();
        let cluster = self.cluster_mut();
        cluster.scaler = Some(scaler);
        cluster.next_ask = SimTime::NEVER;
        self.ask_at(SimTime::from_nanos(next.max(0).unsigned_abs()));
    }

    /// Plans to ask the autoscaler, unless it is asked earlier anyway.
    pub(super) fn ask_at(&mut self, at: SimTime) {
        let cluster = self.cluster_mut();
        if at < cluster.next_ask {
            cluster.next_ask = at;
            self.schedule_node(at, NodeEvent::Autoscale);
        }
    }

    /// Tells the autoscaler of something that it may not want to wait for.
    pub(super) fn disturb_scaler(&mut self) {
        let now = TimePoint::from(self.now);
        let scaler = self.cluster_mut().scaler.as_mut();
        if let Some(at) = scaler.and_then(|scaler| scaler.disturbed(now)) {
            let at = SimTime::from_nanos(at.as_nanos().max(0).unsigned_abs());
            self.ask_at(at.max(self.now));
        }
    }

    fn ask_about_nodes(&mut self, scaler: &mut dyn NodeAutoscaler) -> NodeDecision {
        let finished = std::mem::take(&mut self.cluster_mut().finished);
        let tie_break = TieBreak::Draw(self.cluster_mut().expander.next_u64());
        let cluster = self.cluster();
        let spec = self.model.nodes.as_ref().expect("there are nodes");
        let demands = cluster.demands.iter();
        let workloads: Vec<_> = demands
            .map(|demand| WorkloadView {
                workload: &demand.workload,
                desired: Replicas(self.services[demand.service.index()].desired),
                owner_exists: true,
            })
            .collect();
        let groups = spec.groups.iter().zip(&cluster.groups).enumerate();
        let groups: Vec<_> = groups
            .map(|(at, (spec, state))| group(at, spec, state))
            .collect();
        let nodes: Vec<_> = cluster.nodes.iter().filter_map(node).collect();
        let instances = cluster.nodes.iter().map(|(&id, node)| Instance {
            id,
            group: node.group,
            state: match node.stage {
                NodeStage::Provisioning => InstanceState::Creating,
                _ => InstanceState::Running,
            },
        });
        let selected = |budget| selected(budget, &cluster.demands);
        let selected: Vec<Vec<usize>> = spec.budgets.iter().map(selected).collect();
        let budgets = spec.budgets.iter().zip(&selected);
        let budgets: Vec<_> = budgets
            .map(|(budget, workloads)| {
                let (healthy, desired) = self.health(budget);
                let allowed = healthy.saturating_sub(desired);
                BudgetView { workloads, allowed }
            })
            .collect();
        scaler.decide(&ClusterObservation {
            now: TimePoint::from(self.now),
            shapes: &cluster.shapes,
            workloads: &workloads,
            groups: &groups,
            nodes: &nodes,
            pods: &self.cluster_pods(),
            budgets: &budgets,
            instances: &instances.collect::<Vec<_>>(),
            finished: &finished,
            tie_break,
        })
    }

    /// Pods on nodes, and those that found none. Pods that are leaving a node that is being
    /// drained are nobody's concern any more: their successors wait already.
    fn cluster_pods(&self) -> Vec<ClusterPod> {
        let cluster = self.cluster();
        let is_cordoned = |id: NodeId| cluster.nodes.get(&id).is_none_or(Node::is_cordoned);
        let mut pods = Vec::new();
        for pod in self.pods.iter().flatten() {
            let is_waiting = cluster.waiting.contains_key(&pod.id);
            let is_moving = pod.deleting.is_some() && pod.node.is_some_and(is_cordoned);
            let is_placed = pod.node.is_some_and(|id| cluster.nodes.contains_key(&id));
            if pod.stage == PodStage::Deleted || is_moving || !(is_waiting || is_placed) {
                continue;
            }
            pods.push(ClusterPod {
                id: PodId(u64::from(pod.id.0)),
                workload: pod.demand,
                node: pod.node,
                created: TimePoint::from_nanos(pod.created),
            });
        }
        pods.sort_unstable_by_key(|pod| pod.id);
        pods
    }

    fn call_provider(&mut self, call: &ProviderCall, recorder: &mut dyn Recorder) {
        match *call {
            ProviderCall::Increase {
                group,
                by,
                accepted: true,
            } => {
                self.resize(group, i64::from(by), "ScaleUp", recorder);
                self.fill(group, "ScaleUp", recorder);
            }
            ProviderCall::DeleteInstances {
                group,
                ref instances,
            } => {
                for &id in instances {
                    if self.cluster().nodes.contains_key(&id) && self.is_above_min(group) {
                        self.resize(group, -1, "NeverRegistered", recorder);
                        self.remove_node(id, "NeverRegistered", recorder);
                    }
                }
            }
            // Instances are launched at once: there is nothing that could be called off.
            ProviderCall::Increase { .. } | ProviderCall::Decrease { .. } => {}
        }
    }

    /// Whether the provider lets a group shrink: at its minimum it refuses.
    pub(super) fn is_above_min(&self, group: usize) -> bool {
        let spec = &self.model.nodes.as_ref().expect("there are nodes").groups[group];
        self.cluster().groups[group].target > spec.min
    }

    /// Tells a group how many nodes it should have.
    pub(super) fn resize(
        &mut self,
        group: usize,
        change: i64,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let state = &mut self.cluster_mut().groups[group];
        let from = state.target;
        let to = u32::try_from(i64::from(from) + change).unwrap_or(0);
        state.target = to;
        let spec = &self.model.nodes.as_ref().expect("there are nodes").groups[group];
        assert!(
            (spec.min..=spec.max).contains(&to),
            "group {} would have {to} nodes, outside {} to {}; seed {}, time {}",
            spec.name,
            spec.min,
            spec.max,
            self.seed,
            self.now
        );
        let record = Record::NodeGroupScaled {
            group,
            from,
            to,
            reason,
        };
        recorder.record(self.now, &record);
    }
}

fn group<'a>(at: usize, spec: &'a NodeGroup, state: &GroupState) -> NodeGroupView<'a> {
    NodeGroupView {
        id: &spec.name,
        min: spec.min,
        max: spec.max,
        target: state.target,
        shape: at,
        price: spec.node_hour.get(),
        refuses_increase: false,
        cancellable: 0,
    }
}

/// A node, once it has registered.
fn node((&id, node): (&NodeId, &Node)) -> Option<NodeView> {
    Some(NodeView {
        id,
        group: Some(node.group),
        shape: node.group,
        created: TimePoint::from_nanos(node.registered?),
        ready: node.is_ready,
        ready_transition: TimePoint::from_nanos(node.ready_changed),
        deleting: node.is_cordoned(),
        scale_down_disabled: false,
        last_pod_event: node.last_pod_event.map(TimePoint::from_nanos),
    })
}

/// Places of the demands whose pods a budget selects.
fn selected(budget: &DisruptionBudget, demands: &[Demand]) -> Vec<usize> {
    let all = demands.iter().enumerate();
    let places = all.filter(|(_, demand)| budget.services.contains(&demand.service));
    places.map(|(place, _)| place).collect()
}
