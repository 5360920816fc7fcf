//! When probes find out.

use super::{event_loop, newborn, probe};
use crate::ledger::history;
use crate::systems::{constant, pod, service, system};
use crate::timing::once;
use flashcrowd_core::World;
use flashcrowd_core::model::{MemoryModel, PodTemplate, Probe, Readiness, Step};
use flashcrowd_core::record::{Failure, PodStage};
use flashcrowd_units::{Bytes, SimDuration, SimTime};

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

/// A startup probe that fails for ever, and when that ends the container.
fn startup_gives_up(initial_delay: u64) -> Vec<f64> {
    let template = PodTemplate {
        startup: constant(10_000.0),
        startup_probe: Some(Probe {
            initial_delay: SimDuration::from_secs(initial_delay),
            failure_threshold: 30,
            ..probe()
        }),
        ..pod()
    };
    let (history, _) = history(&newborn(400.0, template, vec![]), 1);
    history.times(PodStage::CrashLoopBackOff)
}

/// The budget is `initialDelaySeconds + failureThreshold * periodSeconds`, here 300 s: an upper
/// bound. A worker probes first and waits for a tick then (`run` calls `doProbe` before it selects),
/// so thirty failures are twenty-nine periods apart, and an application that refuses connections
/// is given up on with the thirtieth, at 290 s. The real ticker started with the pod, before the
/// container: its first probe comes up to a period after the container, and the thirtieth between
/// 290 s and 300 s. Here the first one coincides with the container.
#[test]
fn a_startup_probe_gives_up_with_the_last_failure_of_its_budget() {
    assert_eq!(startup_gives_up(0), [290.0]);
    // Ticks before 15 s are skipped: from 20 s on, 310 s of a budget of 315 s.
    assert_eq!(startup_gives_up(15), [310.0]);
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
/// SIGTERM finds nobody who would heed it, SIGKILL comes 30 s later.
#[test]
fn a_blocked_event_loop_is_killed_after_three_periods_and_the_grace_period() {
    let mut phases = Vec::new();
    for seed in 1..=10 {
        let template = PodTemplate {
            liveness_probe: Some(probe()),
            ..event_loop()
        };
        let mut model = system(
            180.0,
            service("loop", template),
            vec![Step::Cpu(constant(1_000.0))],
        );
        model.workloads.push(once(100));
        let (history, totals) = history(&model, seed);
        let killed = history.times(PodStage::CrashLoopBackOff);
        assert_eq!(killed.len(), 1, "seed {seed}: {killed:?}");
        assert!(
            (151.0..=161.0).contains(&killed[0]),
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

/// An event loop that a request blocks from 5 s until 24.5 s, probed every 10 s.
fn blocked_for_a_while(timeout: u64) -> Vec<(f64, PodStage)> {
    let template = PodTemplate {
        readiness: Readiness::Probe(Probe {
            timeout: SimDuration::from_secs(timeout),
            failure_threshold: 1,
            ..probe()
        }),
        ..event_loop()
    };
    let mut model = newborn(39.0, template, vec![Step::Cpu(constant(19.5))]);
    model.workloads.push(once(5));
    let (history, _) = history(&model, 1);
    let after_start = history.moves.iter().filter(|m| m.at > SimTime::ZERO);
    after_start.map(|m| (m.at.as_secs_f64(), m.to)).collect()
}

/// A failure counts when its timeout has passed, not when the probe is sent.
#[test]
fn a_probe_has_failed_when_its_timeout_has_passed() {
    // Probes of 10 s and 20 s time out, that of 30 s is answered at once.
    let expected = [(11.0, PodStage::Running), (30.0, PodStage::Ready)];
    assert_eq!(blocked_for_a_while(1), expected);
}

/// A late answer within the timeout is a success, and counts when it is there.
#[test]
fn a_probe_has_succeeded_when_its_answer_is_there() {
    // The probe of 10 s times out at 15 s; that of 20 s is answered after 4.5 s.
    let expected = [(15.0, PodStage::Running), (24.5, PodStage::Ready)];
    let moves = blocked_for_a_while(5);
    assert_eq!(moves.len(), expected.len(), "{moves:?}");
    for (moved, expected) in moves.into_iter().zip(expected) {
        assert_eq!(moved.1, expected.1);
        assert!((moved.0 - expected.0).abs() < 1e-6, "{moved:?}");
    }
}

/// One probe at a time: of the ticks that come while one is under way the worker's ticker
/// remembers one, so the next probe follows at once.
#[test]
fn a_timeout_longer_than_the_period_delays_the_next_probe() {
    let template = PodTemplate {
        readiness: Readiness::Probe(Probe {
            period: SimDuration::from_secs(2),
            timeout: SimDuration::from_secs(5),
            failure_threshold: 2,
            ..probe()
        }),
        ..event_loop()
    };
    let mut model = newborn(30.0, template, vec![Step::Cpu(constant(1_000.0))]);
    model.workloads.push(once(1));
    let (history, _) = history(&model, 1);
    // Sent at 2 s, failed at 7 s; sent at 7 s because of the tick at 4 s, failed at 12 s.
    assert_eq!(history.times(PodStage::Running), [0.0, 12.0]);
}

/// With nothing inside, an application that drains exits as soon as it gets SIGTERM.
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

/// The ticker of a probe does not begin anew with the container: it is the one of the pod.
#[test]
fn probes_of_a_restarted_container_keep_the_rhythm_of_the_pod() {
    let template = PodTemplate {
        readiness: Readiness::Probe(probe()),
        memory: MemoryModel {
            base: Bytes::new(50),
            per_request: Bytes::new(100),
            leak_per_request: Bytes::new(0),
        },
        memory_limit: Some(Bytes::new(150)),
        ..pod()
    };
    let mut model = newborn(30.0, template, vec![Step::Wait(constant(1.0))]);
    // The only request kills the container; it listens again at once.
    model.workloads.push(once(13));
    let (history, _) = history(&model, 1);
    assert_eq!(history.times(PodStage::CrashLoopBackOff), [13.0]);
    assert_eq!(history.times(PodStage::Ready), [0.0, 20.0]);
}
