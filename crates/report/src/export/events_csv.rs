//! `events.csv`: one row for everything that happened at an instant.
//!
//! | kind | from, to | reason | detail |
//! |---|---|---|---|
//! | `scaling` | replicas | the controller's | who scaled |
//! | `pod` | stages | the kubelet's or the controller's | the pod |
//! | `instance` | stages; `booting` is that of a pod whose container is created | the cloud's | the instance |
//! | `job` | stages of a Job | KEDA's or the Job controller's | the Job |
//! | `unschedulable` | | the scheduler's | the pod |
//! | `node` | stages | the controller's or the provider's | the node |
//! | `scaling` of `nodes/GROUP` | nodes | the autoscaler's | |
//! | `rollout` | `running`, `finished` | | |
//! | `metrics_outage` | `available`, `unavailable` | | |
//! | `alert` of a procedure | `inactive`, `firing` | the condition | the value, and since when it holds |
//! | `procedure` | to `started`, `finished`, `skipped` | what sets it off | |
//! | `action` | to `done`, `refused` | the procedure, or `Manual` | the command, and why it was refused |
//! | `cut` | | | how many steps in the lives of pods are left out from here on |

use super::Exporter;
use crate::recorder::{Event, EventKind};
use crate::results::Results;
use flashcrowd_core::record::{JobStage, NodeStage, PodStage};
use std::io::{self, Write};

/// All events.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventsCsv;

/// The columns after the component.
struct Cells {
    kind: &'static str,
    from: String,
    to: String,
    reason: String,
    detail: String,
}

impl Exporter for EventsCsv {
    fn file_name(&self) -> &'static str {
        "events.csv"
    }

    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        let recorder = results.recorder();
        let services = &recorder.context().services;
        let groups = &recorder.context().node_groups;
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record([
            "time_seconds",
            "local_time",
            "component",
            "kind",
            "from",
            "to",
            "reason",
            "detail",
        ])?;
        let mut row = |at: flashcrowd_units::SimTime, component: &str, cells: &Cells| {
            let local_time = recorder.clock().timestamp(at);
            csv.write_record([
                &*at.as_secs_f64().to_string(),
                &*local_time,
                component,
                cells.kind,
                &*cells.from,
                &*cells.to,
                &*cells.reason,
                &*cells.detail,
            ])
        };
        let mut cut = recorder.events_cut();
        for event in recorder.events() {
            // In its place among the events that were kept.
            if let Some((since, number)) = cut.take_if(|(since, _)| *since < event.at) {
                row(since, "recorder", &cut_cells(number))?;
            }
            let group = match event.kind {
                EventKind::Node { group, .. } | EventKind::NodeGroupScaled { group, .. } => {
                    Some(format!("nodes/{}", groups[group as usize].name))
                }
                _ => None,
            };
            let procedure = match &event.kind {
                EventKind::Alert(alert) => Some(&*alert.procedure),
                EventKind::Procedure { name, .. } => Some(&**name),
                _ => None,
            };
            let service = event.service.map(|id| services[id.index()].name.as_str());
            let component = service.or(group.as_deref()).or(procedure);
            let component = component.unwrap_or("metrics");
            let is_pool = event.service.is_some_and(|id| services[id.index()].is_pool);
            row(event.at, component, &cells(event, component, is_pool))?;
        }
        if let Some((since, number)) = cut {
            row(since, "recorder", &cut_cells(number))?;
        }
        csv.flush()
    }
}

fn cells(event: &Event, component: &str, is_pool: bool) -> Cells {
    let text = |text: &str| text.to_owned();
    let stage = |stage: PodStage| match stage {
        PodStage::ContainerCreating if is_pool => "booting",
        stage => stage.name(),
    };
    match &event.kind {
        EventKind::Scaled {
            from,
            to,
            by,
            reason,
        } => Cells {
            kind: "scaling",
            from: from.to_string(),
            to: to.to_string(),
            reason: text(reason),
            detail: text(by),
        },
        EventKind::Pod {
            pod,
            from,
            to,
            reason,
        } => Cells {
            kind: if is_pool { "instance" } else { "pod" },
            from: text(from.map_or("", stage)),
            to: text(stage(*to)),
            reason: text(reason),
            detail: format!("{component}-{}", pod.0),
        },
        EventKind::Job {
            job,
            from,
            to,
            reason,
        } => Cells {
            kind: "job",
            from: text(from.map_or("", JobStage::name)),
            to: text(to.name()),
            reason: text(reason),
            detail: format!("{component}-job-{job}"),
        },
        EventKind::Unschedulable { pod, reason } => Cells {
            kind: "unschedulable",
            from: String::new(),
            to: String::new(),
            reason: text(reason),
            detail: format!("{component}-{}", pod.0),
        },
        EventKind::Node {
            node,
            from,
            to,
            reason,
            ..
        } => Cells {
            kind: "node",
            from: text(from.map_or("", NodeStage::name)),
            to: text(to.name()),
            reason: text(reason),
            detail: format!("{component}-{}", node.0),
        },
        EventKind::NodeGroupScaled {
            from, to, reason, ..
        } => Cells {
            kind: "scaling",
            from: from.to_string(),
            to: to.to_string(),
            reason: text(reason),
            detail: String::new(),
        },
        EventKind::Rollout { finished } => change("rollout", "running", "finished", *finished),
        EventKind::MetricsOutage(began) => {
            change("metrics_outage", "unavailable", "available", !*began)
        }
        EventKind::Alert(alert) => {
            let cells = change("alert", "firing", "inactive", !alert.firing);
            let value = alert
                .value
                .map_or("no value".to_owned(), |it| it.to_string());
            Cells {
                reason: text(&alert.condition),
                detail: format!("{value}; held since {} s", alert.since.as_secs_f64()),
                ..cells
            }
        }
        EventKind::Procedure { when, progress, .. } => Cells {
            kind: "procedure",
            from: String::new(),
            to: text(progress.name()),
            reason: text(when),
            detail: String::new(),
        },
        EventKind::Action {
            action,
            procedure,
            refused,
        } => Cells {
            kind: "action",
            from: String::new(),
            to: text(if refused.is_some() { "refused" } else { "done" }),
            reason: text(procedure.as_deref().unwrap_or("Manual")),
            detail: match refused {
                Some(why) => format!("{action}: {why}"),
                None => text(action),
            },
        },
    }
}

/// A state that begins (from nothing, or from its opposite) and ends.
fn change(kind: &'static str, begun: &str, over: &str, ended: bool) -> Cells {
    let (from, to) = if ended { (begun, over) } else { (over, begun) };
    let (reason, detail) = (String::new(), String::new());
    Cells {
        kind,
        from: from.to_owned(),
        to: to.to_owned(),
        reason,
        detail,
    }
}

fn cut_cells(number: u64) -> Cells {
    let nothing = String::new;
    Cells {
        kind: "cut",
        from: nothing(),
        to: nothing(),
        reason: "limit reached".to_owned(),
        detail: format!("{number} steps in the lives of pods are left out"),
    }
}
