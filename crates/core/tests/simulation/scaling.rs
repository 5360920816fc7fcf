//! Autoscalers in a closed loop: queues and requests move them, and they move the pods.

mod closed_loop;
mod keda;
mod kpa;
mod named_metrics;
mod vpa;

use flashcrowd_core::World;
use flashcrowd_core::model::Model;
use flashcrowd_core::record::{Record, Recorder, Totals};
use flashcrowd_units::SimTime;

/// A change of `spec.replicas`: when, from, to, why.
type Change = (f64, u32, u32, String);

/// Keeps every change of the first service.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Recorder for Changes {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Scaled {
            service,
            from,
            to,
            reason,
            ..
        } = record
            && service.index() == 0
        {
            self.0
                .push((at.as_secs_f64(), *from, *to, (*reason).to_owned()));
        }
    }
}

fn run(model: Model, seed: u64) -> (Vec<Change>, Totals) {
    let mut changes = Changes::default();
    let totals = World::new(model, seed)
        .expect("a legal model")
        .run(&mut changes);
    (changes.0, totals)
}
