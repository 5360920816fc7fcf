//! Metrics by name, as an HPA asks for them.

use super::run;
use crate::systems::{constant, pod, service, system, workload};
use flashcrowd_autoscalers::{
    Autoscaler, MetricAnswer, MetricQuery, Observation, PolicySpec, Reason, RestoreError,
    SavedState, ScalingDecision,
};
use flashcrowd_core::World;
use flashcrowd_core::model::{
    BalancingPolicy, MetricSource, Model, NamedMetric, Percentile, ServiceFigure, ServiceId, Step,
};
use flashcrowd_core::record::NoRecorder;
use flashcrowd_units::{Replicas, SimDuration};
use flashcrowd_workload::ArrivalProcess;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Forty requests a second that take half a second each.
fn model(metric: &Value, figure: ServiceFigure, resolution: u64, lag: u64) -> Model {
    let mut of = service("shop", pod());
    let spec = json!({ "hpa": { "spec": { "maxReplicas": 10, "metrics": [metric] } } });
    of.autoscaler = Some(serde_json::from_value::<PolicySpec>(spec).unwrap());
    let mut model = system(300.0, of, vec![Step::Wait(constant(0.5))]);
    let mut clients = workload("clients", 40.0, 0);
    clients.process = ArrivalProcess::Deterministic;
    model.workloads.push(clients);
    model.metrics.push(NamedMetric {
        name: "it".to_owned(),
        source: MetricSource::Service(ServiceId(0), figure),
        resolution: SimDuration::from_secs(resolution),
        lag: SimDuration::from_secs(lag),
        window: SimDuration::from_secs(30),
    });
    model
}

fn pods(target: &str) -> Value {
    json!({ "type": "Pods", "pods": {
        "metric": { "name": "it" }, "target": { "type": "AverageValue", "averageValue": target } } })
}

fn object(target: &str) -> Value {
    json!({ "type": "Object", "object": {
        "metric": { "name": "it" }, "target": { "type": "AverageValue", "averageValue": target },
        "describedObject": { "kind": "Service", "name": "shop", "apiVersion": "v1" } } })
}

fn external(target: &str) -> Value {
    json!({ "type": "External", "external": {
        "metric": { "name": "it" }, "target": { "type": "AverageValue", "averageValue": target } } })
}

/// 40 requests per second, 20 in flight: whatever the type of the metric, it is their number
/// divided by what one pod should have.
#[test]
fn all_three_types_see_the_figure() {
    let p95 = ServiceFigure::Latency(Percentile::new(95.0).unwrap());
    for (metric, figure, expected) in [
        (pods("10"), ServiceFigure::Requests, 4),
        (object("8"), ServiceFigure::Requests, 5),
        (external("13"), ServiceFigure::Requests, 4),
        (external("5"), ServiceFigure::InFlight, 4),
        (external("5"), ServiceFigure::Concurrency, 4),
        (external("1"), ServiceFigure::ErrorRatio, 1),
        // 0.5 s / 0.11 s; and every pod has the same latency, however many there are.
        (external("110m"), p95, 5),
        (pods("500m"), p95, 1),
        (pods("50m"), p95, 10),
    ] {
        let (changes, totals) = run(model(&metric, figure, 15, 0), 11);
        let last = changes.last().map_or(1, |change| change.2);
        assert_eq!(last, expected, "{figure:?} {metric}: {changes:?}");
        assert_eq!(totals.failed_total(), 0);
    }
}

/// A rate needs two reads, and a value is served after its lag: nothing moves before.
#[test]
fn a_value_is_served_after_its_lag() {
    let at = |resolution, lag| {
        let model = model(&external("10"), ServiceFigure::Requests, resolution, lag);
        run(model, 11).0[0].0
    };
    // First read within 20 s, second 20 s later, first sync after that within 15 s.
    let soon = at(20, 0);
    assert!((20.0..=55.0).contains(&soon), "{soon}");
    let late = at(20, 60);
    assert!((soon + 45.0..=soon + 75.0).contains(&late), "{soon} {late}");
}

/// A name that nothing has is a metric that fails: the HPA does nothing.
#[test]
fn an_unknown_name_is_unavailable() {
    let mut model = model(&external("10"), ServiceFigure::Requests, 15, 0);
    model.metrics.clear();
    assert_eq!(run(model, 11).0, []);
}

/// What each pod was said to have, at each look \[thousandths\].
type Seen = Arc<Mutex<Vec<Vec<i64>>>>;

/// Asks for a metric of type Pods and scales nothing.
#[derive(Debug)]
struct Onlooker(Seen);

impl Autoscaler for Onlooker {
    fn queries(&self) -> Vec<MetricQuery> {
        vec![MetricQuery::Pods {
            name: "it".to_owned(),
            selector: None,
        }]
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        if let [MetricAnswer::Pods(samples)] = observation.answers {
            let values = samples.iter().map(|sample| sample.value.get()).collect();
            self.0.lock().unwrap().push(values);
        }
        ScalingDecision::hold(observation.now, Replicas(2), Reason::None)
    }

    fn save(&self) -> SavedState {
        SavedState::of(&())
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        state.read()
    }
}

/// A request a second to two pods in turn, each of them there for a second and a half: over the
/// first half of every second both pods have one, over the second half one of them.
#[test]
fn pods_are_told_apart_by_what_they_have_in_flight() {
    for resolution in [SimDuration::ZERO, SimDuration::from_millis(10)] {
        let mut of = service("shop", pod());
        of.replicas = 2;
        of.load_balancer.policy = BalancingPolicy::RoundRobin;
        let mut model = system(60.0, of, vec![Step::Wait(constant(1.5))]);
        let mut clients = workload("clients", 1.0, 0);
        clients.process = ArrivalProcess::Deterministic;
        model.workloads.push(clients);
        model.metrics.push(NamedMetric {
            name: "it".to_owned(),
            source: MetricSource::Service(ServiceId(0), ServiceFigure::InFlight),
            resolution,
            lag: SimDuration::ZERO,
            window: SimDuration::ZERO,
        });
        let seen = Seen::default();
        let mut world = World::new(model, 1).expect("a legal model");
        let onlooker = Box::new(Onlooker(Arc::clone(&seen)));
        // At 0.25, 0.5, ... s: every fourth look from the first is at the quarter of a second.
        world.set_autoscaler(ServiceId(0), onlooker, SimDuration::from_millis(250));
        world.run(&mut NoRecorder);
        let seen = seen.lock().unwrap();
        // From the third second on. Looks 4 n are at n + 0.25 s, looks 4 n + 2 at n + 0.75 s.
        for second in 3..50 {
            assert_eq!(seen[4 * second], [1000, 1000], "{resolution} {second}");
            let one = &seen[4 * second + 2];
            let other = &seen[4 * (second + 1) + 2];
            assert_eq!(one.iter().sum::<i64>(), 1000, "{resolution} {second}");
            assert_ne!(one, other, "{resolution} {second}: they take turns");
        }
    }
}
