//! One trace, loop by loop.

use super::cluster::{Cluster, flags};
use super::output::{Observed, Written};
use super::trace::{Tick, Trace};
use crate::conformance::{ConformReport, Mismatch};
use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterAutoscaler, ClusterObservation, DisruptionBudget, NodeDecision, NodeGroupView, NodeId,
    NodeView, TieBreak, WorkloadView,
};
use flashcrowd_autoscalers::{NodeAutoscaler, TimePoint};
use flashcrowd_units::Replicas;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// When the recorded processes started.
const STARTED: TimePoint = TimePoint::from_secs(-5);

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let mut cluster = Cluster::new(trace)?;
    let mut autoscaler = ClusterAutoscaler::new(flags(trace)?, STARTED);
    let mut written = Written::default();
    // Nodes that are being deleted, and when that is over.
    let mut deletions: BTreeMap<u64, TimePoint> = BTreeMap::new();
    report.traces += 1;
    for (index, tick) in trace.ticks.iter().enumerate() {
        let in_tick = |message: String| format!("tick {index}: {message}");
        report.ticks += 1;
        cluster.advance(tick).map_err(in_tick)?;
        let now = TimePoint::from_millis(tick.t);
        let finished: Vec<NodeId> = deletions
            .iter()
            .filter(|&(_, &end)| end <= now)
            .map(|(&node, _)| NodeId(node))
            .collect();
        deletions.retain(|_, end| *end > now);
        let decision =
            decide(&mut autoscaler, trace, &cluster, tick, &finished).map_err(in_tick)?;
        for deletion in &decision.deletions {
            deletions.insert(deletion.node.0, now + deletion.delay);
        }
        let observed = Observed {
            trace,
            decision: &decision,
            finished: &finished,
        };
        for (field, expected, got) in written.differences(&observed, &tick.o) {
            report.add(|| Mismatch {
                trace: trace.id.clone(),
                tick: index,
                field,
                expected,
                got,
                steps: json!(decision),
            });
        }
    }
    Ok(())
}

fn decide(
    autoscaler: &mut ClusterAutoscaler,
    trace: &Trace,
    cluster: &Cluster,
    tick: &Tick,
    finished: &[NodeId],
) -> Result<NodeDecision, String> {
    let apps = trace
        .apps
        .iter()
        .zip(&cluster.workloads)
        .zip(&cluster.desired);
    let workloads: Vec<WorkloadView<'_>> = apps
        .map(|((app, workload), &desired)| WorkloadView {
            workload,
            desired: Replicas(desired),
            owner_exists: !app.orphan,
        })
        .collect();
    let refused = |id: &str| {
        let call = format!("increase_failed:{id}:");
        let calls = tick.o.get("cloud").and_then(Value::as_array);
        let is_it = |it: &Value| it.as_str().is_some_and(|it| it.starts_with(&call));
        calls.is_some_and(|calls| calls.iter().any(is_it))
    };
    let groups: Vec<NodeGroupView<'_>> = trace
        .groups
        .iter()
        .enumerate()
        .map(|(index, group)| NodeGroupView {
            id: &group.id,
            min: group.min,
            max: group.max,
            target: cluster.targets[index],
            shape: index,
            price: group.price,
            refuses_increase: refused(&group.id),
            cancellable: cluster.creating(index),
        })
        .collect();
    let apps: Vec<[usize; 1]> = trace.pdbs.iter().map(|pdb| [pdb.app]).collect();
    let budgets: Vec<DisruptionBudget<'_>> = apps
        .iter()
        .zip(&cluster.disruptions)
        .map(|(workloads, &allowed)| DisruptionBudget { workloads, allowed })
        .collect();
    let chosen = match tick.o.get("ch").and_then(Value::as_str) {
        Some(id) => TieBreak::Group(cluster.group(id)?),
        None => TieBreak::Draw(0),
    };
    let nodes: Vec<NodeView> = cluster.nodes.values().copied().collect();
    let pods: Vec<_> = cluster.pods.values().copied().collect();
    let instances: Vec<_> = cluster.instances.values().copied().collect();
    Ok(autoscaler.decide(&ClusterObservation {
        now: TimePoint::from_millis(tick.t),
        shapes: &cluster.shapes,
        workloads: &workloads,
        groups: &groups,
        nodes: &nodes,
        pods: &pods,
        budgets: &budgets,
        instances: &instances,
        finished,
        tie_break: chosen,
    }))
}
