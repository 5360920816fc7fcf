//! Scale-up and scale-down by the cluster autoscaler, with the times reckoned by hand.

use super::chronicle::{Chronicle, Entry};
use super::{cluster, constant, group, scale_at, template};
use flashcrowd_autoscalers::scheduling::{Taint, TaintEffect, Toleration, TolerationOperator};
use flashcrowd_core::model::Placement;
use flashcrowd_core::record::{NodeStage, PodId, PodStage};
use flashcrowd_units::SimDuration;

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
}

/// Two pods of 900m fill a node of 2000m: the third, wanted at 100 s, has no place.
///
/// The autoscaler looks every 10 s and leaves pods alone that are younger than 2 s: it asks for
/// a node at a loop L with 102 <= L < 112. The node registers at L + 60 and is ready at
/// L + 60 + 15 = L + 75. The pod has been backed off for no more than 1 s and is bound at once; its
/// image takes 2 s, its start 5 s: it is ready at L + 82.
#[test]
fn a_pod_without_a_place_gets_a_node() {
    let mut model = cluster(400.0, 2, template(), vec![group("general", (1, 1, 3))]);
    model.actions.push(scale_at(100, 3));
    let (found, totals) = Chronicle::of(&model, 7);
    let third = PodId(2);
    let why = "0/1 nodes are available: 1 Insufficient cpu".to_owned();
    let refused = found
        .entries
        .iter()
        .find(|it| matches!(it.1, Entry::Unschedulable(..)))
        .expect("the pod has no place");
    assert_eq!(refused.1, Entry::Unschedulable(third, why));
    assert_near(refused.0.as_secs_f64(), 100.0);

    let asked = found.nodes(NodeStage::Provisioning, "ScaleUp");
    assert_eq!(asked.len(), 1, "one node is enough");
    let at = asked[0];
    assert!((102.0..112.0).contains(&at), "{at}");
    let registered = found.nodes(NodeStage::NotReady, "Registered");
    assert_near(registered[0], at + 60.0);
    assert_near(found.nodes(NodeStage::Ready, "KubeletReady")[0], at + 75.0);
    let creating = found.pod(third, PodStage::ContainerCreating);
    assert_near(creating.expect("it was bound"), at + 75.0);
    assert_near(
        found.pod(third, PodStage::Running).expect("it runs"),
        at + 77.0,
    );
    assert_near(
        found.pod(third, PodStage::Ready).expect("it is ready"),
        at + 82.0,
    );

    // 400 s of the first node and 400 - L of the second, at 3.60 USD an hour.
    let cost: f64 = found.intervals.iter().map(|it| it[0].cost.get()).sum();
    assert_near(cost, (400.0 + 400.0 - at) * 0.001);
    assert!(totals.is_conserved());
    assert_eq!(totals.failed_total(), 0);
}

/// Three pods on two nodes; at 1000 s one of them goes. Whichever it is, a node is left with one
/// pod or none, at most 45 % of its 2000m. From the first loop S after that, 1000 < S <= 1010, it
/// is unneeded; 10 minutes have to be *over*, so it goes at the loop S + 610 and not at S + 600. It
/// is tainted then, drained 5 s later, and its pod, which has nothing to finish and no endpoint
/// to be taken from, ends at once.
#[test]
fn a_node_that_is_not_needed_goes_after_ten_minutes() {
    let mut model = cluster(2000.0, 3, template(), vec![group("general", (1, 2, 3))]);
    model.workloads.clear();
    model.actions.push(scale_at(1000, 2));
    let (found, _) = Chronicle::of(&model, 7);
    let tainted = found.nodes(NodeStage::Draining, "ScaleDown");
    assert_eq!(tainted.len(), 1);
    let start = tainted[0] - 610.0;
    assert!((1000.0..=1010.0).contains(&start), "{start}");
    let gone = found.nodes(NodeStage::Deleted, "ScaleDown");
    assert_near(gone[0], tainted[0] + 5.0);
    assert!(
        found
            .entries
            .iter()
            .any(|it| it.1 == Entry::Resized(0, 2, 1))
    );
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (1, 2));
}

/// The Artisan guide: pods that tolerate the spot taint and select the general nodes land there
/// only. Without a group that has the label they wait for ever.
#[test]
fn taints_and_selectors_decide_where_pods_may_go() {
    let taint = Taint {
        key: "spot-instance".to_owned(),
        value: "true".to_owned(),
        effect: TaintEffect::NoSchedule,
    };
    let mut spot = group("compute", (1, 1, 1));
    spot.shape.taints.push(taint.clone());
    let mut general = group("general", (1, 1, 1));
    let label = ("node-type".to_owned(), "general-purpose".to_owned());
    general.shape.labels.extend([label.clone()]);
    let groups = vec![spot, general];
    let place = |placement: Placement| {
        let template = flashcrowd_core::model::PodTemplate {
            placement,
            ..template()
        };
        let (found, _) = Chronicle::of(&cluster(60.0, 2, template, groups.clone()), 3);
        let last = found.intervals.last().expect("there are intervals").clone();
        let left = *found.unschedulable.last().expect("there are intervals");
        (last[0].pods, last[1].pods, left)
    };
    let toleration = Toleration {
        key: taint.key.clone(),
        operator: TolerationOperator::Equal,
        value: taint.value.clone(),
        effect: None,
    };
    let nothing = Placement::default();
    assert_eq!(place(nothing.clone()), (0, 2, 0));
    let tolerant = Placement {
        tolerations: vec![toleration],
        ..nothing.clone()
    };
    // Spread over the hosts, as the scheduler prefers it.
    assert_eq!(place(tolerant.clone()), (1, 1, 0));
    let selective = Placement {
        node_selector: [label].into(),
        ..tolerant.clone()
    };
    assert_eq!(place(selective), (0, 2, 0));
    let hopeless = Placement {
        node_selector: [("node-type".to_owned(), "gpu".to_owned())].into(),
        ..tolerant
    };
    assert_eq!(place(hopeless), (0, 0, 2));
}

/// A group of two to three nodes is told to have three, and the third takes 20 minutes to boot: after
/// 15 the autoscaler calls it off. Meanwhile one of the other two is being drained: it has been half
/// empty since the pods that went at 170 s had ended, and its own pod takes 200 s to end too. Both
/// deletions would leave one node, so the provider refuses the later one, and the drained node
/// takes pods again.
#[test]
fn the_provider_keeps_a_group_at_its_minimum() {
    let template = flashcrowd_core::model::PodTemplate {
        pre_stop: SimDuration::from_secs(200),
        grace_period: SimDuration::from_secs(300),
        ..template()
    };
    let mut slow = group("general", (2, 2, 3));
    slow.boot = constant(1200.0);
    let mut model = cluster(1800.0, 2, template, vec![slow]);
    model.workloads.clear();
    model.actions.push(scale_at(100, 5));
    model.actions.push(scale_at(170, 2));
    let (found, _) = Chronicle::of(&model, 7);
    assert_eq!(found.nodes(NodeStage::Deleted, "NeverRegistered").len(), 1);
    assert_eq!(found.nodes(NodeStage::Ready, "DrainFailed").len(), 1);
    let sizes = found.entries.iter().filter_map(|(_, entry)| match entry {
        Entry::Resized(0, _, to) => Some(*to),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [3, 2]);
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (2, 2));
}

/// Six pods, two a node, and room for two nodes: two pods wait to the end.
#[test]
fn a_group_at_its_maximum_leaves_pods_waiting() {
    let mut model = cluster(900.0, 2, template(), vec![group("general", (1, 1, 2))]);
    model.actions.push(scale_at(100, 6));
    let (found, _) = Chronicle::of(&model, 1);
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (2, 4));
    assert_eq!(found.unschedulable.last(), Some(&2));
}
