//! The back-off of a container that crashes.

use crate::ledger::history;
use crate::systems::{constant, exponential, pod, service, system};
use crate::timing::metronome;
use flashcrowd_core::model::{MemoryModel, PodTemplate, Readiness, Step};
use flashcrowd_core::record::{Failure, PodStage};
use flashcrowd_units::{Bytes, SimTime};

/// Any request is too much for the memory.
fn doomed() -> PodTemplate {
    let memory = MemoryModel {
        base: Bytes::new(100),
        per_request: Bytes::new(100),
        leak_per_request: Bytes::new(0),
    };
    PodTemplate {
        memory,
        memory_limit: Some(Bytes::new(150)),
        ..pod()
    }
}

#[test]
fn restarts_come_after_0_10_30_70_150_310_610_910_seconds() {
    let mut model = system(
        1_000.0,
        service("doomed", doomed()),
        vec![Step::Wait(constant(1.0))],
    );
    model.workloads.push(metronome(1_000.0));
    let (history, totals) = history(&model, 1);
    let started = history.moves.iter().filter(|m| m.reason == "Started");
    let restarts: Vec<_> = started.map(|m| m.at.as_secs_f64()).collect();
    let expected = [0.0, 10.0, 30.0, 70.0, 150.0, 310.0, 610.0, 910.0];
    // Each time a request comes within a millisecond and kills the container.
    assert_eq!(restarts.len(), expected.len(), "{restarts:?}");
    for (index, (at, expected)) in restarts.iter().zip(expected).enumerate() {
        let slack = 0.001 * (index + 2) as f64;
        assert!(
            (expected..=expected + slack).contains(at),
            "restart {index} at {at} s, not {expected} s"
        );
    }
    assert_eq!(totals.failed[Failure::OomKilled as usize], 9);
}

/// A leak of one megabyte a request fills a hundred megabytes with the hundredth request.
#[test]
fn a_leak_kills_with_the_request_that_fills_the_limit() {
    let megabyte = 1_000_000;
    let template = PodTemplate {
        memory: MemoryModel {
            base: Bytes::new(50 * megabyte),
            per_request: Bytes::new(0),
            leak_per_request: Bytes::new(megabyte),
        },
        memory_limit: Some(Bytes::new(150 * megabyte)),
        ..pod()
    };
    let mut model = system(
        10.05,
        service("leaky", template),
        vec![Step::Wait(constant(0.001))],
    );
    model.workloads.push(metronome(10.0));
    let (history, totals) = history(&model, 1);
    assert_eq!(history.times(PodStage::CrashLoopBackOff), [10.0]);
    assert_eq!(
        (totals.completed, totals.failed[Failure::OomKilled as usize]),
        (99, 1)
    );
}

/// As `kubectl get pods --watch` shows it: not ready, waiting, running again.
#[test]
fn an_oom_kill_goes_through_not_ready_and_back_off() {
    let template = PodTemplate {
        readiness: Readiness::ContainerRunning,
        ..doomed()
    };
    let mut model = system(
        2.5,
        service("doomed", template),
        vec![Step::Wait(constant(1.0))],
    );
    model.workloads.push(metronome(1.0));
    let (history, _) = history(&model, 1);
    let moves = history.moves.iter().filter(|m| m.at > SimTime::ZERO);
    let moves: Vec<_> = moves
        .map(|m| (m.at.as_secs_f64(), m.to, m.reason))
        .collect();
    let killed = |at| {
        [
            (at, PodStage::Running, "OOMKilled"),
            (at, PodStage::CrashLoopBackOff, "OOMKilled"),
        ]
    };
    let back = [
        (1.0, PodStage::Running, "Started"),
        (1.0, PodStage::Ready, "ContainersReady"),
    ];
    // The first restart comes at once, the second one after 10 s.
    assert_eq!(moves, [killed(1.0), back, killed(2.0)].concat());
}

/// The working set does not depend on who works: time-shared, waiting, queued all count.
#[test]
fn queued_requests_count_for_memory() {
    let template = PodTemplate {
        concurrency: Some(1),
        memory_limit: Some(Bytes::new(1_000)),
        ..doomed()
    };
    let mut model = system(
        1.0,
        service("queue", template),
        vec![Step::Wait(exponential(1_000.0))],
    );
    model.workloads.push(metronome(10.0));
    let (history, totals) = history(&model, 1);
    // 100 + 9 * 100 bytes reach the limit with the ninth request, at 0.9 s.
    assert_eq!(history.times(PodStage::CrashLoopBackOff), [0.9]);
    assert_eq!(totals.failed[Failure::OomKilled as usize], 9);
}
