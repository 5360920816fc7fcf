//! The scenarios whose autoscalers look at queues and requests, from the file to the end of the run.

use flashcrowd_core::World;
use flashcrowd_core::record::{JobStage, PodStage, Record, Recorder, Totals};
use flashcrowd_scenario::{Options, load};
use flashcrowd_units::{SimDuration, SimTime};
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

/// The calendar's bounds, from 18:00 in Kolkata on: 8 to 20 by day, 1 to 3 at night.
#[test]
fn the_calendar_bounds_the_autoscaler() {
    let (changes, totals) = run("office-hours.yaml", "intranet");
    let hours = |hours: u64| SimTime::from_secs(hours * 3_600);
    let is_night = |at: SimTime| (hours(2)..hours(14)).contains(&at);
    for &(at, to) in &changes {
        let bounds = if is_night(at) { 1..=3 } else { 8..=20 };
        assert!(bounds.contains(&to), "{to} at {at}: {changes:?}");
    }
    // At the HPA's first sync after 08:00, half an hour before anybody comes.
    let sync = hours(14)..hours(14) + SimDuration::from_secs(15);
    let is_morning = |(at, to): &(SimTime, u32)| sync.contains(at) && *to == 8;
    assert!(changes.iter().any(is_morning), "{changes:?}");
    // 110 a second of 20 ms at 70 % of 250m need 13 pods.
    assert!(changes.iter().any(|(_, to)| (13..=20).contains(to)));
    assert!(totals.failed_total() < totals.completed / 1_000);
}

/// Policies of the catalogue by their names, on one load: 10 to 60 requests a second of 20 ms.
#[test]
fn every_policy_can_be_named() {
    let load = "load: { external: { name: rps } }, per_replica: 8, replicas: { min: 2, max: 12 }";
    let research = |name: &str| format!("{name}: {{ {load} }}");
    let predictive = |forecast: &str| {
        format!("predictive: {{ {load}, models: [ {{ forecast: {{ {forecast} }} }} ] }}")
    };
    let rules = "rules: [ { metric: cpu_utilization, when: { above: 0.7 }, for: 1m, action: { add: 2 } }, { metric: { external: { name: rps } }, when: { below: 12 }, for: 1m, action: { remove: 1 } } ]";
    let policies = [
        research("react"),
        research("adapt"),
        research("hist"),
        research("reg"),
        research("conpaas"),
        predictive("linear: { look_ahead: 60s, history_size: 6 }"),
        predictive(
            "holt_winters: { alpha: 0.9, beta: 0.3, gamma: 0.2, seasonal_periods: 4, stored_seasons: 2, trend: additive, seasonal: additive }",
        ),
        predictive("seasonal_naive: { season: 10m, slot: 1m, seasons: 1, lead: 1m }"),
        format!("threshold: {{ {rules}, replicas: {{ min: 2, max: 12 }} }}"),
        format!(
            "schedule: {{ replicas: {{ min: 2, max: 12 }}, policy: {{ {} }} }}",
            research("react")
        ),
    ];
    for policy in policies {
        let text = format!(
            "name: x\nduration: 20m\nworkload: {{ w: {{ open: {{ rate: {{ stages: [ {{ from: 10/s, to: 10/s, for: 3m }}, {{ to: 60/s, for: 1m }}, {{ to: 60/s, for: 6m }}, {{ to: 10/s, for: 1m }} ] }} }}, endpoints: {{ e: 100% }} }} }}\nmetrics: {{ rps: {{ service: s, measure: requests }} }}\nservices:\n  s:\n    pod: {{ cpu: {{ request: 250m, limit: 500m }} }}\n    autoscaler: {{ {policy} }}\n    endpoints: {{ e: [ cpu: 20ms ] }}\n"
        );
        let nowhere = std::collections::BTreeMap::new();
        let loaded = flashcrowd_scenario::load_str(&text, "x.yaml", &nowhere, &Options::default());
        let scenario = loaded
            .unwrap_or_else(|problems| panic!("{policy}: {problems}"))
            .scenario;
        let mut replicas = Replicas {
            service: 0,
            changes: Vec::new(),
        };
        let world = World::new(scenario.model, scenario.seed).expect("a legal model");
        assert!(world.run(&mut replicas).is_conserved());
        let sizes = || replicas.changes.iter().map(|(_, to)| *to);
        assert!(sizes().all(|to| (2..=12).contains(&to)), "{policy}");
        // 60 a second at 8 each are 8 replicas; each of them sees that, or its utilization.
        assert!(sizes().max() >= Some(6), "{policy}: {:?}", replicas.changes);
    }
}

/// Jobs and pods of one service.
#[derive(Default)]
struct Jobs {
    service: usize,
    active: u32,
    most: u32,
    complete: u64,
    failed: u64,
    /// Pods that ended by themselves, and pods that were ended.
    succeeded: u64,
    terminated: u64,
    last: SimTime,
}

impl Recorder for Jobs {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Job { service, to, .. } if service.index() == self.service => match to {
                JobStage::Active => {
                    self.active += 1;
                    self.most = self.most.max(self.active);
                }
                JobStage::Complete => {
                    self.active -= 1;
                    self.complete += 1;
                    self.last = at;
                }
                JobStage::Failed => {
                    self.active -= 1;
                    self.failed += 1;
                }
                _ => {}
            },
            Record::Pod { service, to, .. } if service.index() == self.service => match to {
                PodStage::Succeeded => self.succeeded += 1,
                PodStage::Terminating => self.terminated += 1,
                _ => {}
            },
            _ => {}
        }
    }
}

fn jobs(service: usize) -> (Jobs, Totals) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let loaded = load(folder.join("keda-jobs.yaml"), &Options::default());
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(loaded.diagnostics.is_empty(), "{}", loaded.diagnostics);
    let mut jobs = Jobs {
        service,
        ..Jobs::default()
    };
    let scenario = loaded.scenario;
    let world = World::new(scenario.model, scenario.seed).expect("a legal model");
    let totals = world.run(&mut jobs);
    assert!(totals.is_conserved());
    (jobs, totals)
}

/// 2 invoices a second of 19 s each are 38 pods that work, and 40 may be there, starting ones
/// included: the burst of 20 minutes takes longer than that to work off.
#[test]
fn an_invoice_is_a_job() {
    let (jobs, totals) = jobs(0);
    let invoices = totals.queues[0];
    assert_eq!((jobs.failed, jobs.terminated, invoices.failed), (0, 0, 0));
    assert_eq!(jobs.complete, invoices.processed);
    assert_eq!(jobs.succeeded, invoices.processed);
    assert_eq!(jobs.most, 40);
    // The night is long enough for all that came until shortly before its end.
    assert!(invoices.waiting + invoices.in_progress < 10, "{invoices:?}");
    assert!(invoices.processed > 2000, "{invoices:?}");
}

/// A Job takes videos until there is none for half a minute, so there are fewer Jobs than videos.
#[test]
fn videos_share_jobs() {
    let (jobs, totals) = jobs(1);
    let videos = totals.queues[1];
    assert_eq!((jobs.failed, videos.failed), (0, 0));
    assert!(jobs.most <= 12, "{}", jobs.most);
    assert!(jobs.complete > 0 && jobs.complete * 2 < videos.processed);
}
