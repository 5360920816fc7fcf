//! What holds whatever the cluster: nodes are never overfull, groups stay within their bounds,
//! budgets are respected, requests and money are conserved.

use super::chronicle::{Chronicle, Entry};
use super::karpenter::karpenter_of;
use super::{cluster, group, scale_at, service, template};
use crate::systems::{endpoint, exponential};
use flashcrowd_core::model::{
    Action, DisruptionBudget, DisruptionFloor, IntOrPercent, Model, PodTemplate, ServiceId, Spot,
    Step, TimedAction,
};
use flashcrowd_core::record::{NodeId, NodeStage, PodId, PodStage};
use flashcrowd_units::{Bytes, Millicores, Rate, SimDuration, SimTime, Usd};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Two services on two groups, one of them spot; both are scaled up and down.
fn arbitrary() -> impl Strategy<Value = Model> {
    let requests = prop::array::uniform2((1_u64..25, 1_u64..40));
    let sizes = (0_u32..3, 0_u32..3, 1_u32..6);
    let scalings = prop::collection::vec((0_u64..3000, 0_u32..2, 0_u32..14), 0..6);
    let floor = prop_oneof![
        (0_u32..5).prop_map(|n| DisruptionFloor::MinAvailable(IntOrPercent::Int(n))),
        (0_u32..101).prop_map(|n| DisruptionFloor::MinAvailable(IntOrPercent::Percent(n))),
        (0_u32..3).prop_map(|n| DisruptionFloor::MaxUnavailable(IntOrPercent::Int(n))),
    ];
    let spot = prop::option::of(1_u32..20);
    let flags = (any::<bool>(), any::<bool>());
    (requests, sizes, scalings, floor, spot, flags).prop_map(
        |(requests, (min, more, most), scalings, floor, spot, (drains, karpenter))| {
            let pod = |(cpu, memory): (u64, u64)| PodTemplate {
                cpu_request: Some(Millicores::new(100 * cpu)),
                memory_request: Some(Bytes::from_mebibytes(250 * memory)),
                on_sigterm: if drains {
                    flashcrowd_core::model::OnSigterm::Drain
                } else {
                    flashcrowd_core::model::OnSigterm::Ignore
                },
                ..template()
            };
            let on_demand = group("general", (min, min + more, min + more + most));
            let mut other = group("compute", (0, 1, 4));
            other.node_hour = Usd(0.9);
            other.spot = spot.map(|per_hour| Spot {
                interruptions: Rate::per_second(f64::from(per_hour) / 3600.0).expect("legal"),
                notice: SimDuration::from_secs(120),
            });
            let mut model = cluster(3600.0, 2, pod(requests[0]), vec![on_demand, other]);
            let mut second = service("jobs", pod(requests[1]));
            second.replicas = 3;
            model.services.push(second);
            let steps = vec![Step::Wait(exponential(1.0))];
            model.endpoints.push(endpoint("jobs", 1, steps));
            model
                .workloads
                .push(crate::systems::workload("more", 2.0, 1));
            for (at, service, replicas) in scalings {
                model.actions.push(TimedAction {
                    at: SimTime::from_secs(at),
                    action: Action::Scale(ServiceId(service), replicas),
                });
            }
            let nodes = model.nodes.as_mut().expect("it has nodes");
            if let Some(flashcrowd_core::model::NodeScaling::ClusterAutoscaler(flags)) =
                &mut nodes.autoscaler
            {
                // Quick enough for an hour to see it.
                flags.scale_down.unneeded_time = SimDuration::from_secs(120);
                flags.scale_down.delay_after_add = SimDuration::from_secs(60);
            }
            if karpenter {
                for group in &mut nodes.groups {
                    (group.min, group.max, group.is_offering) = (0, 1000, true);
                }
                nodes.autoscaler = Some(karpenter_of(&nodes.groups));
            }
            nodes.budgets.push(DisruptionBudget {
                name: "both".to_owned(),
                services: vec![ServiceId(0), ServiceId(1)],
                floor,
                always_evict_unready: false,
            });
            model
        },
    )
}

/// What the entries say is there.
#[derive(Default)]
struct Audit {
    /// Group, since when.
    nodes: BTreeMap<NodeId, (usize, SimTime)>,
    on_node: BTreeMap<NodeId, BTreeSet<PodId>>,
    pods: BTreeMap<PodId, (u32, PodStage)>,
    desired: [u32; 2],
    /// Node seconds by group.
    seconds: [f64; 2],
}

impl Audit {
    fn entry(&mut self, model: &Model, at: SimTime, entry: &Entry) {
        let nodes = model.nodes.as_ref().expect("it has nodes");
        match *entry {
            Entry::Node(id, group, NodeStage::Deleted, _) => {
                let (_, since) = self.nodes.remove(&id).expect("it was there");
                self.seconds[group] += (at - since).as_secs_f64();
                self.on_node.remove(&id);
            }
            Entry::Node(id, group, ..) => {
                self.nodes.entry(id).or_insert((group, at));
                let of_group = self.nodes.values().filter(|it| it.0 == group).count();
                assert!(of_group as u32 <= nodes.groups[group].max);
            }
            Entry::Resized(group, _, to) => {
                let spec = &nodes.groups[group];
                assert!((spec.min..=spec.max).contains(&to));
            }
            Entry::Bound(pod, service, node) => {
                let _ = self.pods.entry(pod).or_insert((service, PodStage::Pending));
                let here = self.on_node.entry(node).or_default();
                here.insert(pod);
                let shapes = here
                    .iter()
                    .map(|pod| model.services[self.pods[pod].0 as usize].pod.shape());
                let (cpu, memory) = shapes.fold((0, 0), |sum, pod| {
                    (sum.0 + pod.cpu.get(), sum.1 + pod.memory.get())
                });
                let room = nodes.groups[self.nodes[&node].0].shape.allocatable;
                assert!(cpu <= room.cpu.get() && memory <= room.memory.get());
                assert!(here.len() <= room.pods as usize);
            }
            Entry::Pod(pod, service, to, reason) => {
                let before = self.pods.insert(pod, (service, to));
                if to == PodStage::Deleted {
                    self.pods.remove(&pod);
                    self.on_node.values_mut().for_each(|pods| {
                        pods.remove(&pod);
                    });
                }
                let was_ready = before.is_some_and(|it| it.1 == PodStage::Ready);
                if reason == "Evicted" && was_ready {
                    let ready = |it: &&(u32, PodStage)| it.1 == PodStage::Ready;
                    let healthy = self.pods.values().filter(ready).count() as u32;
                    let expected = self.desired.iter().sum();
                    let floor = nodes.budgets[0].floor.desired_healthy(expected);
                    assert!(healthy >= floor, "{healthy} of {floor} at {at}");
                }
            }
            Entry::Desired(service, to) => self.desired[service as usize] = to,
            Entry::Unschedulable(..) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn hold_in_any_cluster(model in arbitrary(), seed in 0_u64..1000) {
        let (found, totals) = Chronicle::of(&model, seed);
        prop_assert!(totals.is_conserved());
        let mut audit = Audit { desired: [2, 3], ..Audit::default() };
        for (at, entry) in &found.entries {
            audit.entry(&model, *at, entry);
        }
        let end = SimTime::ZERO + model.duration;
        for (group, since) in audit.nodes.values() {
            audit.seconds[*group] += (end - *since).as_secs_f64();
        }
        for (group, price) in [3.6, 0.9].into_iter().enumerate() {
            let cost: f64 = found.intervals.iter().map(|it| it[group].cost.get()).sum();
            let expected = audit.seconds[group] * price / 3600.0;
            prop_assert!((cost - expected).abs() < 1e-6 * (1.0 + expected), "{cost}, not {expected}");
        }
        let (again, _) = Chronicle::of(&model, seed);
        prop_assert_eq!(found.entries, again.entries);
    }
}

/// A budget that allows nothing keeps a node that nobody needs.
#[test]
fn a_used_up_budget_keeps_a_node() {
    let model = |floor: u32| {
        let mut model = cluster(3000.0, 3, template(), vec![group("general", (1, 2, 3))]);
        model.actions.push(scale_at(600, 2));
        let nodes = model.nodes.as_mut().expect("it has nodes");
        nodes.budgets.push(DisruptionBudget {
            name: "shop".to_owned(),
            services: vec![ServiceId(0)],
            floor: DisruptionFloor::MinAvailable(IntOrPercent::Int(floor)),
            always_evict_unready: false,
        });
        model
    };
    let removed = |floor| {
        let (found, _) = Chronicle::of(&model(floor), 2);
        found.nodes(NodeStage::Deleted, "ScaleDown").len()
    };
    assert_eq!((removed(1), removed(2)), (1, 0));
}
