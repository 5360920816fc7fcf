//! The beginning and the end of instances.

use super::{event_loop, health_check, newborn, on_instances, quick};
use crate::ledger::history;
use crate::systems::constant;
use crate::timing::{at, metronome, once};
use flashcrowd_core::model::{Action, InstancePool, Model, Repair, ServiceId, Step};
use flashcrowd_core::record::{Failure, PodId, PodStage};
use flashcrowd_units::{Ratio, SimDuration, SimTime};

/// Boot 60 s, start of the application 12 s, a check every 10 s from the boot on, three successes:
/// the checks of 60 and 70 s fail, those of 80, 90 and 100 s succeed.
#[test]
fn requests_come_after_boot_start_and_as_many_checks_as_are_asked_for() {
    let pool = InstancePool {
        boot: constant(60.0),
        ..quick()
    };
    let mut model = newborn(
        200.5,
        pool,
        health_check(10, 3, 3),
        vec![Step::Wait(constant(0.1))],
    );
    model.services[0].pod.startup = constant(12.0);
    model.workloads.push(metronome(1.0));
    let (history, totals) = history(&model, 1);
    assert_eq!(history.times(PodStage::ContainerCreating), [0.0]);
    assert_eq!(history.times(PodStage::Running), [60.0]);
    assert_eq!(history.times(PodStage::Ready), [100.0]);
    // A client a second from 1 s on: 99 come too early, the one of 100 s is served.
    let refused = totals.failed[Failure::NoReadyEndpoint as usize];
    assert_eq!((totals.offered, refused), (200, 99));
    assert_eq!(totals.completed, 101);
    assert!((history.ledger.no_ready_seconds[0] - 100.0).abs() < 1e-9);
}

/// An event loop that is blocked from 25 s to 65 s. In service since the third check, at 20 s; the
/// checks of 30, 40 and 50 s have failed at 33, 43 and 53 s; that of 60 s fails, those of 70, 80 and
/// 90 s succeed.
fn blocked(repair: Option<Repair>) -> Model {
    let pool = InstancePool { repair, ..quick() };
    let check = health_check(10, 3, 3);
    let mut model = newborn(150.0, pool, check, vec![Step::Cpu(constant(40.0))]);
    model.workloads.push(once(25));
    event_loop(model)
}

#[test]
fn an_instance_that_does_not_answer_is_taken_out_and_put_back() {
    let (history, totals) = history(&blocked(None), 1);
    assert_eq!(history.times(PodStage::Ready), [20.0, 90.0]);
    assert_eq!(history.times(PodStage::Running), [0.0, 53.0]);
    assert!(history.times(PodStage::Terminating).is_empty());
    assert_eq!(totals.completed, 1);
}

#[test]
fn an_unhealthy_instance_is_replaced_when_its_grace_period_is_over() {
    let replaced = |grace| {
        let repair = Repair {
            grace: SimDuration::from_secs(grace),
        };
        let (history, totals) = history(&blocked(Some(repair)), 1);
        let launched = history.times(PodStage::ContainerCreating);
        (history.times(PodStage::Terminating), launched, totals)
    };
    // At once, with the work that it has.
    let (terminated, launched, totals) = replaced(0);
    assert_eq!((terminated, launched), (vec![53.0], vec![0.0, 53.0]));
    assert_eq!(totals.failed[Failure::PodTerminated as usize], 1);
    // At the end of the grace period, being unhealthy still.
    let (terminated, launched, _) = replaced(60);
    assert_eq!((terminated, launched), (vec![60.0], vec![0.0, 60.0]));
    // Healthy again by then.
    let (terminated, launched, _) = replaced(100);
    assert_eq!((terminated, launched), (vec![], vec![0.0]));
}

/// Two instances, a client a second that stays for 20 s, one instance less at 100 s. The one that
/// goes holds the clients of 81, 83, ... 99 s.
fn one_less(drain: u64) -> Model {
    let pool = InstancePool {
        drain: SimDuration::from_secs(drain),
        ..quick()
    };
    let check = health_check(10, 1, 3);
    let mut model = on_instances(150.5, pool, check, vec![Step::Wait(constant(20.0))]);
    model.services[0].replicas = 2;
    model.workloads.push(metronome(1.0));
    model.actions.push(at(100, Action::Scale(ServiceId(0), 1)));
    model
}

#[test]
fn without_draining_requests_in_flight_are_lost_and_counted() {
    for (drain, gone, lost) in [(0, 100.0, 10), (6, 106.0, 7), (300, 119.0, 0)] {
        let (history, totals) = history(&one_less(drain), 1);
        // The oldest goes.
        assert_eq!(history.victims(), [0], "drain {drain}");
        assert_eq!(history.times(PodStage::Deleted), [gone], "drain {drain}");
        let failed = totals.failed[Failure::PodTerminated as usize];
        assert_eq!(failed, lost, "drain {drain}");
        assert_eq!(totals.failed_total(), lost, "drain {drain}");
        assert!(totals.is_conserved());
        assert_eq!((totals.offered, totals.in_flight), (150, 20));
    }
}

/// A termination takes its time, and is not paid for.
#[test]
fn an_instance_is_gone_when_its_termination_has_ended() {
    let pool = InstancePool {
        termination: constant(60.0),
        ..quick()
    };
    let mut model = on_instances(300.0, pool, health_check(10, 1, 3), vec![]);
    model.services[0].replicas = 2;
    model.actions.push(at(100, Action::Scale(ServiceId(0), 1)));
    let mut ledger = crate::ledger::Ledger {
        keep_services: true,
        ..Default::default()
    };
    let world = flashcrowd_core::World::new(model.clone(), 1).expect("legal");
    world.run(&mut ledger);
    let paid: f64 = ledger
        .services
        .iter()
        .map(|(_, it)| it[0].pod_seconds)
        .sum();
    assert!((paid - (2.0 * 100.0 + 200.0)).abs() < 1e-9, "{paid}");
    let (history, _) = history(&model, 1);
    assert_eq!(history.times(PodStage::Deleted), [160.0]);
}

/// Half of the launches fail, and each is tried again 30 s later: an instance whose launch has
/// failed k times boots at 30 k + 10 s.
#[test]
fn a_launch_that_failed_is_tried_again() {
    let pool = InstancePool {
        boot: constant(10.0),
        launch_failures: Ratio::new(0.5).expect("a share"),
        launch_retry: SimDuration::from_secs(30),
        ..quick()
    };
    let mut model = newborn(2_000.0, pool, health_check(1, 1, 3), vec![]);
    model.actions[0].action = Action::Scale(ServiceId(0), 200);
    let (history, _) = history(&model, 7);
    let mut failures = 0;
    for id in 0..200 {
        let own = || history.moves.iter().filter(move |it| it.pod == PodId(id));
        let failed = own().filter(|it| it.reason == "LaunchFailed").count() as u64;
        let ready = own().find(|it| it.to == PodStage::Ready);
        let expected = SimTime::from_secs(30 * failed + 10);
        assert_eq!(ready.map(|it| it.at), Some(expected), "instance {id}");
        failures += failed;
    }
    // 200 failures expected, with a standard deviation of 20: four of them on either side.
    assert!((120..=280).contains(&failures), "{failures}");
}
