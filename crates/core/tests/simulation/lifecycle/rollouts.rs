//! Rolling updates under load.

use crate::ledger::{Move, history};
use crate::systems::{constant, pod, service, system, workload};
use crate::timing::at;
use flashcrowd_core::model::{
    Action, BalancingPolicy, IntOrPercent, Model, PodTemplate, RolloutStrategy, ServiceId, Step,
};
use flashcrowd_core::record::PodStage;
use flashcrowd_units::SimDuration;

const REPLICAS: usize = 10;

fn rollout(pre_stop: u64) -> Model {
    let template = PodTemplate {
        startup: constant(5.0),
        pull: constant(1.0),
        pre_stop: SimDuration::from_secs(pre_stop),
        ..pod()
    };
    let mut shop = service("shop", template);
    shop.replicas = REPLICAS as u32;
    shop.load_balancer.policy = BalancingPolicy::RoundRobin;
    shop.load_balancer.propagation = SimDuration::from_secs(2);
    let mut model = system(300.0, shop, vec![Step::Wait(constant(0.05))]);
    model.workloads.push(workload("clients", 200.0, 0));
    model
        .actions
        .push(at(30, Action::RolloutRestart(ServiceId(0))));
    model
}

/// The numbers of active and of ready pods after each instant.
fn counts(moves: &[Move]) -> Vec<(usize, usize)> {
    let mut stages: Vec<(u32, PodStage)> = Vec::new();
    let mut counts = Vec::new();
    for (index, m) in moves.iter().enumerate() {
        stages.retain(|(pod, _)| *pod != m.pod.0);
        stages.push((m.pod.0, m.to));
        if moves.get(index + 1).is_none_or(|next| next.at > m.at) {
            let active = stages
                .iter()
                .filter(|(_, s)| !matches!(s, PodStage::Terminating | PodStage::Deleted));
            let ready = stages.iter().filter(|(_, s)| *s == PodStage::Ready);
            counts.push((active.count(), ready.count()));
        }
    }
    counts
}

#[test]
fn a_rolling_update_with_pre_stop_loses_nothing() {
    let (history, totals) = history(&rollout(5), 1);
    assert_eq!(totals.failed_total(), 0);
    assert_eq!(history.times(PodStage::Deleted).len(), REPLICAS);
    // maxSurge 25 % of 10 rounds up to 3, maxUnavailable down to 2.
    let counts = counts(&history.moves);
    assert!(
        counts
            .iter()
            .all(|&(active, ready)| active <= REPLICAS + 3 && ready >= REPLICAS - 2),
        "{counts:?}"
    );
    assert_eq!(counts.last(), Some(&(REPLICAS, REPLICAS)));
}

#[test]
fn a_rolling_update_without_pre_stop_refuses_requests() {
    let (_, totals) = history(&rollout(0), 1);
    assert!(totals.failed_total() > 0);
}

/// `minReadySeconds` spaces the steps: a new pod replaces nobody before it has been ready so long.
#[test]
fn min_ready_seconds_slow_the_update_down() {
    let mut model = rollout(5);
    model.services[0].rollout = RolloutStrategy::RollingUpdate {
        max_surge: IntOrPercent::Int(1),
        max_unavailable: IntOrPercent::Int(0),
        min_ready: SimDuration::from_secs(10),
    };
    let (history, totals) = history(&model, 1);
    assert_eq!(totals.failed_total(), 0);
    // One at a time, each 1 + 5 s until ready and 10 s more: every 16 s.
    let expected: Vec<f64> = (1..=REPLICAS).map(|n| 30.0 + 16.0 * n as f64).collect();
    assert_eq!(history.times(PodStage::Terminating), expected);
}

#[test]
fn recreate_has_no_pod_in_between() {
    let mut model = rollout(5);
    model.services[0].rollout = RolloutStrategy::Recreate;
    let (history, totals) = history(&model, 1);
    let counts = counts(&history.moves);
    assert!(counts.iter().any(|&(_, ready)| ready == 0));
    assert!(counts.iter().all(|&(active, _)| active <= REPLICAS));
    assert_eq!(counts.last(), Some(&(REPLICAS, REPLICAS)));
    assert!(totals.failed_total() > 0);
    // All go at 30 s, SIGTERM at 35 s, the last request ends 50 ms later at most; then the new ones.
    let born: Vec<f64> = history.times(PodStage::Pending);
    assert!(
        born.iter().all(|at| (35.0..=35.05).contains(at)),
        "{born:?}"
    );
}

/// Pods without a node are gone at once, in the middle of the controller's own work.
#[test]
fn scaling_down_in_the_middle_of_an_update_ends_with_the_right_number() {
    for seed in 1..=5 {
        let mut model = rollout(5);
        model.services[0].pod.scheduling_delay = constant(20.0);
        model.actions.push(at(40, Action::Scale(ServiceId(0), 2)));
        let (history, _) = history(&model, seed);
        assert_eq!(counts(&history.moves).last(), Some(&(2, 2)), "seed {seed}");
        let mut victims = history.victims();
        let sent_away = victims.len();
        victims.sort_unstable();
        victims.dedup();
        assert_eq!(victims.len(), sent_away, "seed {seed}: each pod goes once");
        let survivors = history
            .moves
            .iter()
            .filter(|m| m.to == PodStage::Ready && !victims.contains(&m.pod.0));
        assert!(
            survivors.into_iter().all(|m| m.pod.0 >= REPLICAS as u32),
            "seed {seed}: none of the old template"
        );
    }
}
