//! Nodes: where pods go, and who changes how many nodes there are.
//!
//! | File | What |
//! |---|---|
//! | `scheduler` | binds pods to nodes, and tries again when something has changed |
//! | `lifecycle` | instances boot, register, become ready, are taken back |
//! | `resize` | whether there is room for a pod that is resized in place |
//! | `drain` | evictions within PodDisruptionBudgets |
//! | `autoscaler` | what the autoscaler of nodes sees, and what becomes of what it says |
//! | `usage` | what is reported about an interval |
//!
//! In a model without node groups nothing of this exists, and every pod has room.

mod autoscaler;
mod desired;
mod drain;
mod lifecycle;
mod resize;
mod scheduler;
mod usage;

use super::World;
use super::intervals::Level;
use super::pod::{HISTORY, Instant, PodSize};
use crate::model::{NodeGroup, NodeScaling, Service, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{NodeId, NodeStage, PodId, Recorder};
use drain::Drain;
use flashcrowd_autoscalers::cluster_autoscaler::{ClusterAutoscaler, OwnerKind, Workload};
use flashcrowd_autoscalers::karpenter::Karpenter;
use flashcrowd_autoscalers::scheduling::{NodeLoad, NodeShape};
use flashcrowd_autoscalers::{NodeAutoscaler, TimePoint};
use flashcrowd_engine::{RngStreams, StreamRng};
use flashcrowd_units::SimTime;
use rand::RngExt;
use scheduler::Waiting;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What can happen to nodes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum NodeEvent {
    /// A pod that found no node is tried again.
    Schedule(ServerId, PodId),
    /// A pod whose resize waits for room is tried again.
    Resize(ServerId, PodId),
    /// The kubelet of a new instance registers.
    Registers(NodeId),
    /// A node becomes ready.
    Ready(NodeId),
    /// Pods are evicted from a node that is being drained.
    Evict(NodeId),
    /// Nothing is left on a node that is being drained.
    Drained(NodeId),
    /// The provider says that it will take an instance back.
    Interrupted(NodeId),
    /// The provider takes it back.
    Reclaimed(NodeId),
    /// The time for draining it is over.
    Overdue(NodeId),
    /// The autoscaler of nodes is asked.
    Autoscale,
}

impl NodeEvent {
    /// Breaks ties: nodes with pods, controllers after.
    pub(super) fn class(self) -> u8 {
        match self {
            Self::Autoscale => 2,
            _ => 0,
        }
    }
}

/// The nodes and what is known about them.
pub(super) struct Cluster {
    /// By group.
    groups: Vec<GroupState>,
    /// What nodes of each group look like.
    shapes: Vec<NodeShape>,
    /// What pods ask for: that of the template of each service, then what its VPA has made of it.
    demands: Vec<Demand>,
    nodes: BTreeMap<NodeId, Node>,
    next_node: u64,
    /// Pods that found no node.
    waiting: BTreeMap<PodId, Waiting>,
    scaler: Option<Box<dyn NodeAutoscaler>>,
    /// When it is asked next; other times that were planned are not kept.
    next_ask: SimTime,
    /// Deletions that have ended since the autoscaler was last asked.
    finished: Vec<NodeId>,
    streams: RngStreams,
    /// Which of equally good nodes a pod goes to.
    ties: StreamRng,
    /// Which of equally good groups grows.
    expander: StreamRng,
}

/// What the scheduler and the autoscaler of nodes know about pods that are alike.
struct Demand {
    service: ServiceId,
    workload: Workload,
}

/// A node group.
struct GroupState {
    target: u32,
    /// Instances that were ever asked for.
    launched: u64,
    /// Instances that exist and are paid for.
    existing: Level,
}

/// An instance, and the node that it becomes.
struct Node {
    group: usize,
    stage: NodeStage,
    /// When it registered.
    registered: Option<Instant>,
    /// Last transition of its Ready condition.
    ready_changed: Instant,
    /// Ready condition, which a cordoned node keeps.
    is_ready: bool,
    /// Pods that are bound to it, terminating ones included.
    pods: BTreeSet<ServerId>,
    load: NodeLoad,
    /// Pods whose resize waits for room, and what they will ask for.
    deferred: BTreeMap<ServerId, usize>,
    /// When a pod last came or went.
    last_pod_event: Option<Instant>,
    /// It takes no pods, and will be drained when its replacement is ready.
    is_tainted: bool,
    drain: Option<Drain>,
    /// The provider has said that it will take it back.
    interrupted: bool,
}

impl Node {
    fn is_cordoned(&self) -> bool {
        self.drain.is_some() || self.interrupted || self.is_tainted
    }

    /// Whether the scheduler may put pods on it.
    fn is_open(&self) -> bool {
        self.is_ready && !self.is_cordoned()
    }
}

/// What the pods of a service ask for as long as nobody resizes them.
fn demand((service, of): (ServiceId, &Service)) -> Demand {
    let placement = &of.pod.placement;
    let workload = Workload {
        namespace: placement.namespace.clone(),
        owner: match of.scaled_job {
            Some(_) => OwnerKind::Job,
            None => OwnerKind::ReplicaSet,
        },
        pod: of.pod.shape(),
        priority: placement.priority,
        safe_to_evict: placement.safe_to_evict,
        do_not_disrupt: placement.do_not_disrupt,
        local_storage: placement.local_storage,
        scale_up_delay: None,
    };
    Demand { service, workload }
}

impl<P: DataPlane> World<P> {
    /// The nodes as they are when the run begins.
    pub(super) fn start_cluster(&mut self, streams: RngStreams) {
        let Some(nodes) = &self.model.nodes else {
            return;
        };
        let group = |group: &NodeGroup| GroupState {
            target: group.initial,
            launched: 0,
            existing: Level::default(),
        };
        let started = TimePoint::from_nanos(HISTORY);
        let scaler = nodes.autoscaler.as_ref().map(|scaling| match scaling {
            NodeScaling::ClusterAutoscaler(flags) => {
                let scaler = ClusterAutoscaler::new((**flags).clone(), started);
                Box::new(scaler) as Box<dyn NodeAutoscaler>
            }
            NodeScaling::Karpenter(spec) => {
                let pools = spec.pools.clone();
                let karpenter = Karpenter::new(spec.settings, pools, TimePoint::ZERO);
                Box::new(karpenter) as Box<dyn NodeAutoscaler>
            }
        });
        let phase = scaler.as_ref().map(|scaler| {
            // Where in its period a controller is when the run begins, nobody knows.
            let period = scaler.scan_interval().as_nanos();
            streams.stream("autoscaler/nodes").random_range(0..period)
        });
        self.cluster = Some(Box::new(Cluster {
            groups: nodes.groups.iter().map(group).collect(),
            shapes: nodes.groups.iter().map(|it| it.shape.clone()).collect(),
            demands: (0..)
                .map(ServiceId)
                .zip(&self.model.services)
                .map(demand)
                .collect(),
            nodes: BTreeMap::new(),
            next_node: 0,
            waiting: BTreeMap::new(),
            scaler,
            next_ask: SimTime::NEVER,
            finished: Vec::new(),
            streams,
            ties: streams.stream("scheduler"),
            expander: streams.stream("expander"),
        }));
        self.place_first_nodes();
        if let Some(phase) = phase {
            self.ask_at(SimTime::from_nanos(phase));
        }
    }

    /// Which of the demands a new pod has. One that its VPA, or somebody who changed its template,
    /// has given other requests than any pod before adds to the list; nothing is ever taken off it, because pods and the autoscaler
    /// refer to places.
    pub(super) fn demand_of(
        &mut self,
        service: ServiceId,
        revision: u32,
        size: Option<PodSize>,
    ) -> usize {
        let template = service.index();
        let Some(cluster) = &mut self.cluster else {
            return template;
        };
        let revisions = &self.services[template].revisions;
        let pod = revisions.template(revision);
        let shape = match size {
            Some(size) => pod.shape_with(size.cpu_request, size.memory_request),
            None if revisions.is_first(revision) => return template,
            None => pod.shape(),
        };
        let same = |it: &Demand| it.service == service && it.workload.pod == shape;
        cluster.demands.iter().position(same).unwrap_or_else(|| {
            let mut workload = cluster.demands[template].workload.clone();
            workload.pod = shape;
            cluster.demands.push(Demand { service, workload });
            cluster.demands.len() - 1
        })
    }

    pub(super) fn node_event(&mut self, event: NodeEvent, recorder: &mut dyn Recorder) {
        match event {
            NodeEvent::Schedule(server, pod) => self.schedule_again(server, pod, recorder),
            NodeEvent::Resize(server, pod) => self.resize_again(server, pod, recorder),
            NodeEvent::Registers(node) => self.node_registers(node, recorder),
            NodeEvent::Ready(node) => self.node_ready(node, recorder),
            NodeEvent::Evict(node) => self.evict_from(node, recorder),
            NodeEvent::Drained(node) => self.node_drained(node, recorder),
            NodeEvent::Interrupted(node) => self.interrupt(node, recorder),
            NodeEvent::Reclaimed(node) => self.reclaim(node, recorder),
            NodeEvent::Overdue(node) => self.force(node, recorder),
            NodeEvent::Autoscale => self.autoscale_nodes(recorder),
        }
    }

    fn schedule_node(&mut self, at: SimTime, event: NodeEvent) {
        self.schedule(at, super::Event::Node(event));
    }

    fn cluster(&self) -> &Cluster {
        self.cluster
            .as_ref()
            .expect("nodes have events only where there are nodes")
    }

    fn cluster_mut(&mut self) -> &mut Cluster {
        self.cluster
            .as_mut()
            .expect("nodes have events only where there are nodes")
    }
}
