//! The scheduler: filters, scores, and the queue of pods that found no node.
//!
//! A pod that found no node is tried again when a node becomes ready, or a pod leaves one, but not
//! before its back-off is over: 1 s after the first attempt, doubling up to 10 s. Nobody is
//! preempted.
//!
//! Source: kubernetes `pkg/scheduler` (`schedule_one.go`, `backend/queue/scheduling_queue.go`).

use super::{NodeEvent, NodeStage};
use crate::control::World;
use crate::control::pod::{HISTORY, Pod, instant};
use crate::model::ServiceId;
use crate::plane::{DataPlane, ServerId};
use crate::record::{NodeId, PodId, PodStage, Record, Recorder};
use flashcrowd_autoscalers::scheduling::{NodeCandidate, fit, scores};
use flashcrowd_units::{SimDuration, SimTime};
use rand::RngExt;
use std::collections::BTreeMap;

const BACK_OFF: SimDuration = SimDuration::from_secs(1);
const BACK_OFF_MAX: SimDuration = SimDuration::from_secs(10);

/// A pod that found no node.
pub(super) struct Waiting {
    pub(super) server: ServerId,
    attempts: u32,
    last: SimTime,
    /// Whether another attempt is due.
    is_queued: bool,
}

impl<P: DataPlane> World<P> {
    /// Binds a pod that is there when the run begins. One that finds no node starts as Pending.
    pub(in crate::control) fn bind_first(&mut self, server: ServerId) -> bool {
        if self.cluster.is_none() {
            return true;
        }
        let service = self.pod(server).service;
        if let Ok(node) = self.choose_node(server) {
            self.enter_node(server, node);
            self.node_mut(node).last_pod_event = Some(HISTORY);
            return true;
        }
        self.watch_readiness(service);
        // The first attempt of the run tells the recorder.
        let id = self.pod(server).id;
        self.schedule_node(self.now, NodeEvent::Schedule(server, id));
        false
    }

    /// Binds a pod to the best node. Returns whether there is one, or none is needed.
    pub(in crate::control) fn find_node(
        &mut self,
        server: ServerId,
        recorder: &mut dyn Recorder,
    ) -> bool {
        if self.cluster.is_none() {
            return true;
        }
        let (service, id, now) = (self.pod(server).service, self.pod(server).id, self.now);
        let problem = match self.choose_node(server) {
            Ok(node) => {
                self.cluster_mut().waiting.remove(&id);
                self.enter_node(server, node);
                let pod = id;
                recorder.record(now, &Record::Bound { service, pod, node });
                return true;
            }
            Err(problem) => problem,
        };
        let cluster = self.cluster_mut();
        let waiting = cluster.waiting.entry(id).or_insert(Waiting {
            server,
            attempts: 0,
            last: now,
            is_queued: false,
        });
        waiting.attempts += 1;
        waiting.last = now;
        waiting.is_queued = false;
        if waiting.attempts == 1 {
            let record = Record::Unschedulable {
                service,
                pod: id,
                reason: &problem,
            };
            recorder.record(now, &record);
            self.disturb_scaler();
        }
        false
    }

    pub(super) fn schedule_again(
        &mut self,
        server: ServerId,
        id: PodId,
        recorder: &mut dyn Recorder,
    ) {
        let pod = self.pods[server.0 as usize].as_ref();
        if pod.is_some_and(|pod| pod.id == id && pod.stage == PodStage::Pending) {
            self.scheduled(server, recorder);
        }
    }

    /// Something has changed that may help pods without a node.
    pub(super) fn retry_waiting(&mut self) {
        let now = self.now;
        let mut due = Vec::new();
        for (&id, waiting) in &mut self.cluster_mut().waiting {
            if !std::mem::replace(&mut waiting.is_queued, true) {
                let doublings = waiting.attempts.saturating_sub(1).min(4);
                let back_off = (BACK_OFF * (1 << doublings)).min(BACK_OFF_MAX);
                due.push((now.max(waiting.last + back_off), waiting.server, id));
            }
        }
        for (at, server, id) in due {
            self.schedule_node(at, NodeEvent::Schedule(server, id));
        }
    }

    fn enter_node(&mut self, server: ServerId, id: NodeId) {
        let demand = self.pod(server).demand;
        let (seed, now) = (self.seed, self.now);
        self.pod_mut(server).node = Some(id);
        let cluster = self.cluster_mut();
        let node = cluster.nodes.get_mut(&id).expect("a chosen node exists");
        node.pods.insert(server);
        node.last_pod_event = Some(instant(now));
        node.load.add(&cluster.demands[demand].workload.pod);
        let allocatable = &cluster.shapes[node.group].allocatable;
        let load = node.load;
        assert!(
            load.cpu <= allocatable.cpu.get()
                && load.memory <= allocatable.memory.get()
                && load.pods <= allocatable.pods,
            "node {} holds more than {allocatable:?}: {load:?}; seed {seed}, time {now}",
            id.0
        );
    }

    /// A pod is gone, and with it what it held.
    pub(in crate::control) fn leave_node(&mut self, pod: &Pod) {
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        cluster.waiting.remove(&pod.id);
        let Some(id) = pod.node else { return };
        // The node may have gone before its pods.
        let Some(node) = cluster.nodes.get_mut(&id) else {
            return;
        };
        assert!(node.pods.remove(&pod.server), "a pod leaves its node once");
        node.load.remove(&cluster.demands[pod.demand].workload.pod);
        node.deferred.remove(&pod.server);
        node.last_pod_event = Some(instant(self.now));
        let is_drained = node.pods.is_empty() && node.drain.is_some();
        self.retry_deferred(id);
        self.retry_waiting();
        if is_drained {
            self.schedule_node(self.now, NodeEvent::Drained(id));
        }
    }

    /// Pods of its Deployment on the node of a pod: the rank of the ReplicaSet controller.
    pub(in crate::control) fn neighbours(&self, pod: &Pod) -> u32 {
        let Some((cluster, node)) = self.cluster.as_ref().zip(pod.node) else {
            return 0;
        };
        cluster
            .nodes
            .get(&node)
            .map_or(0, |node| self.active_of(&node.pods, pod.service))
    }

    fn active_of(&self, pods: &std::collections::BTreeSet<ServerId>, service: ServiceId) -> u32 {
        let pods = pods.iter().map(|server| self.pod(*server));
        pods.filter(|pod| pod.service == service && pod.is_active())
            .count() as u32
    }

    /// The best node for a pod, or why there is none.
    fn choose_node(&mut self, server: ServerId) -> Result<NodeId, String> {
        let cluster = self.cluster();
        let demand = &cluster.demands[self.pod(server).demand];
        let (service, shape) = (demand.service, &demand.workload.pod);
        let mut reasons: BTreeMap<&'static str, u32> = BTreeMap::new();
        let (mut ids, mut candidates, mut all) = (Vec::new(), Vec::new(), 0);
        for (id, node) in &cluster.nodes {
            if node.stage == NodeStage::Provisioning {
                continue;
            }
            all += 1;
            if !node.is_open() {
                let reason = if node.is_cordoned() {
                    "node(s) were unschedulable"
                } else {
                    "node(s) had untolerated taint(s)"
                };
                *reasons.entry(reason).or_default() += 1;
                continue;
            }
            let candidate = NodeCandidate {
                shape: &cluster.shapes[node.group],
                load: self.claimed(*id),
                same_workload: self.active_of(&node.pods, service),
            };
            match fit(shape, &candidate) {
                Ok(()) => {
                    ids.push(*id);
                    candidates.push(candidate);
                }
                Err(unfit) => {
                    for reason in unfit.reasons() {
                        *reasons.entry(reason).or_default() += 1;
                    }
                }
            }
        }
        let scores = scores(shape, &candidates);
        let Some(best) = scores.iter().max() else {
            let reasons: Vec<String> = reasons
                .iter()
                .map(|(why, n)| format!("{n} {why}"))
                .collect();
            return Err(format!(
                "0/{all} nodes are available: {}",
                reasons.join(", ")
            ));
        };
        let ids = ids.iter().zip(&scores).filter(|(_, score)| *score == best);
        let best: Vec<NodeId> = ids.map(|(id, _)| *id).collect();
        let draw = match best.len() {
            1 => 0,
            several => self.cluster_mut().ties.random_range(0..several),
        };
        Ok(best[draw])
    }
}
