//! What is reported about nodes and an interval, and what they cost.

use super::NodeStage;
use crate::control::World;
use crate::plane::DataPlane;
use crate::record::NodeGroupInterval;

impl<P: DataPlane> World<P> {
    /// By group, and the pods without a node.
    pub(in crate::control) fn node_intervals(&mut self) -> (Vec<NodeGroupInterval>, u32) {
        let now = self.now;
        let Some((cluster, spec)) = self.cluster.as_mut().zip(self.model.nodes.as_ref()) else {
            return (Vec::new(), 0);
        };
        let mut reports = Vec::new();
        for (state, spec) in cluster.groups.iter_mut().zip(&spec.groups) {
            let node_seconds = state.existing.take(now);
            reports.push(NodeGroupInterval {
                target: state.target,
                bounds: (spec.min, spec.max),
                node_seconds,
                cost: spec.node_hour * (node_seconds / 3600.0),
                ..NodeGroupInterval::default()
            });
        }
        for node in cluster.nodes.values() {
            let report = &mut reports[node.group];
            let allocatable = &cluster.shapes[node.group].allocatable;
            match node.stage {
                NodeStage::Provisioning | NodeStage::NotReady => report.starting += 1,
                NodeStage::Ready => {
                    report.ready += 1;
                    report.cpu_allocatable += allocatable.cpu.as_cores();
                    report.memory_allocatable += allocatable.memory.get();
                }
                NodeStage::Draining | NodeStage::Deleted => report.draining += 1,
            }
            report.pods += node.load.pods;
            report.cpu_requested += node.load.cpu as f64 / 1000.0;
            report.memory_requested += node.load.memory;
        }
        (reports, cluster.waiting.len() as u32)
    }
}
