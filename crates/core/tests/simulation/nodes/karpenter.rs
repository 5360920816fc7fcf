//! Karpenter at work, with the times reckoned by hand.

use super::chronicle::{Chronicle, Entry};
use super::{cluster, constant, group, scale_at, template};
use flashcrowd_autoscalers::karpenter::{
    BudgetNodes, CapacityType, Disruption, DisruptionBudget, KarpenterSettings, NodePool, Offering,
    PoolLimits,
};
use flashcrowd_core::model::{
    DisruptionFloor, IntOrPercent, KarpenterSpec, Model, NodeGroup, NodeScaling, ServiceId, Spot,
};
use flashcrowd_core::record::{Failure, NodeId, NodeStage, PodStage};
use flashcrowd_units::{Bytes, Millicores, Rate, SimDuration, Usd};

const BUDGET: DisruptionBudget = DisruptionBudget {
    nodes: BudgetNodes::Percent(100),
    reasons: Vec::new(),
    active: None,
};

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
}

/// Machines of so many cores at 1 USD an hour and core, with a tenth off the larger ones; 60 s to
/// boot and 15 s more to become ready.
fn offering(name: &str, cores: u64, price: f64, initial: u32) -> NodeGroup {
    let mut offering = group(name, (0, initial, 1000));
    for resources in [
        &mut offering.shape.capacity,
        &mut offering.shape.allocatable,
    ] {
        resources.cpu = Millicores::new(1000 * cores);
        resources.memory = Bytes::new(cores << 32);
    }
    offering.node_hour = Usd(price);
    offering.is_offering = true;
    offering
}

fn pool(groups: &[NodeGroup]) -> NodePool {
    let offerings = groups.iter().enumerate().map(|(group, spec)| Offering {
        instance_type: spec.name.clone(),
        capacity_type: match spec.spot {
            Some(_) => CapacityType::Spot,
            None => CapacityType::OnDemand,
        },
        group,
    });
    NodePool {
        name: "default".to_owned(),
        weight: 0,
        limits: PoolLimits::default(),
        offerings: offerings.collect(),
        disruption: Disruption {
            budgets: vec![BUDGET],
            ..Disruption::default()
        },
        expire_after: None,
        termination_grace_period: None,
    }
}

fn model(
    seconds: f64,
    replicas: u32,
    groups: Vec<NodeGroup>,
    change: impl FnOnce(&mut NodePool),
) -> Model {
    let mut pool = pool(&groups);
    change(&mut pool);
    let mut model = cluster(seconds, replicas, template(), groups);
    let nodes = model.nodes.as_mut().expect("it has nodes");
    nodes.autoscaler = Some(of_pool(pool));
    model
}

fn of_pool(pool: NodePool) -> NodeScaling {
    NodeScaling::Karpenter(Box::new(KarpenterSpec {
        settings: KarpenterSettings::default(),
        pools: vec![pool],
    }))
}

/// Karpenter with all groups in one pool, consolidated as soon as possible.
pub(super) fn karpenter_of(groups: &[NodeGroup]) -> NodeScaling {
    of_pool(pool(groups))
}

fn budget(floor: DisruptionFloor) -> flashcrowd_core::model::DisruptionBudget {
    flashcrowd_core::model::DisruptionBudget {
        name: "shop".to_owned(),
        services: vec![ServiceId(0)],
        floor,
        always_evict_unready: false,
    }
}

fn never(pool: &mut NodePool) {
    pool.disruption.consolidate_after = None;
}

/// Two pods of 900m fill a node of two cores; the third comes at 100 s. Its batch ends a second
/// later, the node is ready after 60 + 15 s. The pod has been backed off for no more than 1 s and is
/// bound at once, pulls for 2 s and starts for 5 s.
#[test]
fn a_pod_without_a_place_gets_a_node_a_second_later() {
    let groups = vec![offering("large", 4, 3.6, 0), offering("small", 2, 2.0, 1)];
    let mut model = model(400.0, 2, groups, never);
    model.actions.push(scale_at(100, 3));
    let (found, totals) = Chronicle::of(&model, 7);
    let asked = found.nodes(NodeStage::Provisioning, "ScaleUp");
    assert_eq!(asked.len(), 1);
    assert_near(asked[0], 101.0);
    assert!(
        found
            .entries
            .iter()
            .any(|it| it.1 == Entry::Resized(1, 1, 2)),
        "the cheaper one"
    );
    let third = flashcrowd_core::record::PodId(2);
    assert_near(found.nodes(NodeStage::Ready, "KubeletReady")[0], 176.0);
    assert_near(
        found.pod(third, PodStage::Ready).expect("it is ready"),
        183.0,
    );
    assert!(totals.is_conserved());
    assert_eq!(totals.failed_total(), 0);
}

/// Eight pods at 100 s, two at 1000 s again. The spike brings what is cheapest for six pods of 900m
/// together, a node of eight cores. Once it is over two pods are left, wherever they are: they end up
/// on one node of two cores, the cheapest that holds both. A PodDisruptionBudget keeps one of them
/// serving all the time.
#[test]
fn a_spike_brings_nodes_and_the_ebb_takes_them() {
    let groups = vec![
        offering("large", 4, 3.6, 0),
        offering("xlarge", 8, 6.4, 0),
        offering("small", 2, 2.0, 1),
    ];
    let mut model = model(3000.0, 2, groups, |_| {});
    let nodes = model.nodes.as_mut().expect("it has nodes");
    nodes
        .budgets
        .push(budget(DisruptionFloor::MaxUnavailable(IntOrPercent::Int(
            1,
        ))));
    model.actions.push(scale_at(100, 8));
    model.actions.push(scale_at(1000, 2));
    let (found, totals) = Chronicle::of(&model, 7);
    let grown: Vec<_> = found
        .entries
        .iter()
        .filter_map(|(_, it)| match it {
            Entry::Resized(group, from, to) if to > from => Some(*group),
            _ => None,
        })
        .collect();
    assert_eq!(grown[0], 1);
    assert!(grown[1..].iter().all(|&group| group == 2), "{grown:?}");
    let last = found.intervals.last().expect("there are intervals");
    let left: Vec<_> = last.iter().map(|it| (it.ready, it.pods)).collect();
    assert_eq!(left, [(0, 0), (0, 0), (1, 2)]);
    assert!(totals.is_conserved());
    assert_eq!(totals.failed[Failure::NoReadyEndpoint as usize], 0);
}

/// When pods were evicted, and from where.
fn evictions(found: &Chronicle) -> Vec<f64> {
    let evicted = found
        .entries
        .iter()
        .filter(|it| matches!(it.1, Entry::Pod(_, _, PodStage::Terminating, "Evicted")));
    evicted.map(|(at, _)| at.as_secs_f64()).collect()
}

/// One pod on a node of four cores: a node of two is 1.60 USD an hour cheaper. It is ready before the
/// first pod is evicted, 15 s at least after it was thought of.
#[test]
fn a_replacement_is_ready_before_the_old_node_is_drained() {
    let groups = vec![offering("large", 4, 3.6, 1), offering("small", 2, 2.0, 0)];
    let (found, totals) = Chronicle::of(&model(600.0, 1, groups, |_| {}), 3);
    let tainted = found.nodes(NodeStage::Draining, "Disrupted");
    assert_eq!(tainted.len(), 1);
    assert!((15.0..26.0).contains(&tainted[0]), "{tainted:?}");
    assert_near(
        found.nodes(NodeStage::Provisioning, "ScaleUp")[0],
        tainted[0],
    );
    let ready = found.nodes(NodeStage::Ready, "KubeletReady")[0];
    assert_near(ready, tainted[0] + 75.0);
    let evicted = evictions(&found);
    assert_eq!(evicted.len(), 1);
    assert!((ready..ready + 2.0).contains(&evicted[0]), "{evicted:?}");
    assert_eq!(found.nodes(NodeStage::Deleted, "Underutilized").len(), 1);
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[1].ready, last[1].pods), (0, 1, 1));
    assert!(totals.is_conserved());
}

/// A used-up PodDisruptionBudget keeps a node, however much could be saved.
#[test]
fn a_used_up_budget_keeps_a_node() {
    let groups = vec![offering("large", 4, 3.6, 1), offering("small", 2, 2.0, 0)];
    let mut model = model(600.0, 1, groups, |_| {});
    let nodes = model.nodes.as_mut().expect("it has nodes");
    nodes
        .budgets
        .push(flashcrowd_core::model::DisruptionBudget {
            name: "shop".to_owned(),
            services: vec![ServiceId(0)],
            floor: DisruptionFloor::MinAvailable(IntOrPercent::Int(1)),
            always_evict_unready: false,
        });
    let (found, _) = Chronicle::of(&model, 3);
    assert!(found.nodes(NodeStage::Draining, "Disrupted").is_empty());
}

/// A pod with `karpenter.sh/do-not-disrupt` keeps its node even when that expires; the termination
/// grace period ends it.
#[test]
fn a_grace_period_ends_what_may_not_be_disrupted() {
    let run = |grace: Option<u64>| {
        let groups = vec![offering("small", 2, 2.0, 1)];
        let mut model = model(900.0, 1, groups, |pool| {
            // The first nodes are an hour old when the run begins.
            pool.expire_after = Some(SimDuration::from_secs(3_700));
            pool.termination_grace_period = grace.map(SimDuration::from_secs);
        });
        model.services[0].pod.placement.do_not_disrupt = true;
        Chronicle::of(&model, 3).0
    };
    let endless = run(None);
    let expired = endless.nodes(NodeStage::Draining, "Expired")[0];
    assert!((100.0..=110.0).contains(&expired), "{expired}");
    assert!(evictions(&endless).is_empty());
    // Somebody asked for a node for the pod, and it stands there empty until it goes.
    let forced = run(Some(300));
    let expired = forced.nodes(NodeStage::Draining, "Expired")[0];
    let gone: Vec<_> = forced
        .entries
        .iter()
        .filter(|it| matches!(it.1, Entry::Node(NodeId(0), _, NodeStage::Deleted, _)))
        .collect();
    assert!(gone[0].0.as_secs_f64() <= expired + 300.0 + 1e-6);
    assert!(!evictions(&forced).is_empty());
}

/// A spot node that is taken back is drained and replaced at once: the instance in its place is
/// asked for a second after the notice, not when it is gone.
#[test]
fn a_spot_notice_is_answered_at_once() {
    let mut spot = offering("small", 2, 0.7, 2);
    spot.spot = Some(Spot {
        interruptions: Rate::per_second(2.0 / 3600.0).expect("legal"),
        notice: SimDuration::from_secs(120),
    });
    let (found, totals) = Chronicle::of(&model(7200.0, 4, vec![spot], never), 11);
    let noticed = found.nodes(NodeStage::Draining, "SpotInterruption");
    let asked = found.nodes(NodeStage::Provisioning, "ScaleUp");
    assert!(noticed.len() > 3, "{noticed:?}");
    let answered = |at: &&f64| asked.iter().any(|it| (0.5..3.0).contains(&(it - **at)));
    let count = noticed.iter().filter(answered).count();
    assert!(count + 1 >= noticed.len(), "{noticed:?} {asked:?}");
    // Nothing replaces it a second time: a node for each notice, give or take the last.
    assert!(asked.len() <= noticed.len(), "{noticed:?} {asked:?}");
    assert!(
        found
            .nodes(NodeStage::Provisioning, "Replacement")
            .is_empty()
    );
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!(
        last[0].target,
        last[0].ready + last[0].starting + last[0].draining
    );
    assert!(totals.is_conserved());
}

/// Limits of the pool leave pods waiting.
#[test]
fn a_pool_at_its_limit_leaves_pods_waiting() {
    let groups = vec![offering("small", 2, 2.0, 1)];
    let mut model = model(900.0, 2, groups, |pool| {
        pool.limits.cpu = Some(Millicores::new(4_000));
    });
    model.actions.push(scale_at(100, 6));
    let (found, _) = Chronicle::of(&model, 1);
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (2, 4));
    assert_eq!(found.unschedulable.last(), Some(&2));
}

/// Machines that take longer to boot than a replacement may: the node stays after all.
#[test]
fn a_replacement_that_does_not_come_is_given_up() {
    let mut slow = offering("small", 2, 2.0, 0);
    slow.boot = constant(3000.0);
    let groups = vec![offering("large", 4, 3.6, 1), slow];
    let (found, _) = Chronicle::of(&model(1000.0, 1, groups, |_| {}), 3);
    let tainted = found.nodes(NodeStage::Draining, "Disrupted")[0];
    let kept = found.nodes(NodeStage::Ready, "ReplacementFailed");
    assert!(
        (600.0..602.0).contains(&(kept[0] - tainted)),
        "{kept:?} {tainted}"
    );
    assert!(evictions(&found).is_empty());
}
