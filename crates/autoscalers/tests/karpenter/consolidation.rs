//! Nodes that can go, and those that must stay.

use crate::rig::{BOOT, Event, Kind, LARGE, Rig, XLARGE, at, pool, workload};
use flashcrowd_autoscalers::cluster_autoscaler::NodeId;
use flashcrowd_autoscalers::karpenter::{
    BudgetNodes, CapacityType, ConsolidationPolicy, Disruption, DisruptionBudget, DisruptionMethod,
    DisruptionReason, KarpenterSettings, NodePool, NotDisrupted,
};
use flashcrowd_units::SimDuration;

fn unbounded() -> NodePool {
    NodePool {
        disruption: Disruption {
            budgets: vec![DisruptionBudget {
                nodes: BudgetNodes::Percent(100),
                ..DisruptionBudget::default()
            }],
            ..Disruption::default()
        },
        ..pool("default")
    }
}

fn is_draining(event: &Event) -> bool {
    matches!(event, Event::Draining(..))
}

/// Found empty at the first look, looked at again 15 s later, and deleted.
#[test]
fn an_empty_node_goes_after_a_second_look() {
    let mut rig = Rig::on_demand(&[LARGE], vec![workload(500)]);
    let node = rig.node(0);
    rig.run_to(60);
    assert_eq!(rig.when(is_draining), [16]);
    assert_eq!(rig.events[0].1, Event::Draining(node, "Empty"));
    assert!(rig.nodes.is_empty());
}

/// A pod that comes to the node between the two looks keeps it.
#[test]
fn a_node_that_is_used_again_stays() {
    let mut rig = Rig::on_demand(&[LARGE], vec![workload(500)]);
    rig.node(0);
    rig.run_to(10);
    rig.pods(0, 1);
    rig.run_to(60);
    assert!(rig.when(is_draining).is_empty());
    let abandoned = |it: &&(
        i64,
        flashcrowd_autoscalers::cluster_autoscaler::NodeDecision,
    )| {
        it.1.karpenter
            .as_ref()
            .is_some_and(|steps| steps.abandoned.is_some())
    };
    assert_eq!(
        rig.decisions.iter().find(abandoned).map(|it| it.0),
        Some(16)
    );
}

/// Two pods of 500m on two nodes of two cores: one node is enough, and nothing is launched.
#[test]
fn a_node_whose_pods_fit_elsewhere_goes() {
    let mut rig = Rig::of(
        unbounded(),
        &[LARGE],
        CapacityType::OnDemand,
        vec![workload(500)],
    );
    for _ in 0..2 {
        let node = rig.node(0);
        rig.pod_on(0, node);
    }
    rig.run_to(120);
    assert!(rig.launched().is_empty());
    assert_eq!((rig.nodes.len(), rig.placed(0)), (1, 2));
    assert_eq!(rig.begun()[0].1.method, DisruptionMethod::SingleNode);
}

/// The new node is ready before the old one is drained: proposed at 1 s, begun at 16 s, ready at
/// 56 s, drained from then on.
#[test]
fn a_cheaper_node_is_ready_before_the_old_one_is_drained() {
    let mut rig = Rig::of(
        unbounded(),
        &[LARGE, XLARGE],
        CapacityType::OnDemand,
        vec![workload(1_500)],
    );
    let old = rig.node(1);
    rig.pod_on(0, old);
    rig.run_to(200);
    assert_eq!(rig.launched(), ["c5.large"]);
    assert_eq!(rig.when(|it| *it == Event::Tainted(old)), [16]);
    assert_eq!(rig.when(|it| matches!(it, Event::Ready(_))), [16 + BOOT]);
    let drained = rig.when(is_draining);
    assert!((16 + BOOT..=18 + BOOT).contains(&drained[0]), "{drained:?}");
    assert_eq!((rig.nodes.len(), rig.placed(0)), (1, 1));
    assert!((rig.price() - LARGE.3).abs() < 1e-9);
    // What is left is the cheapest: nothing more happens.
    assert_eq!(rig.begun().len(), 1);
}

/// A node that cannot be had for less stays: 3500m need four cores.
#[test]
fn a_node_that_is_the_cheapest_for_its_pods_stays() {
    let mut rig = Rig::of(
        unbounded(),
        &[LARGE, XLARGE],
        CapacityType::OnDemand,
        vec![workload(3_500)],
    );
    let node = rig.node(1);
    rig.pod_on(0, node);
    rig.run_to(100);
    assert!(rig.begun().is_empty());
    assert_eq!(rig.why_not(node), Some(NotDisrupted::NotCheaper));
}

const NANO: Kind = ("t3a.nano", 1_900, 500, 0.0047);
const SMALL: Kind = ("t3a.small", 1_950, 2_000, 0.0188);
const BIG: Kind = ("t3a.xlarge", 3_950, 16_000, 0.1504);
const BIG2: Kind = ("t3a.2xlarge", 7_950, 32_000, 0.3008);

fn small_pods_on(kinds: &[Kind], small: usize, big: usize) -> (Rig, [NodeId; 3]) {
    let mut rig = Rig::of(
        unbounded(),
        kinds,
        CapacityType::OnDemand,
        vec![workload(300)],
    );
    let nodes = [rig.node(big), rig.node(big), rig.node(small)];
    for node in nodes {
        rig.pod_on(0, node);
    }
    (rig, nodes)
}

/// The first scenario of `filterOutSameType`: two 2xlarge and a small could be one of small,
/// xlarge, 2xlarge. Then the small one had better stay, and the other two are deleted.
#[test]
fn several_nodes_are_not_replaced_by_one_that_is_given_up() {
    let (mut rig, nodes) = small_pods_on(&[SMALL, BIG, BIG2], 0, 2);
    rig.run_to(17);
    let begun = rig.begun();
    assert_eq!(begun[0].1.method, DisruptionMethod::MultiNode);
    assert_eq!(begun[0].1.nodes, nodes[..2]);
    assert!(begun[0].1.replacement.is_empty() && rig.launched().is_empty());
}

/// The second scenario: a nano is cheaper than the small one, so all three go for a nano.
#[test]
fn several_nodes_are_replaced_by_one_that_is_cheaper_than_each() {
    let (mut rig, nodes) = small_pods_on(&[NANO, SMALL, BIG, BIG2], 1, 3);
    rig.run_to(200);
    let begun = rig.begun();
    assert_eq!(begun[0].1.method, DisruptionMethod::MultiNode);
    assert_eq!(begun[0].1.nodes.len(), nodes.len());
    assert_eq!(begun[0].1.replacement, [0], "a nano and nothing else");
    assert_eq!(rig.launched(), ["t3a.nano"]);
    assert_eq!((rig.nodes.len(), rig.placed(0)), (1, 3));
}

/// What keeps a node, rule by rule.
#[test]
fn some_nodes_must_stay() {
    let two = |change: &dyn Fn(&mut NodePool)| {
        let mut spec = unbounded();
        change(&mut spec);
        let mut rig = Rig::of(spec, &[LARGE], CapacityType::OnDemand, vec![workload(500)]);
        let nodes = [rig.node(0), rig.node(0)];
        for node in nodes {
            rig.pod_on(0, node);
        }
        (rig, nodes[0])
    };
    let stays = |(mut rig, node): (Rig, NodeId), why: NotDisrupted| {
        rig.run_to(100);
        assert!(rig.begun().is_empty(), "{why:?}: {:?}", rig.begun());
        assert_eq!(rig.why_not(node), Some(why));
    };
    stays(
        two(&|pool| pool.disruption.policy = ConsolidationPolicy::WhenEmpty),
        NotDisrupted::Policy,
    );
    stays(
        two(&|pool| pool.disruption.consolidate_after = None),
        NotDisrupted::Policy,
    );
    let hours = SimDuration::from_secs(7_200);
    stays(
        two(&|pool| pool.disruption.consolidate_after = Some(hours)),
        NotDisrupted::ConsolidateAfter,
    );
    let none = DisruptionBudget {
        nodes: BudgetNodes::Count(0),
        ..DisruptionBudget::default()
    };
    stays(
        two(&|pool| pool.disruption.budgets.push(none.clone())),
        NotDisrupted::NodeBudget,
    );
    let (mut rig, node) = two(&|_| {});
    rig.nodes.values_mut().for_each(|it| it.held = true);
    stays((rig, node), NotDisrupted::DoNotDisrupt { pod: None });
    let (mut rig, node) = two(&|_| {});
    rig.workloads[0].do_not_disrupt = true;
    let pod = Some(flashcrowd_autoscalers::PodId(rig.pods[0].id));
    stays((rig, node), NotDisrupted::DoNotDisrupt { pod });
    let (mut rig, node) = two(&|_| {});
    rig.floors.push((0, 2));
    let pod = flashcrowd_autoscalers::PodId(rig.pods[0].id);
    stays((rig, node), NotDisrupted::DisruptionBudget { pod });
}

/// A budget for the reason `Underutilized` leaves empty nodes alone, and the other way round.
#[test]
fn budgets_know_reasons_and_hours() {
    let budget = DisruptionBudget {
        nodes: BudgetNodes::Count(0),
        reasons: vec![DisruptionReason::Underutilized],
        active: Some(vec![(at(100), at(200)), (at(300), at(400))]),
    };
    let under = |seconds| budget.allows(DisruptionReason::Underutilized, 10, at(seconds));
    assert_eq!(
        [under(99), under(100), under(199)],
        [None, Some(0), Some(0)]
    );
    assert_eq!([under(200), under(350), under(400)], [None, Some(0), None]);
    assert_eq!(budget.allows(DisruptionReason::Empty, 10, at(150)), None);
    // `nodepool.go`: "Take the case with 5% disruptions, but 10 nodes. Karpenter will opt to allow 1
    // node to be disrupted".
    let five = DisruptionBudget {
        nodes: BudgetNodes::Percent(5),
        ..DisruptionBudget::default()
    };
    assert_eq!(five.allows(DisruptionReason::Empty, 10, at(0)), Some(1));
    assert_eq!(five.allows(DisruptionReason::Empty, 0, at(0)), Some(0));
}

/// Ten empty nodes and the default budget of 10 %: one at a time.
#[test]
fn empty_nodes_go_as_the_budget_allows() {
    let mut rig = Rig::on_demand(&[LARGE], vec![workload(500)]);
    for _ in 0..10 {
        rig.node(0);
    }
    rig.run_to(17);
    assert_eq!(rig.begun()[0].1.nodes.len(), 1);
    rig.run_to(600);
    assert!(rig.nodes.is_empty());
    assert!(rig.begun().iter().all(|it| it.1.nodes.len() == 1));
}

/// Spot nodes: not replaced by spot nodes unless the gate is open, and then only if 15 types are
/// cheaper.
#[test]
fn spot_nodes_are_replaced_by_spot_nodes_with_care() {
    const NAMES: [&str; 15] = [
        "s01", "s02", "s03", "s04", "s05", "s06", "s07", "s08", "s09", "s10", "s11", "s12", "s13",
        "s14", "s15",
    ];
    let run = |gate: bool, cheaper: usize| {
        let settings = KarpenterSettings {
            spot_to_spot_consolidation: gate,
            ..KarpenterSettings::default()
        };
        let cheap = |index: usize| (NAMES[index], 2_000, 4_000, 0.01 + 0.001 * index as f64);
        let kinds = (0..cheaper)
            .map(cheap)
            .chain([("big", 16_000, 32_000, 0.5)]);
        let kinds = kinds.map(|kind| (kind, CapacityType::Spot)).collect();
        let mut rig = Rig::new(settings, vec![(unbounded(), kinds)], vec![workload(1_500)]);
        let node = rig.node(cheaper);
        rig.pod_on(0, node);
        rig.run_to(100);
        (rig.launched().concat(), rig.why_not(node))
    };
    assert_eq!(
        run(false, 15),
        (String::new(), Some(NotDisrupted::SpotToSpotDisabled))
    );
    let few = NotDisrupted::TooFewCheaperTypes { types: 14 };
    assert_eq!(run(true, 14), (String::new(), Some(few)));
    assert_eq!(run(true, 15).0, "s01");
}

/// A node that expires is drained at once; its pods get another one.
#[test]
fn an_expired_node_is_drained_without_waiting() {
    let spec = NodePool {
        expire_after: Some(SimDuration::from_secs(3_700)),
        ..pool("default")
    };
    let mut rig = Rig::of(
        spec,
        &[LARGE],
        CapacityType::OnDemand,
        vec![workload(1_500)],
    );
    let old = rig.node(0);
    rig.pod_on(0, old);
    rig.run_to(300);
    let drained = rig.when(|it| *it == Event::Draining(old, "Expired"));
    // Asked for 3600 s before the run; looked at every 10 s.
    assert!((100..=110).contains(&drained[0]), "{drained:?}");
    let launched = rig.when(|it| matches!(it, Event::Launched(..)));
    assert!(
        (1..=2).contains(&(launched[0] - drained[0])),
        "{launched:?}, {drained:?}"
    );
    assert_eq!((rig.nodes.len(), rig.placed(0)), (1, 1));
}
