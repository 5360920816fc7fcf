//! Pods without a node get one: which, and when.

use crate::rig::{Event, LARGE, Rig, XLARGE, XLARGE4, pool, workload};
use flashcrowd_autoscalers::karpenter::{CapacityType, KarpenterSettings, NodePool, PoolLimits};
use flashcrowd_autoscalers::scheduling::{Taint, TaintEffect, Toleration, TolerationOperator};
use flashcrowd_units::{Millicores, SimDuration};

/// Pods of 1500m at 100 s. The batch ends a second after the last; the node is there 40 s later.
#[test]
fn a_pod_gets_the_cheapest_node_that_takes_it() {
    let mut rig = Rig::on_demand(&[XLARGE4, LARGE, XLARGE], vec![workload(1_500)]);
    rig.run_to(100);
    rig.pods(0, 1);
    rig.run_to(160);
    assert_eq!(rig.launched(), ["c5.large"]);
    assert_eq!(rig.when(|it| matches!(it, Event::Launched(..))), [101]);
    assert_eq!(rig.placed(0), 1);
}

/// Test vector 1 of the reference: nodes of 4000m, ten pods of 1500m, two on a node: five nodes.
#[test]
fn ten_pods_of_which_two_fill_a_node_need_five() {
    let mut rig = Rig::on_demand(&[XLARGE], vec![workload(1_500)]);
    rig.pods(0, 10);
    rig.run_to(20);
    assert_eq!(rig.launched(), ["c5.xlarge"; 5]);
    // While they boot, nobody asks for more.
    rig.run_to(60);
    assert_eq!((rig.launched().len(), rig.placed(0)), (5, 10));
}

/// Test vector 2: three pods of 3000m and three of 1000m on nodes of 4000m. The large ones come
/// first and open three nodes, the small ones fill them.
#[test]
fn large_pods_come_first() {
    let mut rig = Rig::on_demand(&[XLARGE], vec![workload(1_000), workload(3_000)]);
    rig.pods(0, 3);
    rig.pods(1, 3);
    rig.run_to(20);
    assert_eq!(rig.launched().len(), 3);
}

/// A new node grows with its pods as long as any type takes them: ten pods of 900m are one node of
/// sixteen cores for 0.68 USD, although five of two cores would do for 0.425.
#[test]
fn pods_share_a_large_node_where_there_is_one() {
    let mut rig = Rig::on_demand(&[LARGE, XLARGE4], vec![workload(900)]);
    rig.pods(0, 10);
    rig.run_to(20);
    assert_eq!(rig.launched(), ["c5.4xlarge"]);
}

/// A pod every second: the batch is never idle, and ends 10 s after its first pod.
#[test]
fn a_batch_lasts_ten_seconds_at_most() {
    let settings = KarpenterSettings {
        batch_idle: SimDuration::from_secs(2),
        ..KarpenterSettings::default()
    };
    let kinds = vec![(XLARGE4, CapacityType::OnDemand)];
    let mut rig = Rig::new(
        settings,
        vec![(pool("default"), kinds)],
        vec![workload(100)],
    );
    rig.run_to(50);
    for second in 50..70 {
        rig.run_to(second);
        rig.pods(0, 1);
    }
    rig.run_to(71);
    assert_eq!(rig.when(|it| matches!(it, Event::Launched(..))), [60]);
}

/// On spot capacity where it is allowed, and then at the lowest price.
#[test]
fn spot_capacity_comes_first() {
    let cheap = (LARGE.0, LARGE.1, LARGE.2, 0.03);
    let kinds = vec![
        (LARGE, CapacityType::OnDemand),
        (XLARGE, CapacityType::Spot),
        (cheap, CapacityType::Spot),
    ];
    let pools = vec![(pool("default"), kinds)];
    let mut rig = Rig::new(KarpenterSettings::default(), pools, vec![workload(500)]);
    rig.pods(0, 1);
    rig.run_to(10);
    let launched = rig.when(|it| matches!(it, Event::Launched(_, name) if name == "c5.large/spot"));
    assert_eq!(launched.len(), 1);
}

/// The pool with the higher weight, unless it has nothing for the pod.
#[test]
fn pools_are_tried_by_weight() {
    let heavy = NodePool {
        weight: 10,
        ..pool("heavy")
    };
    let pools = vec![
        (
            pool("light"),
            vec![
                (LARGE, CapacityType::OnDemand),
                (XLARGE4, CapacityType::OnDemand),
            ],
        ),
        (heavy, vec![(XLARGE, CapacityType::OnDemand)]),
    ];
    let workloads = vec![workload(1_000), workload(10_000)];
    let mut rig = Rig::new(KarpenterSettings::default(), pools, workloads);
    rig.pods(0, 1);
    rig.pods(1, 1);
    rig.run_to(10);
    // The pod of ten cores comes first, and has room for the other one.
    assert_eq!(rig.launched(), ["c5.4xlarge"]);
    let pools = vec![
        (pool("light"), vec![(LARGE, CapacityType::OnDemand)]),
        (
            NodePool {
                weight: 10,
                ..pool("heavy")
            },
            vec![(XLARGE, CapacityType::OnDemand)],
        ),
    ];
    let mut rig = Rig::new(KarpenterSettings::default(), pools, vec![workload(1_000)]);
    rig.pods(0, 1);
    rig.run_to(10);
    assert_eq!(rig.launched(), ["c5.xlarge"]);
}

#[test]
fn a_pool_with_a_taint_is_for_those_who_tolerate_it() {
    let mut tolerant = workload(1_000);
    tolerant.pod.tolerations.push(Toleration {
        key: "team".to_owned(),
        operator: TolerationOperator::Exists,
        value: String::new(),
        effect: None,
    });
    let mut rig = Rig::on_demand(&[LARGE], vec![workload(1_000), tolerant]);
    rig.shapes[0].taints.push(Taint {
        key: "team".to_owned(),
        value: "a".to_owned(),
        effect: TaintEffect::NoSchedule,
    });
    rig.pods(0, 1);
    rig.run_to(5);
    assert!(rig.launched().is_empty());
    let mut steps = rig
        .decisions
        .iter()
        .filter_map(|it| it.1.karpenter.as_ref()?.provisioning.clone());
    assert!(steps.next_back().is_some_and(|it| it.unplaced.len() == 1));
    rig.pods(1, 1);
    rig.run_to(10);
    assert_eq!(rig.launched(), ["c5.large"]);
}

/// A limit of ten cores. Each new node counts as if the largest type were launched: pods of
/// 1500m and 3000m, the second of which does not fit beside the first on anything but 4 cores.
#[test]
fn limits_count_the_largest_type_that_is_possible() {
    let limited = NodePool {
        limits: PoolLimits {
            cpu: Some(Millicores::new(10_000)),
            ..PoolLimits::default()
        },
        ..pool("default")
    };
    let kinds = &[LARGE, XLARGE];
    let mut rig = Rig::of(
        limited,
        kinds,
        CapacityType::OnDemand,
        vec![workload(1_900)],
    );
    // Two to a node of four cores: two nodes leave 2000m, a node of two cores.
    rig.pods(0, 7);
    rig.run_to(300);
    assert_eq!(rig.launched(), ["c5.xlarge", "c5.xlarge", "c5.large"]);
    assert_eq!(rig.placed(0), 5);
}
