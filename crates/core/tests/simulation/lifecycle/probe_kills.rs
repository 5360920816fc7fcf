//! How the kubelet ends a container that a liveness probe has given up on.
//!
//! As any other (`killContainer` of `pkg/kubelet/kuberuntime/kuberuntime_container.go`): preStop
//! hook, SIGTERM, what is left of the grace period, SIGKILL.

use super::{event_loop, newborn, probe};
use crate::ledger::{History, history};
use crate::systems::{constant, pod};
use crate::timing::{at, once};
use flashcrowd_core::model::{
    Action, Model, OnSigterm, PodTemplate, Probe, Readiness, ServiceId, Step,
};
use flashcrowd_core::record::{Failure, PodStage, Totals};
use flashcrowd_units::{SimDuration, SimTime};

/// A request blocks the event loop from 5 s until 45 s. Probes of 10, 20 and 30 s fail after a
/// second each: the verdict falls at 31 s.
fn blocked(template: PodTemplate) -> Model {
    let template = PodTemplate {
        liveness_probe: template.liveness_probe.or(Some(probe())),
        ..template
    };
    let mut model = newborn(90.0, template, vec![Step::Cpu(constant(40.0))]);
    model.workloads.push(once(5));
    model
}

/// When the container ended first, how many requests were answered, and how many lost.
fn end((history, totals): &(History, Totals)) -> (f64, u64, u64) {
    let ended = history.times(PodStage::CrashLoopBackOff);
    let lost = totals.failed[Failure::ProbeKilled as usize];
    assert_eq!(totals.failed_total(), lost);
    (ended[0], totals.completed, lost)
}

#[test]
fn requests_in_flight_may_finish_within_the_grace_period() {
    let ended = end(&history(&blocked(event_loop()), 1));
    assert_eq!(ended, (45.0, 1, 0));
}

#[test]
fn the_grace_period_includes_the_hook_and_may_be_that_of_the_probe() {
    use OnSigterm::{Drain, Exit, Ignore};
    // Grace period of the pod 30 s. Hook, grace period of the probe, application: end, answered.
    for (hook, grace, on_sigterm, ended, answered) in [
        (0, None, Exit, 31.0, 0),
        (5, None, Exit, 36.0, 0),
        (5, None, Ignore, 61.0, 1),
        (60, None, Exit, 61.0, 1),
        (60, None, Ignore, 63.0, 1),
        (0, Some(10), Ignore, 41.0, 0),
        (0, Some(10), Drain, 41.0, 0),
        (0, Some(50), Ignore, 81.0, 1),
        (60, Some(10), Exit, 41.0, 0),
        (60, Some(10), Ignore, 43.0, 0),
    ] {
        let liveness = Probe {
            grace_period: grace.map(SimDuration::from_secs),
            ..probe()
        };
        let template = PodTemplate {
            liveness_probe: Some(liveness),
            pre_stop: SimDuration::from_secs(hook),
            on_sigterm,
            ..event_loop()
        };
        assert_eq!(
            end(&history(&blocked(template), 1)),
            (ended, answered, 1 - answered),
            "{hook} s of {grace:?} s, {on_sigterm:?}"
        );
    }
}

/// The Ready condition is that of the readiness probe as long as the container runs; the back-off
/// begins with its end.
#[test]
fn a_pod_stays_ready_until_its_container_has_ended() {
    let template = PodTemplate {
        readiness: Readiness::ContainerRunning,
        on_sigterm: OnSigterm::Ignore,
        ..event_loop()
    };
    let (history, _) = history(&blocked(template), 1);
    let moves = history.moves.iter().filter(|m| m.at > SimTime::ZERO);
    let moves: Vec<_> = moves
        .map(|m| (m.at.as_secs_f64(), m.to, m.reason))
        .collect();
    let expected = [
        (61.0, PodStage::Running, "Unhealthy"),
        (61.0, PodStage::CrashLoopBackOff, "Unhealthy"),
        (61.0, PodStage::Running, "Started"),
        (61.0, PodStage::Ready, "ContainersReady"),
    ];
    assert_eq!(moves, expected);
}

/// An application that needs 25 s to start, is given up on after 20 s, and takes no notice of
/// SIGTERM: each of its containers lives for 50 s, and waits for its restart from then on.
#[test]
fn the_back_off_begins_when_the_container_has_ended() {
    let template = PodTemplate {
        startup: constant(25.0),
        liveness_probe: Some(probe()),
        on_sigterm: OnSigterm::Ignore,
        ..pod()
    };
    let (history, _) = history(&newborn(250.0, template, vec![]), 1);
    let started = history.moves.iter().filter(|m| m.reason == "Started");
    let started: Vec<_> = started.map(|m| m.at.as_secs_f64()).collect();
    // After no, 10 s and 20 s of back-off.
    assert_eq!(
        history.times(PodStage::CrashLoopBackOff),
        [50.0, 100.0, 160.0, 230.0]
    );
    assert_eq!(started, [0.0, 50.0, 110.0, 180.0]);
}

/// The deletion of the pod cancels the restart that is under way (`UpdatePod` of
/// `pkg/kubelet/pod_workers.go`) and stops the container by its own clock.
#[test]
fn a_deletion_overtakes_a_restart() {
    let template = PodTemplate {
        on_sigterm: OnSigterm::Ignore,
        ..event_loop()
    };
    let mut model = blocked(template);
    model.endpoints[0].steps = vec![Step::Cpu(constant(1_000.0))];
    model.actions.push(at(40, Action::Scale(ServiceId(0), 0)));
    let (history, totals) = history(&model, 1);
    // SIGKILL not at 61 s but 30 s after the deletion.
    assert_eq!(history.times(PodStage::Deleted), [70.0]);
    assert!(history.times(PodStage::CrashLoopBackOff).is_empty());
    assert_eq!(totals.failed[Failure::PodTerminated as usize], 1);
}
