//! Room on nodes for pods that are resized in place.

use super::NodeEvent;
use crate::control::World;
use crate::plane::{DataPlane, ServerId};
use crate::record::{NodeId, PodId};
use flashcrowd_autoscalers::scheduling::{NodeCandidate, NodeLoad, PodShape, fit};
use flashcrowd_autoscalers::vpa::ResizeState;

impl<P: DataPlane> World<P> {
    /// Why the node of a pod has no room for another demand of it; `None` if it has.
    pub(in crate::control) fn no_room_for(
        &self,
        server: ServerId,
        demand: usize,
    ) -> Option<ResizeState> {
        let cluster = self.cluster.as_ref()?;
        let pod = self.pod(server);
        let node = cluster.nodes.get(&pod.node?)?;
        let shape = |demand: usize| &cluster.demands[demand].workload.pod;
        let takes = |load: NodeLoad| {
            let candidate = NodeCandidate {
                shape: &cluster.shapes[node.group],
                load,
                same_workload: 0,
            };
            fit(shape(demand), &candidate).is_ok()
        };
        let mut others = node.load;
        others.remove(shape(pod.demand));
        if !takes(NodeLoad::default()) {
            Some(ResizeState::Infeasible)
        } else if takes(others) {
            None
        } else {
            Some(ResizeState::Deferred)
        }
    }

    /// Has the scheduler keep room for what a pod will ask for, or no longer.
    pub(in crate::control) fn reserve(&mut self, server: ServerId, demand: Option<usize>) {
        let node = self.pod(server).node;
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        let Some(node) = node.and_then(|id| cluster.nodes.get_mut(&id)) else {
            return;
        };
        match demand {
            Some(demand) => drop(node.deferred.insert(server, demand)),
            None => drop(node.deferred.remove(&server)),
        }
    }

    /// A pod asks for something else of its node from now on.
    pub(in crate::control) fn change_demand(&mut self, server: ServerId, demand: usize) {
        let pod = self.pod_mut(server);
        let before = std::mem::replace(&mut pod.demand, demand);
        let Some(id) = pod.node.filter(|_| self.cluster.is_some()) else {
            return;
        };
        let (seed, now) = (self.seed, self.now);
        let cluster = self.cluster_mut();
        let Some(node) = cluster.nodes.get_mut(&id) else {
            return;
        };
        node.deferred.remove(&server);
        node.load.remove(&cluster.demands[before].workload.pod);
        node.load.add(&cluster.demands[demand].workload.pod);
        let (load, allocatable) = (node.load, &cluster.shapes[node.group].allocatable);
        assert!(
            load.cpu <= allocatable.cpu.get() && load.memory <= allocatable.memory.get(),
            "node {} holds more than {allocatable:?}: {load:?}; seed {seed}, time {now}",
            id.0
        );
        self.retry_deferred(id);
        self.retry_waiting();
    }

    /// Room has become free on a node: resizes that wait for it come before pods that wait.
    pub(super) fn retry_deferred(&mut self, id: NodeId) {
        let Some(node) = self.cluster().nodes.get(&id) else {
            return;
        };
        let waiting: Vec<(ServerId, PodId)> = (node.deferred.keys())
            .map(|&server| (server, self.pod(server).id))
            .collect();
        for (server, pod) in waiting {
            self.schedule_node(self.now, NodeEvent::Resize(server, pod));
        }
    }

    /// What the scheduler counts as taken on a node: of a pod whose resize is deferred the larger one
    /// of what it has and what it will have.
    pub(super) fn claimed(&self, id: NodeId) -> NodeLoad {
        let cluster = self.cluster();
        let node = &cluster.nodes[&id];
        let mut load = node.load;
        for (&server, &demand) in &node.deferred {
            let shape = |demand: usize| -> &PodShape { &cluster.demands[demand].workload.pod };
            let (has, wants) = (shape(self.pod(server).demand), shape(demand));
            load.cpu += wants.cpu.get().saturating_sub(has.cpu.get());
            load.memory += wants.memory.get().saturating_sub(has.memory.get());
        }
        load
    }
}
