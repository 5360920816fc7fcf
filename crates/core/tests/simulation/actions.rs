//! What people and timetables do to a running system.

mod changes;
mod figures;
mod timetables;
mod triggers;

use flashcrowd_core::World;
use flashcrowd_core::model::{Action, Model, Procedure, ProcedureStep, Trigger};
use flashcrowd_core::record::{NodeStage, Progress, Record, Recorder, ServiceInterval, Totals};
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ServiceTime;

/// An alert that began to fire (`true`) or ceased to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct AlertChange {
    at: f64,
    firing: bool,
    since: f64,
    value: Option<f64>,
}

/// What was done, and what set it off.
#[derive(Debug, Default)]
struct Diary {
    alerts: Vec<AlertChange>,
    /// Steps of procedures and single actions: when, what, and whether it was refused.
    actions: Vec<(f64, String, bool)>,
    progress: Vec<(f64, Progress)>,
    /// Changes of the replicas of the first service.
    scaled: Vec<(f64, u32, u32)>,
    /// Beginnings and ends of rollouts.
    rollouts: Vec<(f64, bool)>,
    /// When nodes became ready.
    nodes_ready: Vec<f64>,
    /// The first service, second by second.
    service: Vec<(f64, ServiceInterval)>,
}

impl Recorder for Diary {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let at = at.as_secs_f64();
        match record {
            Record::Alert {
                firing,
                since,
                value,
                ..
            } => self.alerts.push(AlertChange {
                at,
                firing: *firing,
                since: since.as_secs_f64(),
                value: *value,
            }),
            Record::Action {
                action, refused, ..
            } => self
                .actions
                .push((at, action.to_string(), refused.is_some())),
            Record::Procedure { progress, .. } => self.progress.push((at, *progress)),
            Record::Scaled {
                service, from, to, ..
            } if service.index() == 0 => self.scaled.push((at, *from, *to)),
            Record::Node {
                from: Some(_),
                to: NodeStage::Ready,
                ..
            } => self.nodes_ready.push(at),
            Record::Rollout { finished, .. } => self.rollouts.push((at, *finished)),
            Record::Interval(interval) => {
                if let Some(first) = interval.services.first() {
                    self.service.push((at, first.clone()));
                }
            }
            _ => {}
        }
    }
}

/// Runs a model to its end, with intervals of so many seconds.
fn diary(model: Model, seed: u64, interval: u64) -> (Diary, Totals) {
    let mut diary = Diary::default();
    let mut world = World::new(model, seed).expect("a legal model");
    world.set_report_interval(SimDuration::from_secs(interval));
    let totals = world.run(&mut diary);
    (diary, totals)
}

fn procedure(when: Trigger, steps: Vec<(u64, Action)>) -> Procedure {
    let steps = steps.into_iter().map(|(seconds, action)| ProcedureStep {
        after: ServiceTime::Constant(SimDuration::from_secs(seconds)),
        action,
    });
    Procedure {
        name: "procedure".to_owned(),
        when,
        steps: steps.collect(),
    }
}
