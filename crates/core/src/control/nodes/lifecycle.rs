//! The life of a node: an instance boots, registers, becomes ready, goes.

use super::drain::{Drain, DrainCause};
use super::{Node, NodeEvent, NodeStage};
use crate::control::pod::{HISTORY, instant};
use crate::control::{Event, World};
use crate::plane::{DataPlane, ServerId};
use crate::record::{Failure, NodeId, Record, Recorder};
use flashcrowd_autoscalers::cluster_autoscaler::DrainPatience;
use flashcrowd_autoscalers::scheduling::NodeLoad;
use flashcrowd_engine::StreamRng;
use flashcrowd_units::{SimDuration, Variates};
use std::collections::{BTreeMap, BTreeSet};

/// No instance lives to see what lies further ahead \[s\].
const FOR_EVER: f64 = 1e9;

impl<P: DataPlane> World<P> {
    /// Nodes that have been ready for an hour when the run begins.
    pub(super) fn place_first_nodes(&mut self) {
        for group in 0..self.cluster().groups.len() {
            for _ in 0..self.cluster().groups[group].target {
                let (id, mut draws) = self.add_node(group);
                let node = self.node_mut(id);
                node.stage = NodeStage::Ready;
                node.registered = Some(HISTORY);
                node.ready_changed = HISTORY;
                node.is_ready = true;
                self.plan_interruption(id, SimDuration::ZERO, &mut draws);
            }
        }
    }

    pub(in crate::control) fn announce_nodes(&self, recorder: &mut dyn Recorder) {
        let Some(cluster) = &self.cluster else {
            return;
        };
        for (&id, node) in &cluster.nodes {
            let record = Record::Node {
                group: node.group,
                node: id,
                from: None,
                to: node.stage,
                reason: "Running",
            };
            recorder.record(self.now, &record);
        }
    }

    /// An instance and the random numbers that belong to it: its fate depends on how many its
    /// group has had before, and on nothing else.
    fn add_node(&mut self, group: usize) -> (NodeId, StreamRng) {
        let now = self.now;
        let name = &self.model.nodes.as_ref().expect("there are nodes").groups[group].name;
        let cluster = self.cluster.as_mut().expect("there are nodes");
        let state = &mut cluster.groups[group];
        let draws = cluster
            .streams
            .stream(&format!("nodes/{name}/{}", state.launched));
        state.launched += 1;
        state.existing.add(1, now);
        let id = NodeId(cluster.next_node);
        cluster.next_node += 1;
        let node = Node {
            group,
            stage: NodeStage::Provisioning,
            registered: None,
            ready_changed: instant(now),
            is_ready: false,
            pods: BTreeSet::new(),
            load: NodeLoad::default(),
            deferred: BTreeMap::new(),
            last_pod_event: None,
            is_tainted: false,
            drain: None,
            interrupted: false,
        };
        cluster.nodes.insert(id, node);
        (id, draws)
    }

    /// Asks for an instance.
    pub(super) fn launch(
        &mut self,
        group: usize,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let (id, mut draws) = self.add_node(group);
        let record = Record::Node {
            group,
            node: id,
            from: None,
            to: NodeStage::Provisioning,
            reason,
        };
        recorder.record(self.now, &record);
        let spec = &self.model.nodes.as_ref().expect("there are nodes").groups[group];
        let boot = spec.boot.sampler().sample(&mut draws);
        let ready = spec.become_ready.sampler().sample(&mut draws);
        self.schedule_node(self.now + boot, NodeEvent::Registers(id));
        self.schedule_node(self.now + boot + ready, NodeEvent::Ready(id));
        self.plan_interruption(id, boot, &mut draws);
    }

    fn plan_interruption(&mut self, id: NodeId, after: SimDuration, draws: &mut StreamRng) {
        let group = self.cluster().nodes[&id].group;
        let spec = &self.model.nodes.as_ref().expect("there are nodes").groups[group];
        let Some(spot) = spec.spot else { return };
        let seconds = draws.exponential() / spot.interruptions.get();
        if seconds < FOR_EVER {
            let at = self.now + after + SimDuration::from_secs_f64(seconds);
            self.schedule_node(at, NodeEvent::Interrupted(id));
        }
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        let node = self.cluster_mut().nodes.get_mut(&id);
        node.expect("a node that is listed exists")
    }

    fn exists(&self, id: NodeId) -> bool {
        self.cluster().nodes.contains_key(&id)
    }

    pub(super) fn move_node(
        &mut self,
        id: NodeId,
        to: NodeStage,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let node = self.node_mut(id);
        let from = Some(std::mem::replace(&mut node.stage, to));
        let group = node.group;
        let record = Record::Node {
            group,
            node: id,
            from,
            to,
            reason,
        };
        recorder.record(self.now, &record);
    }

    pub(super) fn node_registers(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        if self.exists(id) {
            let now = instant(self.now);
            let node = self.node_mut(id);
            node.registered = Some(now);
            node.ready_changed = now;
            self.move_node(id, NodeStage::NotReady, "Registered", recorder);
        }
    }

    pub(super) fn node_ready(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        if !self.exists(id) {
            return;
        }
        let now = instant(self.now);
        let node = self.node_mut(id);
        node.is_ready = true;
        node.ready_changed = now;
        if !node.is_cordoned() {
            self.move_node(id, NodeStage::Ready, "KubeletReady", recorder);
            self.retry_waiting();
        }
    }

    /// The provider gives notice; the node termination handler cordons the node and drains it.
    pub(super) fn interrupt(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        if !self.exists(id) {
            return;
        }
        let now = self.now;
        let group = self.cluster().nodes[&id].group;
        let spec = &self.model.nodes.as_ref().expect("there are nodes").groups[group];
        let notice = spec.spot.map_or(SimDuration::ZERO, |spot| spot.notice);
        // Karpenter deletes the node; elsewhere it stays until it is taken back.
        let cause = if spec.is_offering {
            DrainCause::Autoscaler
        } else {
            DrainCause::Interruption
        };
        let node = self.node_mut(id);
        node.interrupted = true;
        node.drain.get_or_insert(Drain {
            cause,
            since: now,
            reason: "SpotInterruption",
            patience: DrainPatience::Endless,
        });
        self.move_node(id, NodeStage::Draining, "SpotInterruption", recorder);
        self.schedule_node(now, NodeEvent::Evict(id));
        self.schedule_node(now + notice, NodeEvent::Reclaimed(id));
        self.disturb_scaler();
    }

    /// The provider takes an instance back: what runs there is lost. Its group replaces it, if it
    /// is one that keeps a number.
    pub(super) fn reclaim(&mut self, id: NodeId, recorder: &mut dyn Recorder) {
        if !self.exists(id) {
            return;
        }
        let group = self.cluster().nodes[&id].group;
        let is_offering =
            self.model.nodes.as_ref().expect("there are nodes").groups[group].is_offering;
        if is_offering {
            self.resize(group, -1, "SpotReclaimed", recorder);
        }
        self.remove_node(id, "SpotReclaimed", recorder);
        self.fill(group, "Replacement", recorder);
    }

    /// Asks for instances until a group has as many as it should.
    pub(super) fn fill(&mut self, group: usize, reason: &'static str, recorder: &mut dyn Recorder) {
        let cluster = self.cluster();
        let nodes = cluster.nodes.values();
        let have = nodes.filter(|node| node.group == group).count() as u32;
        for _ in have..cluster.groups[group].target {
            self.launch(group, reason, recorder);
        }
    }

    /// An instance is gone, and with it what still ran there.
    pub(super) fn remove_node(
        &mut self,
        id: NodeId,
        reason: &'static str,
        recorder: &mut dyn Recorder,
    ) {
        let left: Vec<ServerId> = self.cluster().nodes[&id].pods.iter().copied().collect();
        self.move_node(id, NodeStage::Deleted, reason, recorder);
        let now = self.now;
        let cluster = self.cluster_mut();
        let node = cluster.nodes.remove(&id).expect("it exists");
        cluster.groups[node.group].existing.add(-1, now);
        if node
            .drain
            .is_some_and(|drain| drain.cause == DrainCause::Autoscaler)
        {
            cluster.finished.push(id);
        }
        for server in left {
            self.lose_pod(server, recorder);
        }
    }

    /// A pod goes with its node: without SIGTERM, and with all that was in flight.
    fn lose_pod(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let (id, service) = (self.pod(server).id, self.pod(server).service);
        if self.pod(server).deleting.is_none() {
            self.terminate(server, "NodeLost", recorder);
        }
        let is_running = self.pods[server.0 as usize]
            .as_ref()
            .is_some_and(|pod| pod.id == id && pod.container.running_since.is_some());
        if is_running {
            self.exit(server, Failure::NodeLost, "NodeLost", recorder);
        }
        self.schedule(self.now, Event::Reconcile(service));
    }
}
