//! Node groups over time.

use flashcrowd_core::record::{Interval, NodeGroupInterval, NodeStage, Record};
use flashcrowd_telemetry::TimeWeighted;
use flashcrowd_units::{SimDuration, SimTime, Usd};

/// One node group over the whole run.
#[derive(Debug, Clone)]
pub struct NodeGroupLevels {
    /// Nodes that exist, from the request to their end.
    pub nodes: TimeWeighted,
    /// Nodes that take pods.
    pub ready: TimeWeighted,
    /// Changes of its size: up, down.
    pub scalings: (u64, u64),
    /// Spot interruptions.
    pub interruptions: u64,
    /// Node seconds that were paid for.
    pub node_seconds: f64,
    /// What they cost.
    pub cost: Usd,
    /// Integral of the requested CPU, by the levels at the ends of intervals \[core seconds\].
    pub cpu_requested: f64,
    /// The same of what can be requested \[core seconds\].
    pub cpu_allocatable: f64,
}

impl NodeGroupLevels {
    /// Whether it belongs in a report: instance types of a pool do once they were launched.
    pub(crate) fn is_shown(&self, is_offering: bool) -> bool {
        !is_offering || self.node_seconds > 0.0
    }
}

/// A node group in one report interval: levels at its end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NodeGroupSample {
    /// Levels at the end, integrals over the interval.
    pub interval: NodeGroupInterval,
}

/// All node groups: sums, and one row for each report interval.
#[derive(Debug, Default)]
pub(crate) struct NodeGroups {
    groups: Vec<NodeGroupLevels>,
    /// What adds up to the next row.
    row: Vec<NodeGroupInterval>,
    unschedulable: u32,
    rows: Vec<(Vec<NodeGroupSample>, u32)>,
}

impl NodeGroups {
    pub(crate) fn new(groups: usize) -> Self {
        let none = TimeWeighted::new(SimTime::ZERO, 0);
        let levels = NodeGroupLevels {
            nodes: none.clone(),
            ready: none,
            scalings: (0, 0),
            interruptions: 0,
            node_seconds: 0.0,
            cost: Usd::default(),
            cpu_requested: 0.0,
            cpu_allocatable: 0.0,
        };
        Self {
            groups: vec![levels; groups],
            row: vec![NodeGroupInterval::default(); groups],
            ..Self::default()
        }
    }

    pub(crate) fn groups(&self) -> &[NodeGroupLevels] {
        &self.groups
    }

    /// The groups in one row of the samples, and the pods without a node.
    pub(crate) fn row(&self, row: usize) -> Option<(&[NodeGroupSample], u32)> {
        self.rows.get(row).map(|row| (row.0.as_slice(), row.1))
    }

    pub(crate) fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Node {
                group,
                from,
                to,
                reason,
                ..
            } => {
                let levels = &mut self.groups[group];
                let exists = |stage: Option<NodeStage>| {
                    i64::from(stage.is_some_and(|it| it != NodeStage::Deleted))
                };
                levels.nodes.add(at, exists(Some(to)) - exists(from));
                let is_ready = |stage| i64::from(stage == Some(NodeStage::Ready));
                levels.ready.add(at, is_ready(Some(to)) - is_ready(from));
                levels.interruptions += u64::from(reason == "SpotInterruption");
            }
            Record::NodeGroupScaled {
                group, from, to, ..
            } => {
                let scalings = &mut self.groups[group].scalings;
                scalings.0 += u64::from(to > from);
                scalings.1 += u64::from(to < from);
            }
            Record::Interval(ref interval) => self.interval(at.since(interval.start), interval),
            _ => {}
        }
    }

    fn interval(&mut self, length: SimDuration, interval: &Interval<'_>) {
        let groups = self.groups.iter_mut().zip(&mut self.row);
        for ((levels, row), part) in groups.zip(interval.nodes) {
            levels.node_seconds += part.node_seconds;
            levels.cost += part.cost;
            levels.cpu_requested += part.cpu_requested * length.as_secs_f64();
            levels.cpu_allocatable += part.cpu_allocatable * length.as_secs_f64();
            let before = std::mem::replace(row, *part);
            row.node_seconds += before.node_seconds;
            row.cost += before.cost;
        }
        self.unschedulable = interval.unschedulable;
    }

    /// Ends a row.
    pub(crate) fn close_row(&mut self) {
        if self.groups.is_empty() {
            return;
        }
        let samples = self
            .row
            .iter()
            .map(|&interval| NodeGroupSample { interval });
        self.rows.push((samples.collect(), self.unschedulable));
        self.row.fill(NodeGroupInterval::default());
    }
}
