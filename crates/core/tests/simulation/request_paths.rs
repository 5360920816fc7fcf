//! Every way in which a request fails, to the request and to the nanosecond.

use crate::ledger::{history, run};
use crate::systems::{constant, endpoint, pod, service, system};
use crate::timing::{at, metronome};
use flashcrowd_core::model::{
    Action, EndpointId, Model, OnSigterm, PodTemplate, Readiness, Service, ServiceId, Step,
};
use flashcrowd_core::record::{Failure, Totals};
use flashcrowd_units::SimDuration;

/// Requests at 0.1 s, 0.2 s, ... that take `seconds` each.
fn ten_a_second(duration: f64, service: Service, seconds: f64) -> Model {
    let mut model = system(duration, service, vec![Step::Wait(constant(seconds))]);
    model.workloads.push(metronome(10.0));
    model
}

/// The failures of a run, by reason.
fn failures(totals: &Totals) -> Vec<(Failure, u64)> {
    Failure::ALL
        .into_iter()
        .map(|f| (f, totals.failed[f as usize]))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[test]
fn a_full_backlog_refuses() {
    let template = PodTemplate {
        concurrency: Some(2),
        backlog: Some(3),
        ..pod()
    };
    let (_, totals) = run(&ten_a_second(2.05, service("s", template), 100.0), 1, 0.0);
    assert_eq!(failures(&totals), [(Failure::BacklogFull, 15)]);
    assert_eq!(totals.in_flight, 5);
}

#[test]
fn the_load_balancer_keeps_its_limit() {
    let mut limited = service("s", pod());
    limited.replicas = 2;
    limited.load_balancer.max_in_flight = Some(3);
    let (_, totals) = run(&ten_a_second(2.05, limited, 100.0), 1, 0.0);
    assert_eq!(failures(&totals), [(Failure::LimitReached, 17)]);
    assert_eq!(totals.in_flight, 3);
}

#[test]
fn without_pods_there_is_no_endpoint() {
    let mut empty = service("s", pod());
    empty.replicas = 0;
    let (_, totals) = run(&ten_a_second(2.05, empty, 0.0), 1, 0.0);
    assert_eq!(failures(&totals), [(Failure::NoReadyEndpoint, 20)]);
}

/// Without a readiness probe a pod gets requests before it listens.
#[test]
fn a_pod_that_does_not_listen_yet_refuses() {
    let template = PodTemplate {
        startup: constant(5.05),
        readiness: Readiness::ContainerRunning,
        ..pod()
    };
    let mut early = service("s", template);
    early.replicas = 0;
    early.load_balancer.propagation = SimDuration::from_millis(1_050);
    let mut model = ten_a_second(10.05, early, 0.01);
    model.actions.push(at(0, Action::Scale(ServiceId(0), 1)));
    let (_, totals) = run(&model, 1, 0.0);
    // Routed from 1.05 s on, listening from 5.05 s on.
    assert_eq!(
        failures(&totals),
        [
            (Failure::NoReadyEndpoint, 10),
            (Failure::ConnectionRefused, 40)
        ]
    );
    assert_eq!(totals.completed, 50);
}

/// One request, at 0.1 s, in a run that ends `after` it came. A run includes everything before
/// its end and nothing at it.
fn outcome(timeout: SimDuration, takes: f64, after: SimDuration) -> Totals {
    let mut model = ten_a_second(1.0, service("s", pod()), takes);
    model.workloads[0].timeout = timeout;
    model.duration = SimDuration::from_millis(100) + after;
    let totals = run(&model, 1, 0.0).1;
    assert_eq!(totals.offered, 1);
    totals
}

#[test]
fn a_client_gives_up_at_its_timeout_and_not_before() {
    let (timeout, tick) = (SimDuration::from_millis(50), SimDuration::from_nanos(1));
    assert_eq!(outcome(timeout, 1.0, timeout).in_flight, 1);
    assert_eq!(
        failures(&outcome(timeout, 1.0, timeout + tick)),
        [(Failure::ClientTimeout, 1)]
    );
    // An answer that comes a nanosecond earlier counts.
    assert_eq!(
        outcome(timeout + tick, 0.05, timeout + tick + tick).completed,
        1
    );
}

/// The client's patience or the proxy's, whichever ends first.
#[test]
fn the_proxy_answers_for_a_slow_pod() {
    for (proxy, failure) in [(40, Failure::UpstreamTimeout), (60, Failure::ClientTimeout)] {
        let mut slow = service("s", pod());
        slow.load_balancer.timeout = Some(SimDuration::from_millis(proxy));
        let mut model = ten_a_second(2.05, slow, 10.0);
        model.workloads[0].timeout = SimDuration::from_millis(50);
        let (_, totals) = run(&model, 1, 0.0);
        let in_time = if proxy == 40 { 20 } else { 19 };
        // The last request came at 2.0 s: 50 ms later is the end of the run.
        assert_eq!(failures(&totals), [(failure, in_time)]);
    }
}

/// A front service that calls a back service.
fn call(back: PodTemplate, timeout: f64, takes: f64) -> Model {
    let mut model = ten_a_second(2.05, service("front", pod()), 0.0);
    let timeout = SimDuration::from_secs_f64(timeout);
    model.endpoints[0].steps = vec![Step::Call {
        endpoint: EndpointId(1),
        timeout,
    }];
    model.services.push(service("back", back));
    model
        .endpoints
        .push(endpoint("back", 1, vec![Step::Wait(constant(takes))]));
    model
}

#[test]
fn a_caller_gives_up_and_the_callee_works_on() {
    let (mut ledger, totals) = run(&call(pod(), 0.04, 0.5), 1, 0.0);
    assert_eq!(failures(&totals), [(Failure::UpstreamTimeout, 20)]);
    assert_eq!(totals.in_flight, 0);
    // Each is 40 ms inside the front service, and 500 ms in the back service or until the end.
    let back: f64 = (1..=20).map(|n| (2.05 - 0.1 * f64::from(n)).min(0.5)).sum();
    let inside = std::mem::take(&mut ledger.in_flight_seconds);
    assert!(
        (inside[0] - 20.0 * 0.04).abs() < 1e-6 && (inside[1] - back).abs() < 1e-6,
        "{inside:?}"
    );
}

#[test]
fn the_reason_of_a_callee_is_the_reason_of_its_caller() {
    let full = PodTemplate {
        concurrency: Some(1),
        backlog: Some(0),
        ..pod()
    };
    let (ledger, totals) = run(&call(full, 10.0, 100.0), 1, 0.0);
    assert_eq!(failures(&totals), [(Failure::BacklogFull, 19)]);
    assert_eq!(
        (ledger.endpoints[0].offered, ledger.endpoints[1].offered),
        (20, 0)
    );
    assert_eq!(totals.in_flight, 1);
}

/// An application that exits on SIGTERM loses what it works on, and nothing else.
#[test]
fn a_pod_that_exits_loses_what_is_inside() {
    let template = PodTemplate {
        on_sigterm: OnSigterm::Exit,
        ..pod()
    };
    let mut shrinking = service("s", template);
    shrinking.load_balancer.propagation = SimDuration::from_millis(500);
    let mut model = ten_a_second(5.05, shrinking, 0.55);
    model.actions.push(at(3, Action::Scale(ServiceId(0), 0)));
    let (_, totals) = run(&model, 1, 0.0);
    // At 3.0 s the requests of 2.5 to 2.9 s are inside; that of 3.0 s comes after SIGTERM. Then the
    // pod is refused by itself until 3.5 s, and by the load balancer from then on.
    assert_eq!(
        failures(&totals),
        [
            (Failure::NoReadyEndpoint, 16),
            (Failure::ConnectionRefused, 5),
            (Failure::PodTerminated, 5)
        ]
    );
    assert_eq!(totals.completed, 24);
}

/// A kill in the callee's pod fails the caller; one in the caller's pod leaves the callee working.
#[test]
fn a_killed_pod_takes_its_part_of_a_call_along() {
    for victim in [0, 1] {
        let mut model = call(pod(), 10.0, 100.0);
        model.services[victim].pod.on_sigterm = OnSigterm::Exit;
        model
            .actions
            .push(at(1, Action::Scale(ServiceId(victim as u32), 0)));
        let (history, totals) = history(&model, 1);
        // Those of 0.1 to 0.9 s are inside; from 1.0 s on nobody is there.
        assert_eq!(
            failures(&totals),
            [(Failure::NoReadyEndpoint, 11), (Failure::PodTerminated, 9)],
            "{victim}"
        );
        let inside = &history.ledger.in_flight_seconds;
        let front = 0.9 + 0.8 + 0.7 + 0.6 + 0.5 + 0.4 + 0.3 + 0.2 + 0.1;
        let back = if victim == 0 {
            front + 9.0 * 1.05
        } else {
            front
        };
        assert!(
            (inside[0] - front).abs() < 1e-6 && (inside[1] - back).abs() < 1e-6,
            "{victim}: {inside:?}"
        );
    }
}
