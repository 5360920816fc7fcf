//! Node groups in the report.

use super::{LevelSummary, ScalingEvents};
use crate::recorder::RunRecorder;
use indexmap::IndexMap;
use serde::Serialize;

/// One node group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeGroupReport {
    /// Nodes that exist, from the request for an instance to its end.
    pub nodes: LevelSummary,
    /// Nodes that take pods.
    pub ready: LevelSummary,
    /// Changes of its size.
    pub scaling_events: ScalingEvents,
    /// Spot interruptions.
    pub interruptions: u64,
    /// CPU that pods requested over what they could have requested. `null` without a ready node.
    pub cpu_requested_mean: Option<f64>,
    /// Time that nodes existed.
    pub node_hours: f64,
    /// What they cost.
    pub cost_usd: f64,
}

/// By name.
pub(super) fn node_groups(recorder: &RunRecorder) -> IndexMap<String, NodeGroupReport> {
    let end = recorder.end();
    let groups = recorder.context().node_groups.iter();
    let groups = groups.zip(recorder.node_groups());
    let groups = groups.filter(|(context, levels)| levels.is_shown(context.is_offering));
    groups
        .map(|(context, levels)| {
            let report = NodeGroupReport {
                nodes: super::build::level(&levels.nodes, end),
                ready: super::build::level(&levels.ready, end),
                scaling_events: ScalingEvents {
                    up: levels.scalings.0,
                    down: levels.scalings.1,
                },
                interruptions: levels.interruptions,
                cpu_requested_mean: (levels.cpu_allocatable > 0.0)
                    .then(|| levels.cpu_requested / levels.cpu_allocatable),
                node_hours: levels.node_seconds / 3600.0,
                cost_usd: levels.cost.get(),
            };
            (context.name.clone(), report)
        })
        .collect()
}
