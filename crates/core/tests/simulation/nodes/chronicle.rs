//! A recorder that keeps what happened to nodes and to the pods on them.

use flashcrowd_core::World;
use flashcrowd_core::model::Model;
use flashcrowd_core::record::{
    Failure, NodeGroupInterval, NodeId, NodeStage, PodId, PodStage, Record, Recorder, Totals,
};
use flashcrowd_units::SimTime;

/// Everything that happened, in order.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    pub(super) entries: Vec<(SimTime, Entry)>,
    pub(super) intervals: Vec<Vec<NodeGroupInterval>>,
    pub(super) unschedulable: Vec<u32>,
    pub(super) lost: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Pod(PodId, u32, PodStage, &'static str),
    Bound(PodId, u32, NodeId),
    Unschedulable(PodId, String),
    Node(NodeId, usize, NodeStage, &'static str),
    Resized(usize, u32, u32),
    /// `spec.replicas` of a service.
    Desired(u32, u32),
}

impl Chronicle {
    pub(super) fn of(model: &Model, seed: u64) -> (Self, Totals) {
        let mut chronicle = Self::default();
        let world = World::new(model.clone(), seed).expect("models of tests are legal");
        let totals = world.run(&mut chronicle);
        (chronicle, totals)
    }

    /// When nodes reached a stage, in seconds.
    pub(super) fn nodes(&self, stage: NodeStage, why: &str) -> Vec<f64> {
        let found = self.entries.iter().filter(|(_, entry)| {
            matches!(entry, Entry::Node(_, _, to, reason) if *to == stage && *reason == why)
        });
        found.map(|(at, _)| at.as_secs_f64()).collect()
    }

    /// When a pod reached a stage, in seconds.
    pub(super) fn pod(&self, id: PodId, stage: PodStage) -> Option<f64> {
        let found = self.entries.iter().find(
            |(_, entry)| matches!(entry, Entry::Pod(pod, _, to, _) if *pod == id && *to == stage),
        );
        found.map(|(at, _)| at.as_secs_f64())
    }
}

impl Recorder for Chronicle {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let entry = match *record {
            Record::Pod {
                service,
                pod,
                to,
                reason,
                ..
            } => Entry::Pod(pod, service.0, to, reason),
            Record::Bound { service, pod, node } => Entry::Bound(pod, service.0, node),
            Record::Unschedulable { pod, reason, .. } => {
                Entry::Unschedulable(pod, reason.to_owned())
            }
            Record::Node {
                group,
                node,
                to,
                reason,
                ..
            } => Entry::Node(node, group, to, reason),
            Record::NodeGroupScaled {
                group, from, to, ..
            } => Entry::Resized(group, from, to),
            Record::Scaled { service, to, .. } => Entry::Desired(service.0, to),
            Record::Interval(ref interval) => {
                self.intervals.push(interval.nodes.to_vec());
                self.unschedulable.push(interval.unschedulable);
                let services = interval.services.iter();
                self.lost += services
                    .map(|it| it.failed[Failure::NodeLost as usize])
                    .sum::<u64>();
                return;
            }
            _ => return,
        };
        self.entries.push((at, entry));
    }
}
