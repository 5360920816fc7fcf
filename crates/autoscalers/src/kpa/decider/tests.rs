//! The examples of the reference page.

use super::*;
use crate::kpa::KpaConfig;

fn settings(change: impl FnOnce(&mut KpaSettings)) -> KpaSettings {
    let mut settings = KpaConfig::default()
        .resolve()
        .expect("the defaults are legal");
    change(&mut settings);
    settings
}

const fn at(seconds: i64) -> TimePoint {
    TimePoint::from_secs(seconds)
}

fn decide(decider: &mut Decider, now: i64, ready: u32, stable: f64, panic: f64) -> Decision {
    let averages = MetricAverages { stable, panic };
    let decision = decider.decide(at(now), Some(ready), Some(averages));
    decision.expect("there is something to decide by")
}

fn wants(ready: u32, stable: f64, panic: f64) -> (i32, i32, bool) {
    let mut decider = Decider::new(&settings(|_| {}), at(0), 0);
    let steps = decide(&mut decider, 2, ready, stable, panic).steps;
    (steps.stable_want, steps.panic_want, steps.over_threshold)
}

#[test]
fn the_table_of_single_decisions() {
    assert_eq!(wants(1, 140.0, 140.0), (2, 2, true));
    assert_eq!(wants(2, 280.0, 420.0), (4, 6, true));
    assert_eq!(wants(4, 300.0, 560.0), (5, 8, true));
    assert_eq!(wants(4, 300.0, 490.0), (5, 7, false));
    assert_eq!(wants(10, 70.0, 70.0), (5, 5, false));
    assert_eq!(wants(10, 0.0, 0.0), (5, 5, false));
    assert_eq!(wants(1, 0.0, 0.0), (0, 0, false));
    assert_eq!(wants(0, 3.0, 10.0), (1, 1, false));
}

#[test]
fn a_panic_holds_what_it_has_for_a_stable_window() {
    let settings = settings(|it| {
        it.target = 10.0;
        it.max_scale_up_rate = 10.0;
        it.max_scale_down_rate = 10.0;
    });
    let mut decider = Decider::new(&settings, at(0), 0);
    assert_eq!(
        decide(&mut decider, 0, 10, 1000.0, 1000.0).status.desired,
        100
    );
    assert_eq!(decide(&mut decider, 30, 10, 1.0, 1.0).status.desired, 100);
    assert_eq!(decide(&mut decider, 61, 10, 1.0, 1.0).status.desired, 1);
}

#[test]
fn a_panic_without_a_new_cause_is_not_extended() {
    let settings = settings(|it| it.target = 1.0);
    let mut decider = Decider::new(&settings, at(0), 0);
    assert_eq!(decide(&mut decider, 0, 10, 11.0, 25.0).status.desired, 25);
    assert_eq!(decide(&mut decider, 30, 40, 30.0, 41.0).status.desired, 41);
    assert_eq!(decider.panic_since(), Some(at(0)));
    assert_eq!(decide(&mut decider, 62, 55, 50.0, 56.0).status.desired, 50);
}

#[test]
fn excess_burst_capacity() {
    let mut decider = Decider::new(&settings(|_| {}), at(0), 0);
    let mut excess = |ready, panic| {
        let decision = decide(&mut decider, 2, ready, panic, panic);
        decision.status.excess_burst_capacity
    };
    assert_eq!(
        (excess(1, 50.0), excess(3, 50.0), excess(4, 50.0)),
        (-161, 39, 139)
    );
}

#[test]
fn a_wish_is_remembered_for_the_delay() {
    let settings = settings(|it| {
        it.target = 1.0;
        it.scale_down_delay = SimDuration::from_secs(300);
    });
    let mut decider = Decider::new(&settings, at(0), 0);
    let mut desired = |now, load| decide(&mut decider, now, 4, load, load).status.desired;
    assert_eq!(desired(2, 4.0), 4);
    let rest: Vec<_> = (2..=151).map(|tick| desired(tick * 2, 0.0)).collect();
    // The last tick but one is at 300 s. Of 4 ready pods the rate keeps 2.
    assert_eq!(rest[147..], [4, 4, 2]);
}
