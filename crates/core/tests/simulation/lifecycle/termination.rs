//! What a scale-down costs: preStop, grace period, propagation.

use crate::ledger::history;
use crate::systems::{constant, pod, service, system, workload};
use crate::timing::at;
use flashcrowd_core::model::{
    Action, BalancingPolicy, Model, OnSigterm, PodTemplate, ServiceId, Step,
};
use flashcrowd_core::record::{Failure, PodStage};
use flashcrowd_units::SimDuration;

/// Two pods with 100 requests a second each, of which one goes at 50 s; the load balancer knows
/// three seconds later.
fn scale_down(pre_stop: u64) -> Model {
    let template = PodTemplate {
        pre_stop: SimDuration::from_secs(pre_stop),
        ..pod()
    };
    let mut shrinking = service("shrinking", template);
    shrinking.replicas = 2;
    shrinking.load_balancer.policy = BalancingPolicy::Random;
    shrinking.load_balancer.propagation = SimDuration::from_secs(3);
    let mut model = system(120.0, shrinking, vec![Step::Wait(constant(0.01))]);
    model.workloads.push(workload("clients", 200.0, 0));
    model.actions.push(at(50, Action::Scale(ServiceId(0), 1)));
    model
}

#[test]
fn a_pre_stop_longer_than_the_propagation_loses_nothing() {
    for seed in 1..=5 {
        let (history, totals) = history(&scale_down(10), seed);
        assert_eq!(totals.failed_total(), 0, "seed {seed}");
        let gone = history.times(PodStage::Deleted)[0];
        // SIGTERM at 60 s; what is inside then takes 10 ms at most.
        assert!((60.0..=60.01).contains(&gone), "seed {seed}: {gone}");
    }
}

/// 100 requests a second for three seconds: a Poisson number with mean 300.
#[test]
fn without_pre_stop_the_propagation_is_lost() {
    for seed in 1..=5 {
        let (_, totals) = history(&scale_down(0), seed);
        let refused = totals.failed[Failure::ConnectionRefused as usize];
        assert_eq!(totals.failed_total(), refused, "seed {seed}");
        assert!(
            (refused as f64 - 300.0).abs() <= 4.0 * 300f64.sqrt(),
            "seed {seed}: {refused}"
        );
    }
}

/// A preStop hook that uses up the grace period gets SIGTERM at its end and SIGKILL 2 s later.
#[test]
fn a_pre_stop_longer_than_the_grace_period_is_cut_off() {
    for (on_sigterm, gone) in [
        (OnSigterm::Exit, 80.0),
        (OnSigterm::Ignore, 82.0),
        (OnSigterm::Drain, 82.0),
    ] {
        let mut model = scale_down(60);
        model.services[0].pod.on_sigterm = on_sigterm;
        // One request is inside each pod for the whole time.
        model.endpoints[0].steps = vec![Step::Wait(constant(1_000.0))];
        let (history, totals) = history(&model, 1);
        assert_eq!(history.times(PodStage::Deleted), [gone], "{on_sigterm:?}");
        assert!(totals.failed[Failure::PodTerminated as usize] > 1_000);
        assert_eq!(
            totals.failed_total(),
            totals.failed[Failure::PodTerminated as usize]
        );
    }
}

/// Two seconds are left between SIGTERM and SIGKILL, however little the hook leaves
/// (`minimumGracePeriodInSeconds` of `killContainer`).
#[test]
fn sigkill_comes_two_seconds_after_sigterm_at_the_earliest() {
    for (pre_stop, grace, gone) in [(0, 1, 52.0), (29, 30, 81.0), (28, 30, 80.0), (1, 0, 52.0)] {
        let mut model = scale_down(pre_stop);
        model.services[0].load_balancer.propagation = SimDuration::ZERO;
        model.services[0].pod.grace_period = SimDuration::from_secs(grace);
        model.services[0].pod.on_sigterm = OnSigterm::Ignore;
        let (history, _) = history(&model, 1);
        assert_eq!(
            history.times(PodStage::Deleted),
            [gone],
            "{pre_stop} s of {grace} s"
        );
    }
}

/// The grace period begins with the deletion, not with SIGTERM.
#[test]
fn the_grace_period_includes_the_pre_stop() {
    let mut model = scale_down(10);
    model.services[0].pod.on_sigterm = OnSigterm::Ignore;
    let (history, _) = history(&model, 1);
    assert_eq!(history.times(PodStage::Deleted), [80.0]);
}

/// A request longer than what is left of the grace period is cut; a shorter one is finished.
#[test]
fn draining_finishes_what_fits_into_the_grace_period() {
    // Requests of 15 s: at SIGTERM (60 s) the last was taken in at 53 s, so the pod is empty at 68 s.
    let mut model = scale_down(10);
    model.endpoints[0].steps = vec![Step::Wait(constant(15.0))];
    let (drained, totals) = history(&model, 1);
    assert_eq!(totals.failed_total(), 0);
    let gone = drained.times(PodStage::Deleted)[0];
    assert!((67.0..=68.0).contains(&gone), "{gone}");
    // Requests of 40 s: those taken in between 40 s and 53 s are inside at SIGKILL (80 s).
    model.endpoints[0].steps = vec![Step::Wait(constant(40.0))];
    let (killed, totals) = history(&model, 1);
    assert_eq!(killed.times(PodStage::Deleted), [80.0]);
    let lost = totals.failed[Failure::PodTerminated as usize] as f64;
    assert!((lost - 1_300.0).abs() <= 4.0 * 1_300f64.sqrt(), "{lost}");
}
