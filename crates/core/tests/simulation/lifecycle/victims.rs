//! Whom a scale-down sends away.

use crate::ledger::history;
use crate::systems::{constant, pod, service, system};
use crate::timing::at;
use flashcrowd_core::model::{Action, Model, PodTemplate, ServiceId};

/// Three old pods (numbers 0 to 2, an hour old) and actions on their Deployment.
fn deployment(pod: PodTemplate, scale: &[(u64, u32)]) -> Model {
    let mut shop = service("shop", pod);
    shop.replicas = 3;
    let mut model = system(2_000.0, shop, vec![]);
    model.actions = scale
        .iter()
        .map(|&(when, to)| at(when, Action::Scale(ServiceId(0), to)))
        .collect();
    model
}

#[test]
fn the_newest_go_first() {
    for seed in 1..=5 {
        // 590 s old ones against those of more than an hour.
        let (history, _) = history(&deployment(pod(), &[(10, 5), (600, 3)]), seed);
        let mut victims = history.victims();
        victims.sort_unstable();
        assert_eq!(victims, [3, 4], "seed {seed}");
    }
}

#[test]
fn who_is_not_ready_goes_before_who_is() {
    // Pod 3 is created and ready at 10 s; pod 4 is created at 20 s and needs until 1020 s.
    let slow = PodTemplate {
        startup: constant(1_000.0),
        ..pod()
    };
    for seed in 1..=5 {
        let (history, _) = history(
            &deployment(slow.clone(), &[(10, 4), (1_500, 5), (1_600, 4)]),
            seed,
        );
        assert_eq!(history.victims(), [4], "seed {seed}");
    }
}

#[test]
fn who_has_no_node_goes_before_who_is_starting() {
    // Scheduling takes 100 s, pulling 1000 s: at 150 s pod 3 has a node and pod 4 has none.
    let slow = PodTemplate {
        scheduling_delay: constant(100.0),
        pull: constant(1_000.0),
        ..pod()
    };
    for seed in 1..=5 {
        let (history, _) = history(
            &deployment(slow.clone(), &[(10, 4), (100, 5), (150, 4)]),
            seed,
        );
        assert_eq!(history.victims(), [4], "seed {seed}");
    }
}

/// Ages are compared by the whole part of their binary logarithm in nanoseconds: 700 s and 900 s
/// both lie between 2^39 (550 s) and 2^40 (1100 s), so chance decides between them.
#[test]
fn pods_of_similar_age_are_equal() {
    let chosen: Vec<_> = (1..=20)
        .map(|seed| {
            history(&deployment(pod(), &[(100, 4), (300, 5), (1_000, 4)]), seed)
                .0
                .victims()
        })
        .collect();
    assert!(chosen.iter().all(|v| v == &[3] || v == &[4]), "{chosen:?}");
    assert!(
        chosen.iter().any(|v| v == &[3]) && chosen.iter().any(|v| v == &[4]),
        "{chosen:?}"
    );
}
