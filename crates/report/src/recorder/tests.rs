//! What is kept of a run.

use super::*;
use crate::made_up_run::{self, BACKEND};
use flashcrowd_core::record::{PodId, PodStage};
use flashcrowd_telemetry::Resolution;
use flashcrowd_units::SimDuration;

fn recorder(duration: SimDuration) -> RunRecorder {
    RunRecorder::new(made_up_run::context(duration))
}

/// Records an interval of `offered` answered requests to the first endpoint.
fn record(recorder: &mut RunRecorder, start: u64, end: u64, offered: u64, latency: SimDuration) {
    let mut endpoints = vec![EndpointInterval::default(); 3];
    endpoints[0].offered = offered;
    endpoints[0].completed = offered;
    endpoints[0].latency.record_n(latency, offered);
    let service = ServiceInterval {
        desired: 2,
        current: 2,
        ready: 2,
        ..ServiceInterval::default()
    };
    let interval = Interval {
        start: SimTime::from_secs(start),
        endpoints: &endpoints,
        services: &[service],
        queues: &[],
        nodes: &[],
        unschedulable: 0,
    };
    recorder.record(SimTime::from_secs(end), &Record::Interval(interval));
}

#[test]
fn short_intervals_become_samples_of_the_resolution() {
    // A week has samples of five minutes.
    let mut week = recorder(SimDuration::from_secs(7 * 86_400));
    for start in (0..900).step_by(60) {
        record(
            &mut week,
            start,
            start + 60,
            60,
            SimDuration::from_millis(20),
        );
    }
    assert_eq!(week.samples().len(), 3);
    assert_eq!(week.samples().endpoints(1)[0].offered, 300);
    // The run is cut short in the middle of a sample.
    record(&mut week, 900, 960, 60, SimDuration::from_millis(20));
    assert_eq!(week.samples().len(), 3);
    week.finish();
    week.finish();
    assert_eq!(week.samples().len(), 4);
    let (start, end) = week.samples().extents()[3];
    assert_eq!(
        (start, end),
        (SimTime::from_secs(900), SimTime::from_secs(960))
    );
    assert_eq!(week.endpoints()[0].offered, 960);
}

#[test]
fn the_worst_minutes_are_those_with_the_largest_share_of_bad_requests() {
    let mut run = recorder(SimDuration::from_secs(3600));
    for minute in 0..30 {
        // The objective of the first endpoint is 500 ms; every tenth minute misses it.
        let latency = if minute % 10 == 3 { 600 + minute } else { 100 };
        for part in 0..4 {
            let start = minute * 60 + part * 15;
            record(
                &mut run,
                start,
                start + 15,
                100,
                SimDuration::from_millis(latency),
            );
        }
    }
    run.finish();
    let minutes = run.worst_minutes();
    assert_eq!(minutes.len(), WORST_MINUTES);
    let worst: Vec<_> = minutes
        .iter()
        .take(3)
        .map(|m| (m.start.as_secs_f64() / 60.0, m.slow))
        .collect();
    assert_eq!(worst, [(23.0, 400), (13.0, 400), (3.0, 400)]);
    assert_eq!((minutes[0].bad(), minutes[3].bad()), (1.0, 0.0));
    assert_eq!(minutes[0].requests.offered, 400);
    assert_eq!(run.verdicts()[0].minutes.missed, 3);
    assert_eq!(
        run.verdicts()[0].minutes.first_missed,
        Some(SimTime::from_secs(180))
    );
}

#[test]
fn replicas_are_exact_between_intervals() {
    let mut run = recorder(SimDuration::from_secs(60));
    let pod = |from, to| Record::Pod {
        service: BACKEND,
        pod: PodId(7),
        from,
        to,
        reason: "test",
    };
    // The pods of the start are there already.
    run.record(SimTime::ZERO, &pod(None, PodStage::Ready));
    let scaled = Record::Scaled {
        service: BACKEND,
        from: 2,
        to: 3,
        by: "hpa",
        reason: "",
    };
    run.record(SimTime::from_secs(10), &scaled);
    run.record(SimTime::from_secs(20), &pod(None, PodStage::Pending));
    run.record(
        SimTime::from_secs(30),
        &pod(Some(PodStage::Pending), PodStage::Ready),
    );
    run.record(
        SimTime::from_secs(40),
        &pod(Some(PodStage::Ready), PodStage::Terminating),
    );
    run.record(
        SimTime::from_secs(50),
        &pod(Some(PodStage::Terminating), PodStage::Deleted),
    );
    let end = SimTime::from_secs(50);
    let ReplicaLevels {
        desired,
        current,
        ready,
    } = &run.replicas()[0];
    assert_eq!(
        (desired.max(end), current.max(end), ready.max(end)),
        (3, 3, 3)
    );
    // Integrals: 2x10+3x40, 2x20+3x20+2x10, 2x30+3x10+2x10 over 50 s.
    let near = |mean: f64, seconds: f64| assert!((mean - seconds / 50.0).abs() < 1e-12, "{mean}");
    near(desired.mean(end), 140.0);
    near(current.mean(end), 120.0);
    near(ready.mean(end), 110.0);
    assert_eq!(run.scalings()[0], Scalings { up: 1, down: 0 });
}

#[test]
#[should_panic(expected = "records are in order of time")]
fn time_does_not_go_back() {
    let mut run = recorder(SimDuration::from_secs(60));
    run.record(SimTime::from_secs(10), &Record::MetricsOutage(true));
    run.record(SimTime::from_secs(9), &Record::MetricsOutage(false));
}

/// What a run of six hours with one service and three endpoints may keep, as an upper bound from
/// the sizes of the types.
#[test]
fn memory_is_bounded_by_the_number_of_samples() {
    let points = Resolution::MAX_POINTS as usize;
    let series = points * (3 * size_of::<EndpointSample>() + size_of::<ServiceSample>() + 16);
    let events = POD_EVENT_LIMIT * size_of::<Event>();
    // A vector may have grown to twice what it holds.
    let total = 2 * (series + events + DECISION_BYTES_LIMIT);
    assert!(total < 48 << 20, "{total} bytes");
}
