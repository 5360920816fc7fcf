//! A node group was as large as it may be while pods waited, or lost nodes to spot interruptions.
//!
//! Being at the maximum counts while pods are without a node. Requests lost to interruptions are
//! those that were inside a pod when its node was taken away, of all services together.

use super::episodes::Episodes;
use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::record::{Failure, Interval, Record};
use flashcrowd_units::{SimDuration, SimTime};

/// The name of a group as a component.
fn component(group: usize, wording: &Wording<'_>) -> String {
    format!("nodes/{}", wording.context.node_groups[group].name)
}

/// A group at its maximum.
#[derive(Debug)]
pub(super) struct GroupAtMax {
    group: usize,
    max: u32,
    scaled_at: SimTime,
    most_waiting: u32,
    episodes: Episodes,
}

impl GroupAtMax {
    pub(super) fn new(group: usize) -> Self {
        Self {
            group,
            max: 0,
            scaled_at: SimTime::ZERO,
            most_waiting: 0,
            episodes: Episodes::new(SimDuration::from_secs(60), SimDuration::from_secs(60)),
        }
    }
}

impl Detector for GroupAtMax {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match record {
            Record::NodeGroupScaled { group, .. } if *group == self.group => self.scaled_at = at,
            Record::Interval(interval) => {
                let Some(group) = interval.nodes.get(self.group) else {
                    return;
                };
                if interval.unschedulable > 0 && group.target >= group.bounds.1 {
                    self.max = group.bounds.1;
                    self.most_waiting = self.most_waiting.max(interval.unschedulable);
                    let from = interval.start.max(self.scaled_at.min(at));
                    self.episodes.hold(from, at, interval);
                }
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(summary) = self.episodes.summary() else {
            return;
        };
        let name = component(self.group, wording);
        let severity = if summary.users.failed() > 0 {
            Severity::Critical
        } else {
            Severity::Warning
        };
        let message = format!(
            "{name} was at its maximum of {} {} with up to {} waiting {}; {}",
            self.max,
            if self.max == 1 { "node" } else { "nodes" },
            format::times(self.most_waiting.into(), "pod"),
            summary.when(wording, "stayed there"),
            summary.users.since(wording),
        );
        findings.push(Finding {
            severity,
            at_seconds: summary.first.start.as_secs_f64(),
            component: name,
            code: "node_group_at_max",
            message,
        });
    }
}

/// Interruptions of a spot group.
#[derive(Debug)]
pub(super) struct SpotInterruptions {
    group: usize,
    first: Option<SimTime>,
    number: u64,
    /// Nodes of which groups were taken back since the last interval.
    reclaimed: bool,
    reclaimed_elsewhere: bool,
    lost: u64,
    shared: bool,
}

impl SpotInterruptions {
    pub(super) fn new(group: usize) -> Self {
        Self {
            group,
            first: None,
            number: 0,
            reclaimed: false,
            reclaimed_elsewhere: false,
            lost: 0,
            shared: false,
        }
    }

    fn interval(&mut self, interval: &Interval<'_>) {
        let services = interval.services.iter();
        let lost: u64 = services
            .map(|it| it.failed[Failure::NodeLost as usize])
            .sum();
        if self.reclaimed {
            self.lost += lost;
            self.shared |= self.reclaimed_elsewhere && lost > 0;
        }
        (self.reclaimed, self.reclaimed_elsewhere) = (false, false);
    }
}

impl Detector for SpotInterruptions {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Node { group, reason, .. } => {
                let own = group == self.group;
                if own && reason == "SpotInterruption" {
                    self.first.get_or_insert(at);
                    self.number += 1;
                }
                if reason == "SpotReclaimed" {
                    self.reclaimed |= own;
                    self.reclaimed_elsewhere |= !own;
                }
            }
            Record::Interval(ref interval) => self.interval(interval),
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let name = component(self.group, wording);
        let (severity, lost) = match self.lost {
            0 => (Severity::Info, "no request was lost with them".to_owned()),
            lost => {
                let others = if self.shared {
                    ", some of them with other groups"
                } else {
                    ""
                };
                let lost = format!("{} lost with them{others}", format::times(lost, "request"));
                (Severity::Critical, lost)
            }
        };
        let message = format!(
            "{name} had {}, the first at {}; {lost}",
            format::times(self.number, "spot interruption"),
            wording.clock.short(first),
        );
        findings.push(Finding {
            severity,
            at_seconds: first.as_secs_f64(),
            component: name,
            code: "spot_interruptions",
            message,
        });
    }
}
