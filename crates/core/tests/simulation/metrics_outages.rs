//! Times without metrics.

use crate::ledger::history;
use crate::systems::{pod, service, system};
use crate::timing::at;
use flashcrowd_core::model::Action;
use flashcrowd_units::SimDuration;

/// Outages as `(begin, length)`, and what is told of them.
fn outages(of: &[(u64, u64)]) -> Vec<(f64, bool)> {
    let mut model = system(100.0, service("s", pod()), vec![]);
    model.actions = of
        .iter()
        .map(|&(begin, seconds)| {
            let length = SimDuration::from_secs(seconds);
            at(begin, Action::MetricsOutage(length))
        })
        .collect();
    history(&model, 1).0.outages
}

#[test]
fn overlapping_outages_are_their_union() {
    let one = |begin, end| vec![(begin, true), (end, false)];
    assert_eq!(
        outages(&[(10, 30), (30, 30)]),
        one(10.0, 60.0),
        "the second ends later"
    );
    assert_eq!(
        outages(&[(10, 60), (20, 10)]),
        one(10.0, 70.0),
        "the first ends later"
    );
    assert_eq!(
        outages(&[(10, 60), (20, 50)]),
        one(10.0, 70.0),
        "both end together"
    );
    assert_eq!(
        outages(&[(10, 20), (30, 20)]),
        one(10.0, 50.0),
        "one follows the other"
    );
    assert_eq!(outages(&[(10, 20), (20, 20), (30, 5)]), one(10.0, 40.0));
}

#[test]
fn outages_apart_are_two() {
    let two = [(10.0, true), (30.0, false), (31.0, true), (51.0, false)];
    assert_eq!(outages(&[(10, 20), (31, 20)]), two);
}
