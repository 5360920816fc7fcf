//! Figures of services, endpoints and clients, by what an alert has seen when it fires.

use super::{diary, procedure};
use crate::systems::{constant, endpoint, service, share, system, workload};
use crate::timing::metronome;
use flashcrowd_autoscalers::threshold::Comparison;
use flashcrowd_core::model::{
    EndpointFigure, EndpointId, MemoryModel, MetricSource, Model, NamedMetric, Percentile,
    PodTemplate, ServiceFigure, ServiceId, Step, ThresholdTrigger, Trigger, Workload,
};
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use flashcrowd_workload::ArrivalProcess;

/// What a metric is after five minutes, over the last one.
fn value(mut model: Model, source: MetricSource) -> Option<f64> {
    let interval = SimDuration::from_secs(15);
    let trigger = ThresholdTrigger {
        metric: NamedMetric {
            name: "it".to_owned(),
            source,
            resolution: interval,
            lag: SimDuration::ZERO,
            window: SimDuration::from_secs(60),
        },
        comparison: Comparison::AtLeast(0.0),
        hold: SimDuration::from_secs(300),
        keep_firing: SimDuration::ZERO,
        interval,
        cooldown: None,
        once: false,
    };
    let when = Trigger::Threshold(trigger);
    model.procedures.push(procedure(when, Vec::new()));
    let (diary, _) = diary(model, 5, 7);
    diary.alerts.first().and_then(|alert| alert.value)
}

/// Two pods of 250m (at most 500m) and 200Mi (at most 400Mi), of which the idle process takes
/// 100Mi. Ten requests a second take 0.04 s of CPU each: 0.4 cores, where 0.5 are requested.
fn model() -> Model {
    let (request, limit) = (Some(Millicores::new(250)), Some(Millicores::new(500)));
    let mut template = PodTemplate {
        memory_request: Some(Bytes::from_mebibytes(200)),
        memory_limit: Some(Bytes::from_mebibytes(400)),
        memory: MemoryModel {
            base: Bytes::from_mebibytes(100),
            per_request: Bytes::new(0),
            leak_per_request: Bytes::new(0),
        },
        ..PodTemplate::new("app", request, limit)
    };
    template.containers[0].memory_request = template.memory_request;
    let mut of = service("shop", template);
    of.replicas = 2;
    let steps = vec![Step::Cpu(constant(0.04)), Step::Wait(constant(0.4))];
    let mut model = system(400.0, of, steps);
    model.workloads.push(metronome(10.0));
    model
}

fn of_service(figure: ServiceFigure) -> f64 {
    let source = MetricSource::Service(ServiceId(0), figure);
    value(model(), source).expect("it has a value")
}

fn close(found: f64, expected: f64) {
    let bound = expected * 0.01;
    assert!((found - expected).abs() <= bound, "{found} for {expected}");
}

#[test]
fn cpu_and_memory_relate_to_requests_and_limits() {
    close(of_service(ServiceFigure::Cpu), 0.4);
    close(of_service(ServiceFigure::CpuUtilization), 0.8);
    close(of_service(ServiceFigure::CpuUtilizationOfLimit), 0.4);
    close(of_service(ServiceFigure::Memory), 200.0 * 1024.0 * 1024.0);
    close(of_service(ServiceFigure::MemoryUtilization), 0.5);
    close(of_service(ServiceFigure::MemoryUtilizationOfLimit), 0.25);
    close(of_service(ServiceFigure::Replicas), 2.0);
    close(of_service(ServiceFigure::ReadyReplicas), 2.0);
}

/// Without a request or a limit there is nothing to relate to: no value, and no alert.
#[test]
fn nothing_to_relate_to_is_no_value() {
    let mut bare = model();
    let template = PodTemplate::new("app", None, None);
    bare.services[0].pod = template;
    for figure in [
        ServiceFigure::CpuUtilization,
        ServiceFigure::CpuUtilizationOfLimit,
        ServiceFigure::MemoryUtilization,
        ServiceFigure::MemoryUtilizationOfLimit,
    ] {
        let source = MetricSource::Service(ServiceId(0), figure);
        assert_eq!(value(bare.clone(), source), None, "{figure:?}");
    }
    let mut silent = model();
    silent.workloads.clear();
    let p95 = Percentile::new(95.0).unwrap();
    let source = MetricSource::Service(ServiceId(0), ServiceFigure::Latency(p95));
    assert_eq!(value(silent, source), None);
}

/// Nine requests a second that take 0.1 s, one that takes 1 s: the ninth decile lies between.
fn two_latencies() -> Model {
    let mut model = model();
    model.endpoints[0].steps = vec![Step::Wait(constant(0.1))];
    let slow = endpoint("slow", 0, vec![Step::Wait(constant(1.0))]);
    model.endpoints.push(slow);
    model.workloads = vec![
        metronome(9.0),
        Workload {
            process: ArrivalProcess::Deterministic,
            endpoints: vec![(EndpointId(1), share(1.0))],
            ..workload("others", 1.0, 1)
        },
    ];
    model
}

/// Percentiles of a service are those of all its requests together, not means of percentiles.
#[test]
fn percentiles_are_pooled() {
    let percentile = |percent: f64| Percentile::new(percent).unwrap();
    let service = |percent| {
        let figure = ServiceFigure::Latency(percentile(percent));
        MetricSource::Service(ServiceId(0), figure)
    };
    let endpoint = |index, percent| {
        let figure = EndpointFigure::Latency(percentile(percent));
        MetricSource::Endpoint(EndpointId(index), figure)
    };
    for (source, expected) in [
        (service(85.0), 0.1),
        (service(95.0), 1.0),
        (endpoint(0, 99.9), 0.1),
        (endpoint(1, 1.0), 1.0),
    ] {
        close(value(two_latencies(), source).expect("a value"), expected);
    }
}

#[test]
fn endpoints_and_clients() {
    let of = |figure| {
        let source = MetricSource::Endpoint(EndpointId(1), figure);
        value(two_latencies(), source).expect("a value")
    };
    close(of(EndpointFigure::Requests), 1.0);
    assert!(of(EndpointFigure::Errors).abs() < 1e-12);
    assert!(of(EndpointFigure::ErrorRatio).abs() < 1e-12);
    // Little: 9/s for 0.1 s and 1/s for 1 s; at most one and one at a time, and not always both.
    let clients = value(two_latencies(), MetricSource::Clients).expect("a value");
    assert!((1.0..=3.0).contains(&clients), "{clients}");
}

/// A window forgets: the p95 of the last minute knows nothing of what was slow before it.
#[test]
fn percentiles_forget_what_was_before_the_window() {
    let mut model = two_latencies();
    let step = |seconds, rate| flashcrowd_workload::Step {
        at: SimDuration::from_secs(seconds),
        rate: flashcrowd_units::Rate::per_second(rate).unwrap(),
    };
    // The slow ones, by far the most, cease at 200 s.
    let steps = vec![step(0, 100.0), step(200, 0.0)];
    model.workloads[1].rate = flashcrowd_workload::RateShape::Steps(steps);
    let p95 = Percentile::new(95.0).unwrap();
    let source = MetricSource::Service(ServiceId(0), ServiceFigure::Latency(p95));
    close(value(model, source).expect("a value"), 0.1);
}
