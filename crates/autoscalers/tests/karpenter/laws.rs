//! What holds on any cluster.

use crate::rig::{Kind, LARGE, Rig, XLARGE, XLARGE4, at, pool, workload};
use flashcrowd_autoscalers::NodeAutoscaler;
use flashcrowd_autoscalers::cluster_autoscaler::{NodeDecision, ProviderCall};
use flashcrowd_autoscalers::karpenter::{
    BudgetNodes, CapacityType, Disruption, DisruptionBudget, Karpenter, KarpenterSettings,
    NodePool, PoolLimits,
};
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use proptest::prelude::*;

const KINDS: [Kind; 5] = [
    LARGE,
    XLARGE,
    XLARGE4,
    ("m5.large", 2_000, 8_192, 0.096),
    ("r5.xlarge", 4_000, 32_768, 0.252),
];

#[derive(Debug, Clone)]
struct Case {
    limits: PoolLimits,
    budget: BudgetNodes,
    after: u64,
    spot: bool,
    gate: bool,
    requests: [(u64, u64); 3],
    floors: [u32; 2],
    /// At the start, by kind; some may not be disrupted.
    nodes: Vec<(usize, bool)>,
    /// Second, workload, and how many pods come or go.
    changes: Vec<(i64, usize, i32)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let limits = (
        prop::option::of(4_000_u64..40_000),
        prop::option::of(8_u64..100),
        prop::option::of(1_u32..12),
    );
    let budget = prop_oneof![
        (0_u32..4).prop_map(BudgetNodes::Count),
        (0_u32..101).prop_map(BudgetNodes::Percent),
    ];
    let requests = prop::array::uniform3((100_u64..4_500, 100_u64..9_000));
    let changes = prop::collection::vec((0_i64..900, 0_usize..3, -8_i32..12), 1..10);
    let nodes = prop::collection::vec((0_usize..KINDS.len(), any::<bool>()), 0..4);
    (
        (limits, budget, 0_u64..60, any::<bool>(), any::<bool>()),
        (requests, prop::array::uniform2(0_u32..4), nodes, changes),
    )
        .prop_map(
            |((limits, budget, after, spot, gate), (requests, floors, nodes, changes))| Case {
                limits: PoolLimits {
                    cpu: limits.0.map(Millicores::new),
                    memory: limits.1.map(|gib| Bytes::new(gib << 30)),
                    nodes: limits.2,
                },
                budget,
                after,
                spot,
                gate,
                requests,
                floors,
                nodes,
                changes,
            },
        )
}

fn rig(case: &Case) -> Rig {
    let spec = NodePool {
        limits: case.limits,
        disruption: Disruption {
            consolidate_after: Some(SimDuration::from_secs(case.after)),
            budgets: vec![DisruptionBudget {
                nodes: case.budget,
                ..DisruptionBudget::default()
            }],
            ..Disruption::default()
        },
        ..pool("default")
    };
    let on_demand = KINDS.iter().map(|&kind| (kind, CapacityType::OnDemand));
    let spot = |&(name, cpu, memory, price): &Kind| {
        ((name, cpu, memory, 0.35 * price), CapacityType::Spot)
    };
    let mut kinds: Vec<_> = on_demand.collect();
    if case.spot {
        kinds.extend(KINDS.iter().map(spot));
    }
    let mut workloads: Vec<_> = case
        .requests
        .iter()
        .map(|&(cpu, memory)| {
            let mut workload = workload(cpu);
            workload.pod.memory = Bytes::from_mebibytes(memory);
            workload
        })
        .collect();
    workloads[2].do_not_disrupt = true;
    let settings = KarpenterSettings {
        spot_to_spot_consolidation: case.gate,
        ..KarpenterSettings::default()
    };
    let mut rig = Rig::new(settings, vec![(spec, kinds)], workloads);
    rig.floors = vec![(0, case.floors[0]), (1, case.floors[1])];
    for &(kind, held) in &case.nodes {
        let node = rig.node(kind);
        rig.nodes.get_mut(&node).expect("it is there").held = held;
    }
    rig.law = law;
    rig
}

/// What holds after each decision.
fn law(rig: &Rig, decision: &NodeDecision) {
    let now = at(rig.now);
    let pool = &rig.karpenter.pools()[0];
    // Limits: all that exists, and what is asked for now. What was there before is nobody's fault.
    let asked = decision.calls.iter().map(|call| match *call {
        ProviderCall::Increase { group, .. } => group,
        ref other => panic!("{other:?}"),
    });
    let asked: Vec<usize> = asked.collect();
    if !asked.is_empty() {
        let groups = rig
            .nodes
            .values()
            .map(|node| node.group)
            .chain(asked.iter().copied());
        let all: Vec<_> = groups.map(|group| rig.shapes[group].capacity).collect();
        let cpu: u64 = all.iter().map(|it| it.cpu.get()).sum();
        let memory: u64 = all.iter().map(|it| it.memory.get()).sum();
        assert!(
            pool.limits.cpu.is_none_or(|limit| cpu <= limit.get()),
            "{cpu}"
        );
        assert!(
            pool.limits.memory.is_none_or(|limit| memory <= limit.get()),
            "{memory}"
        );
        assert!(
            pool.limits
                .nodes
                .is_none_or(|limit| all.len() <= limit as usize)
        );
    }
    let steps = decision.karpenter.as_ref().expect("Karpenter says why");
    let Some(begun) = &steps.begun else {
        assert!(decision.cordons.is_empty());
        return;
    };
    // Budgets: nodes that go, these included.
    let ready = rig.nodes.values().filter(|node| node.ready).count() as u32;
    let is_going =
        |node: &&crate::rig::Node| node.ready && (node.tainted || node.draining.is_some());
    let going = rig.nodes.values().filter(is_going).count() + begun.nodes.len();
    let allowed = pool.disruption.allowed(begun.method.reason(), ready, now);
    assert!(going as u32 <= allowed, "{going} of {allowed}");
    // Never dearer, and never a node that may not be disrupted.
    assert!(begun.replacement_price < begun.price, "{begun:?}");
    for id in &begun.nodes {
        assert!(!rig.nodes[id].held);
        let pods = rig.pods.iter().filter(|pod| pod.node == Some(*id));
        for pod in pods {
            assert!(!rig.workloads[pod.workload].do_not_disrupt);
            let floor = rig
                .floors
                .iter()
                .find(|it| it.0 == pod.workload)
                .map_or(0, |it| it.1);
            assert!(
                rig.placed(pod.workload) > floor,
                "an eviction that a budget forbids"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn hold_on_any_cluster(case in cases()) {
        let mut rig = rig(&case);
        let mut changes = case.changes.clone();
        changes.sort_unstable();
        for (second, workload, change) in changes {
            rig.run_to(second);
            if change > 0 {
                rig.pods(workload, change as usize);
            } else {
                rig.remove_pods(workload, change.unsigned_abs() as usize);
            }
        }
        rig.run_to(1_500);
        // When nothing changes any more, a calm cluster is never dearer a while later.
        let price = rig.price();
        let is_calm = rig.nodes.values().all(|node| node.ready);
        rig.run_to(2_500);
        if is_calm && rig.pods.iter().all(|pod| pod.node.is_some()) {
            prop_assert!(rig.price() <= price + 1e-9, "{} after {price}", rig.price());
        }
    }

    /// A controller that takes over a saved memory goes on as the other would have.
    #[test]
    fn a_saved_controller_goes_on_alike(case in cases(), cut in 1_i64..600) {
        let run = |restart: bool| {
            let mut rig = rig(&case);
            rig.pods(0, 5);
            rig.run_to(cut);
            rig.remove_pods(0, 4);
            if restart {
                let saved = rig.karpenter.save();
                let (settings, pools) = (*rig.karpenter.settings(), rig.karpenter.pools().to_vec());
                rig.karpenter = Karpenter::new(settings, pools, at(rig.now));
                rig.karpenter.restore(&saved).expect("its own memory");
            }
            rig.run_to(cut + 300);
            rig.events
        };
        prop_assert_eq!(run(false), run(true));
    }
}
