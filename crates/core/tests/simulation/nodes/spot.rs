//! Spot interruptions.

use super::chronicle::{Chronicle, Entry};
use super::{cluster, constant, group, template, workload};
use flashcrowd_core::model::{NodeGroup, OnSigterm, PodTemplate, Spot, Step};
use flashcrowd_core::record::{NodeStage, PodStage};
use flashcrowd_units::{Rate, SimDuration};

fn spot(per_hour: f64, size: u32) -> NodeGroup {
    NodeGroup {
        spot: Some(Spot {
            interruptions: Rate::per_second(per_hour / 3600.0).expect("rates of tests are legal"),
            notice: SimDuration::from_secs(120),
        }),
        ..group("spot", (size, size, size))
    }
}

/// Two minutes are enough for an application that drains: nothing is lost with the node.
#[test]
fn a_notice_lets_pods_finish() {
    let model = cluster(7200.0, 2, template(), vec![spot(2.0, 3)]);
    let (found, totals) = Chronicle::of(&model, 11);
    let noticed = found.nodes(NodeStage::Draining, "SpotInterruption");
    let reclaimed = found.nodes(NodeStage::Deleted, "SpotReclaimed");
    let replaced = found.nodes(NodeStage::Provisioning, "Replacement");
    assert!(noticed.len() > 3, "{noticed:?}");
    for (noticed, reclaimed) in noticed.iter().zip(&reclaimed) {
        assert!((reclaimed - noticed - 120.0).abs() < 1e-6);
    }
    assert_eq!(reclaimed, replaced, "the group asks for another at once");
    assert_eq!(found.lost, 0);
    assert!(totals.is_conserved());
}

/// An application that takes no notice of SIGTERM is still there after two minutes, with requests
/// that take three; what is inside is lost with the node.
#[test]
fn what_is_left_after_the_notice_is_lost() {
    let template = PodTemplate {
        on_sigterm: OnSigterm::Ignore,
        grace_period: SimDuration::from_secs(600),
        ..template()
    };
    let mut model = cluster(7200.0, 2, template, vec![spot(2.0, 3)]);
    model.workloads = vec![workload("users", 1.0, 0)];
    model.endpoints[0].steps = vec![Step::Wait(constant(180.0))];
    let (found, totals) = Chronicle::of(&model, 11);
    assert!(found.lost > 0);
    assert!(totals.is_conserved());
    // The node takes the pods with it in the very moment.
    let reclaimed = found.nodes(NodeStage::Deleted, "SpotReclaimed");
    let died = found.entries.iter().filter(|(at, entry)| {
        matches!(entry, Entry::Pod(_, _, PodStage::Deleted, _))
            && reclaimed.contains(&at.as_secs_f64())
    });
    assert!(died.count() > 0);
    assert_eq!(found.unschedulable.last(), Some(&0));
}

/// Interruptions have no memory: of 40 nodes at one interruption every two hours each, 100 hours
/// see 40 * 100 / 2 = 2000 of them, less those while a replacement boots (60 s and the notice of
/// 120 s in 7200 s: 2.5 %): 1951, with a standard deviation of 44.
#[test]
fn interruptions_come_at_their_rate() {
    let mut model = cluster(360_000.0, 0, template(), vec![spot(0.5, 40)]);
    model.workloads.clear();
    let (found, _) = Chronicle::of(&model, 5);
    let count = found.nodes(NodeStage::Draining, "SpotInterruption").len();
    assert!((1951 - 4 * 44..=1951 + 4 * 44).contains(&count), "{count}");
}
