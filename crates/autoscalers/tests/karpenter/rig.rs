//! A cluster of few words that does what Karpenter says, second by second.

use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterObservation, ClusterPod, DisruptionBudget, Instance, InstanceState, NodeDecision,
    NodeGroupView, NodeId, NodeView, OwnerKind, ProviderCall, TieBreak, Workload, WorkloadView,
};
use flashcrowd_autoscalers::karpenter::{
    CapacityType, DisruptionStep, Karpenter, KarpenterSettings, NodePool, Offering, PoolLimits,
};
use flashcrowd_autoscalers::scheduling::{NodeResources, NodeShape, PodShape};
use flashcrowd_autoscalers::{NodeAutoscaler, PodId, TimePoint};
use flashcrowd_units::{Bytes, Millicores, Replicas};
use std::collections::BTreeMap;

/// From the request for an instance until its node is ready \[s\].
pub(crate) const BOOT: i64 = 40;

pub(crate) fn at(seconds: i64) -> TimePoint {
    TimePoint::from_secs(seconds)
}

/// An instance type: name, millicores, MiB, USD an hour. All of it can be requested.
pub(crate) type Kind = (&'static str, u64, u64, f64);

/// Sizes and list prices of AWS.
pub(crate) const LARGE: Kind = ("c5.large", 2_000, 4_096, 0.085);
pub(crate) const XLARGE: Kind = ("c5.xlarge", 4_000, 8_192, 0.17);
pub(crate) const XLARGE4: Kind = ("c5.4xlarge", 16_000, 32_768, 0.68);

pub(crate) fn pool(name: &str) -> NodePool {
    NodePool {
        name: name.to_owned(),
        weight: 0,
        limits: PoolLimits::default(),
        offerings: Vec::new(),
        disruption: flashcrowd_autoscalers::karpenter::Disruption::default(),
        expire_after: None,
        termination_grace_period: None,
    }
}

pub(crate) fn workload(cpu: u64) -> Workload {
    Workload {
        namespace: "default".to_owned(),
        owner: OwnerKind::ReplicaSet,
        pod: PodShape {
            cpu: Millicores::new(cpu),
            ..PodShape::default()
        },
        priority: None,
        safe_to_evict: None,
        do_not_disrupt: false,
        local_storage: false,
        scale_up_delay: None,
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) price: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) group: usize,
    pub(crate) asked: i64,
    pub(crate) ready: bool,
    pub(crate) tainted: bool,
    pub(crate) draining: Option<&'static str>,
    pub(crate) held: bool,
    pod_event: i64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pod {
    pub(crate) id: u64,
    pub(crate) workload: usize,
    pub(crate) node: Option<NodeId>,
}

/// What happened, with its second.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Launched(NodeId, String),
    Ready(NodeId),
    Tainted(NodeId),
    Untainted(NodeId),
    Draining(NodeId, &'static str),
    Evicted(NodeId),
    Deleted(NodeId),
}

pub(crate) struct Rig {
    pub(crate) karpenter: Karpenter,
    pub(crate) shapes: Vec<NodeShape>,
    pub(crate) groups: Vec<Group>,
    pub(crate) workloads: Vec<Workload>,
    /// Least pods of a workload that have to have a node.
    pub(crate) floors: Vec<(usize, u32)>,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) now: i64,
    pub(crate) events: Vec<(i64, Event)>,
    pub(crate) decisions: Vec<(i64, NodeDecision)>,
    next: u64,
    next_ask: TimePoint,
    /// What is checked after every decision.
    pub(crate) law: fn(&Rig, &NodeDecision),
}

impl Rig {
    pub(crate) fn new(
        settings: KarpenterSettings,
        pools: Vec<(NodePool, Vec<(Kind, CapacityType)>)>,
        workloads: Vec<Workload>,
    ) -> Self {
        let (mut shapes, mut groups, mut specs) = (Vec::new(), Vec::new(), Vec::new());
        for (mut spec, kinds) in pools {
            for ((name, cpu, memory, price), capacity_type) in kinds {
                let resources = NodeResources {
                    cpu: Millicores::new(cpu),
                    memory: Bytes::from_mebibytes(memory),
                    pods: 110,
                };
                spec.offerings.push(Offering {
                    instance_type: name.to_owned(),
                    capacity_type,
                    group: groups.len(),
                });
                shapes.push(NodeShape {
                    capacity: resources,
                    allocatable: resources,
                    ..NodeShape::default()
                });
                groups.push(Group {
                    name: format!("{name}/{}", capacity_type.name()),
                    price,
                });
            }
            specs.push(spec);
        }
        Self {
            karpenter: Karpenter::new(settings, specs, TimePoint::ZERO),
            shapes,
            groups,
            workloads,
            floors: Vec::new(),
            nodes: BTreeMap::new(),
            pods: Vec::new(),
            now: 0,
            events: Vec::new(),
            decisions: Vec::new(),
            next: 1,
            next_ask: TimePoint::ZERO,
            law: |_, _| {},
        }
    }

    /// One pool that launches on demand.
    pub(crate) fn on_demand(kinds: &[Kind], workloads: Vec<Workload>) -> Self {
        Self::of(pool("default"), kinds, CapacityType::OnDemand, workloads)
    }

    pub(crate) fn of(
        pool: NodePool,
        kinds: &[Kind],
        capacity: CapacityType,
        workloads: Vec<Workload>,
    ) -> Self {
        let kinds = kinds.iter().map(|&kind| (kind, capacity)).collect();
        Self::new(KarpenterSettings::default(), vec![(pool, kinds)], workloads)
    }

    /// A node that has been ready for long.
    pub(crate) fn node(&mut self, group: usize) -> NodeId {
        let id = NodeId(self.next);
        self.next += 1;
        let node = Node {
            group,
            asked: -3600,
            ready: true,
            tainted: false,
            draining: None,
            held: false,
            pod_event: -3600,
        };
        self.nodes.insert(id, node);
        id
    }

    /// A pod that has been on a node for long.
    pub(crate) fn pod_on(&mut self, workload: usize, node: NodeId) {
        self.add_pod(workload, Some(node));
    }

    /// Pods that find no node now.
    pub(crate) fn pods(&mut self, workload: usize, count: usize) {
        for _ in 0..count {
            self.add_pod(workload, None);
        }
        self.disturb();
    }

    fn disturb(&mut self) {
        if let Some(ask) = self.karpenter.disturbed(at(self.now)) {
            self.next_ask = self.next_ask.min(ask);
        }
    }

    fn add_pod(&mut self, workload: usize, node: Option<NodeId>) {
        let id = self.next;
        self.next += 1;
        self.pods.push(Pod { id, workload, node });
    }

    /// Removes the last pods of a workload that have a node.
    pub(crate) fn remove_pods(&mut self, workload: usize, count: usize) {
        for _ in 0..count {
            let is_one = |pod: &Pod| pod.workload == workload;
            let Some(place) = self.pods.iter().rposition(is_one) else {
                return;
            };
            if let Some(node) = self
                .pods
                .remove(place)
                .node
                .and_then(|id| self.nodes.get_mut(&id))
            {
                node.pod_event = self.now;
            }
        }
    }

    pub(crate) fn run_to(&mut self, end: i64) {
        while self.now < end {
            self.now += 1;
            self.nodes_become_ready();
            self.drain();
            self.bind();
            if self.next_ask <= at(self.now) {
                self.ask();
            }
        }
    }

    fn nodes_become_ready(&mut self) {
        for (&id, node) in &mut self.nodes {
            if !node.ready && node.asked + BOOT <= self.now {
                node.ready = true;
                self.events.push((self.now, Event::Ready(id)));
            }
        }
    }

    pub(crate) fn placed(&self, workload: usize) -> u32 {
        let is_one = |pod: &&Pod| pod.workload == workload && pod.node.is_some();
        self.pods.iter().filter(is_one).count() as u32
    }

    /// Evicts within the floors; the pods are created anew at once and wait.
    fn drain(&mut self) {
        let draining = self
            .nodes
            .iter()
            .filter(|(_, node)| node.draining.is_some());
        for id in draining.map(|(&id, _)| id).collect::<Vec<_>>() {
            for index in 0..self.pods.len() {
                let pod = self.pods[index];
                let floors = self.floors.iter().filter(|it| it.0 == pod.workload);
                let floor = floors.map(|it| it.1).max().unwrap_or(0);
                let is_held = self.workloads[pod.workload].do_not_disrupt;
                if pod.node == Some(id) && !is_held && self.placed(pod.workload) > floor {
                    self.pods[index].node = None;
                    self.pods[index].id = self.next;
                    self.next += 1;
                    self.events.push((self.now, Event::Evicted(id)));
                    self.disturb();
                }
            }
            if self.pods.iter().all(|pod| pod.node != Some(id)) {
                self.nodes.remove(&id);
                self.events.push((self.now, Event::Deleted(id)));
            }
        }
        self.pods.sort_by_key(|pod| pod.id);
    }

    /// Room that is left on a node \[millicores, bytes\].
    pub(crate) fn room(&self, id: NodeId) -> (i64, i64) {
        let all = &self.shapes[self.nodes[&id].group].allocatable;
        let here = self.pods.iter().filter(|pod| pod.node == Some(id));
        let mut room = (all.cpu.get() as i64, all.memory.get() as i64);
        for pod in here {
            let shape = &self.workloads[pod.workload].pod;
            room.0 -= shape.cpu.get() as i64;
            room.1 -= shape.memory.get() as i64;
        }
        room
    }

    fn bind(&mut self) {
        for index in 0..self.pods.len() {
            if self.pods[index].node.is_some() {
                continue;
            }
            let shape = self.workloads[self.pods[index].workload].pod.clone();
            let takes = |(id, node): &(&NodeId, &Node)| {
                let room = self.room(**id);
                node.ready
                    && !node.tainted
                    && node.draining.is_none()
                    && shape.cpu.get() as i64 <= room.0
                    && shape.memory.get() as i64 <= room.1
            };
            if let Some(id) = self.nodes.iter().find(takes).map(|(&id, _)| id) {
                self.pods[index].node = Some(id);
                self.nodes.get_mut(&id).expect("it is there").pod_event = self.now;
            }
        }
    }

    fn ask(&mut self) {
        let decision = self.decide();
        (self.law)(self, &decision);
        for call in &decision.calls {
            let ProviderCall::Increase { group, by, .. } = *call else {
                panic!("Karpenter asks for single nodes: {call:?}");
            };
            assert_eq!(by, 1);
            let id = self.node(group);
            let node = self.nodes.get_mut(&id).expect("it is there");
            (node.asked, node.ready) = (self.now, false);
            (node.pod_event, node.tainted) = (self.now, false);
            let name = self.groups[group].name.clone();
            self.events.push((self.now, Event::Launched(id, name)));
        }
        for deletion in &decision.deletions {
            let node = self.nodes.get_mut(&deletion.node).expect("it is there");
            node.draining = Some(deletion.reason);
            let event = Event::Draining(deletion.node, deletion.reason);
            self.events.push((self.now, event));
        }
        for &id in &decision.cordons {
            self.nodes.get_mut(&id).expect("it is there").tainted = true;
            self.events.push((self.now, Event::Tainted(id)));
        }
        for id in &decision.uncordons {
            self.nodes.get_mut(id).expect("it is there").tainted = false;
            self.events.push((self.now, Event::Untainted(*id)));
        }
        self.next_ask = self.karpenter.next_wakeup(at(self.now));
        self.decisions.push((self.now, decision));
    }

    fn decide(&mut self) -> NodeDecision {
        let workloads: Vec<_> = self
            .workloads
            .iter()
            .map(|workload| WorkloadView {
                workload,
                desired: Replicas(1),
                owner_exists: true,
            })
            .collect();
        let groups = self.groups.iter().enumerate();
        let groups: Vec<_> = groups
            .map(|(index, group)| NodeGroupView {
                id: &group.name,
                min: 0,
                max: 1000,
                target: self
                    .nodes
                    .values()
                    .filter(|node| node.group == index)
                    .count() as u32,
                shape: index,
                price: group.price,
                refuses_increase: false,
                cancellable: 0,
            })
            .collect();
        let ready = self.nodes.iter().filter(|(_, node)| node.ready);
        let nodes: Vec<_> = ready
            .map(|(&id, node)| NodeView {
                id,
                group: Some(node.group),
                shape: node.group,
                created: at(node.asked),
                ready: true,
                ready_transition: at(node.asked + BOOT),
                deleting: node.tainted || node.draining.is_some(),
                scale_down_disabled: node.held,
                last_pod_event: Some(at(node.pod_event)),
            })
            .collect();
        let instances: Vec<_> = self
            .nodes
            .iter()
            .map(|(&id, node)| Instance {
                id,
                group: node.group,
                state: InstanceState::Running,
            })
            .collect();
        let pods: Vec<_> = self
            .pods
            .iter()
            .map(|pod| ClusterPod {
                id: PodId(pod.id),
                workload: pod.workload,
                node: pod.node,
                created: TimePoint::ZERO,
            })
            .collect();
        let floors: Vec<_> = self.floors.iter().map(|it| ([it.0], it.1)).collect();
        let budgets: Vec<_> = floors
            .iter()
            .map(|(workloads, floor)| DisruptionBudget {
                workloads,
                allowed: self.placed(workloads[0]).saturating_sub(*floor),
            })
            .collect();
        self.karpenter.decide(&ClusterObservation {
            now: at(self.now),
            shapes: &self.shapes,
            workloads: &workloads,
            groups: &groups,
            nodes: &nodes,
            pods: &pods,
            budgets: &budgets,
            instances: &instances,
            finished: &[],
            tie_break: TieBreak::Draw(0),
        })
    }

    /// The types that were launched.
    pub(crate) fn launched(&self) -> Vec<&str> {
        let events = self.events.iter();
        let launched = events.filter_map(|(_, event)| match event {
            Event::Launched(_, name) => name.split('/').next(),
            _ => None,
        });
        launched.collect()
    }

    /// When something happened.
    pub(crate) fn when(&self, wanted: impl Fn(&Event) -> bool) -> Vec<i64> {
        let events = self.events.iter().filter(|(_, event)| wanted(event));
        events.map(|(at, _)| *at).collect()
    }

    /// Disruptions that were begun.
    pub(crate) fn begun(&self) -> Vec<(i64, DisruptionStep)> {
        let steps = self.decisions.iter().filter_map(|(at, decision)| {
            let steps = decision.karpenter.as_ref()?;
            Some((*at, steps.begun.clone()?))
        });
        steps.collect()
    }

    /// Why a node was not disrupted, at the last look.
    pub(crate) fn why_not(
        &self,
        node: NodeId,
    ) -> Option<flashcrowd_autoscalers::karpenter::NotDisrupted> {
        let steps = self.decisions.iter().rev();
        let mut steps = steps.filter_map(|(_, it)| it.karpenter.as_ref());
        steps.find_map(|it| it.not_disrupted.get(&node).copied())
    }

    /// The bill \[USD/h\].
    pub(crate) fn price(&self) -> f64 {
        self.nodes
            .values()
            .map(|node| self.groups[node.group].price)
            .sum()
    }
}
