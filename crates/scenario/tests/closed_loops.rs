//! The scenarios whose autoscalers look at queues and requests, from the file to the end of the run.

use flashcrowd_core::World;
use flashcrowd_core::record::{Record, Recorder, Totals};
use flashcrowd_scenario::{Options, load};
use flashcrowd_units::SimTime;
use std::path::Path;

/// The replicas of one service over time.
struct Replicas {
    service: usize,
    changes: Vec<(SimTime, u32)>,
}

impl Recorder for Replicas {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Scaled { service, to, .. } = record
            && service.index() == self.service
        {
            self.changes.push((at, *to));
        }
    }
}

fn run(name: &str, service: &str) -> (Vec<(SimTime, u32)>, Totals) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let loaded = load(folder.join(name), &Options::default());
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    let services = &scenario.model.services;
    let index = services.iter().position(|of| of.name == service);
    let mut replicas = Replicas {
        service: index.expect("it is in the scenario"),
        changes: Vec::new(),
    };
    let world = World::new(scenario.model, scenario.seed).expect("a legal model");
    let totals = world.run(&mut replicas);
    assert!(totals.is_conserved());
    (replicas.changes, totals)
}

/// The ScaledObject of the guide: 2 to 50 workers, one for every ten orders that wait.
#[test]
fn orders_scale_their_workers() {
    let (changes, totals) = run("keda-queue.yaml", "worker");
    let sizes = || changes.iter().map(|(_, to)| *to);
    assert!(sizes().all(|to| (2..=50).contains(&to)), "{changes:?}");
    // 45 orders a second of 80 ms each at 0.2 cores a pod need 18 pods.
    assert!(sizes().max() >= Some(18), "{changes:?}");
    let orders = totals.queues[0];
    // Nothing failed, and every request puts in its order before it is answered.
    assert_eq!(totals.failed_total(), 0);
    let answered = totals.completed..=totals.completed + totals.in_flight;
    assert!(answered.contains(&orders.enqueued), "{totals:?}");
    assert!(orders.waiting < 100, "{orders:?}");
}

/// Nobody at night: the last pod goes, and comes back for everybody who asks.
#[test]
fn a_knative_service_goes_to_zero_and_back() {
    let (changes, totals) = run("knative.yaml", "thumbnailer");
    let to_zero = changes.iter().filter(|(_, to)| *to == 0).count();
    assert!(to_zero >= 3, "{changes:?}");
    assert!(changes.iter().all(|(_, to)| *to <= 20));
    assert_eq!(totals.failed_total(), 0, "{totals:?}");
    // 60 a second of 0.1 s are 6 in flight, at 70 % of 8 in each pod: at least two pods.
    assert!(changes.iter().any(|(_, to)| *to >= 2));
}
