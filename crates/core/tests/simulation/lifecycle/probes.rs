//! When probes find out.

use super::{newborn, probe};
use crate::ledger::history;
use crate::systems::{constant, pod, service, system, workload};
use flashcrowd_core::World;
use flashcrowd_core::model::{CpuScheduling, PodTemplate, Probe, Readiness, Step};
use flashcrowd_core::record::{Failure, PodStage};
use flashcrowd_units::{Rate, SimDuration};
use flashcrowd_workload::{ArrivalProcess, RateShape};

/// An application that is healthy 12 s after its start, probed every 10 s, not before 5 s.
fn slow_starter(success_threshold: u32) -> PodTemplate {
    let probe = Probe {
        initial_delay: SimDuration::from_secs(5),
        success_threshold,
        ..probe()
    };
    PodTemplate {
        startup: constant(12.0),
        readiness: Readiness::Probe(probe),
        ..pod()
    }
}

#[test]
fn ready_at_the_first_probe_after_the_application_listens() {
    let (history, _) = history(&newborn(100.0, slow_starter(1), vec![]), 1);
    assert_eq!(history.times(PodStage::Ready), [20.0]);
}

#[test]
fn ready_after_as_many_successes_as_are_asked_for() {
    let (history, _) = history(&newborn(100.0, slow_starter(3), vec![]), 1);
    assert_eq!(history.times(PodStage::Ready), [40.0]);
}

#[test]
fn readiness_waits_for_the_startup_probe() {
    let every = |seconds| Probe {
        period: SimDuration::from_secs(seconds),
        ..probe()
    };
    let template = PodTemplate {
        startup: constant(12.0),
        startup_probe: Some(every(7)),
        readiness: Readiness::Probe(every(5)),
        ..pod()
    };
    let (history, _) = history(&newborn(100.0, template, vec![]), 1);
    // The startup probe succeeds at 14 s; the readiness probe, every 5 s, is next due at 15 s.
    assert_eq!(history.times(PodStage::Ready), [15.0]);
}

/// Without a readiness probe a container is ready when it has started, and with a startup probe
/// it has not started before that says so.
#[test]
fn without_readiness_probe_the_startup_probe_decides() {
    let template = PodTemplate {
        startup: constant(12.0),
        startup_probe: Some(probe()),
        readiness: Readiness::ContainerRunning,
        ..pod()
    };
    let (history, _) = history(&newborn(100.0, template, vec![]), 1);
    assert_eq!(history.times(PodStage::Ready), [20.0]);
}

#[test]
fn a_probe_without_period_is_refused() {
    let template = PodTemplate {
        liveness_probe: Some(Probe {
            period: SimDuration::ZERO,
            ..probe()
        }),
        ..pod()
    };
    let problem = World::new(newborn(100.0, template, vec![]), 1)
        .map(|_| ())
        .expect_err("it would probe for ever");
    assert_eq!(
        problem.to_string(),
        "period of `newborn`: 0s; probes need a distance"
    );
}

/// Thirty failures, ten seconds apart: the budget is 300 s, and up to a period less where the first
/// probe comes at once.
#[test]
fn a_startup_probe_gives_up_within_its_budget() {
    let template = PodTemplate {
        startup: constant(10_000.0),
        startup_probe: Some(Probe {
            failure_threshold: 30,
            ..probe()
        }),
        ..pod()
    };
    let (history, _) = history(&newborn(400.0, template, vec![]), 1);
    let killed = history.times(PodStage::CrashLoopBackOff);
    assert!(
        killed.len() == 1 && (290.0..=300.0).contains(&killed[0]),
        "{killed:?}"
    );
}

#[test]
fn an_application_that_makes_its_startup_budget_lives() {
    let template = PodTemplate {
        startup: constant(285.0),
        startup_probe: Some(Probe {
            failure_threshold: 30,
            ..probe()
        }),
        ..pod()
    };
    let (history, _) = history(&newborn(400.0, template, vec![]), 1);
    assert!(history.times(PodStage::CrashLoopBackOff).is_empty());
}

/// A request blocks the event loop for good at 100.5 s: three probes fail, the last of them
/// between 20 and 30 s later, wherever in its period the probe is, and then its timeout passes.
#[test]
fn a_blocked_event_loop_is_killed_within_three_periods() {
    let mut phases = Vec::new();
    for seed in 1..=10 {
        let template = PodTemplate {
            threads: Some(1),
            scheduling: CpuScheduling::EventLoop,
            liveness_probe: Some(probe()),
            ..pod()
        };
        let mut model = system(
            150.0,
            service("loop", template),
            vec![Step::Cpu(constant(1_000.0))],
        );
        let mut client = workload("client", 0.0, 0);
        client.process = ArrivalProcess::Deterministic;
        let step = |millis, rate| flashcrowd_workload::Step {
            at: SimDuration::from_millis(millis),
            rate: Rate::per_second(rate).expect("a rate"),
        };
        client.rate = RateShape::Steps(vec![step(0, 0.0), step(100_000, 2.0), step(100_750, 0.0)]);
        model.workloads.push(client);
        let (history, totals) = history(&model, seed);
        let killed = history.times(PodStage::CrashLoopBackOff);
        assert_eq!(killed.len(), 1, "seed {seed}: {killed:?}");
        assert!(
            (120.5..=131.5).contains(&killed[0]),
            "seed {seed}: {killed:?}"
        );
        assert_eq!(
            (totals.offered, totals.failed[Failure::ProbeKilled as usize]),
            (1, 1)
        );
        phases.push(killed[0]);
    }
    let earliest = phases.iter().copied().fold(f64::MAX, f64::min);
    assert!(
        phases.iter().any(|at| at - earliest > 1.0),
        "the phase of a probe is anywhere: {phases:?}"
    );
}

/// The listener is there again at once after the kill, but the requests that were inside are lost.
#[test]
fn a_slow_start_without_startup_probe_is_killed_again_and_again() {
    let template = PodTemplate {
        startup: constant(25.0),
        liveness_probe: Some(probe()),
        ..pod()
    };
    let (history, _) = history(&newborn(100.0, template, vec![]), 1);
    // Probes at 0, 10, 20 s of each container fail; then no, then 10 s, then 20 s of back-off.
    assert_eq!(
        history.times(PodStage::CrashLoopBackOff),
        [20.0, 40.0, 70.0]
    );
    assert!(history.times(PodStage::Ready).is_empty());
}
