//! One loop of the cluster autoscaler over 1000 nodes and 10 000 pods.

use criterion::{Criterion, criterion_group, criterion_main};
use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterAutoscaler, ClusterAutoscalerFlags, ClusterObservation, ClusterPod, Instance,
    InstanceState, NodeGroupView, NodeId, NodeView, OwnerKind, TieBreak, Workload, WorkloadView,
};
use flashcrowd_autoscalers::scheduling::{NodeResources, NodeShape, PodShape};
use flashcrowd_autoscalers::{NodeAutoscaler, PodId, TimePoint};
use flashcrowd_units::{Bytes, Millicores, Replicas};

const NODES: u64 = 1000;
const PODS: u64 = 10_000;
const WORKLOADS: usize = 50;
const PENDING: u64 = 500;

fn workload(index: usize) -> Workload {
    Workload {
        namespace: "default".to_owned(),
        owner: OwnerKind::ReplicaSet,
        pod: PodShape {
            cpu: Millicores::new(100 + 20 * index as u64),
            memory: Bytes::from_mebibytes(256 + 16 * index as u64),
            ..PodShape::default()
        },
        priority: None,
        safe_to_evict: None,
        do_not_disrupt: false,
        local_storage: false,
        scale_up_delay: None,
    }
}

fn one_loop(criterion: &mut Criterion) {
    let resources = NodeResources {
        cpu: Millicores::new(15_900),
        memory: Bytes::from_mebibytes(60_000),
        pods: 110,
    };
    let shapes = [NodeShape {
        capacity: resources,
        allocatable: resources,
        ..NodeShape::default()
    }];
    let workloads: Vec<Workload> = (0..WORKLOADS).map(workload).collect();
    let views: Vec<WorkloadView<'_>> = workloads
        .iter()
        .map(|workload| WorkloadView {
            workload,
            desired: Replicas(200),
            owner_exists: true,
        })
        .collect();
    let long_ago = TimePoint::from_secs(-7200);
    let nodes: Vec<NodeView> = (0..NODES)
        .map(|id| NodeView {
            id: NodeId(id),
            group: Some((id % 4) as usize),
            shape: 0,
            created: long_ago,
            ready: true,
            ready_transition: long_ago,
            deleting: false,
            scale_down_disabled: false,
            last_pod_event: None,
        })
        .collect();
    // Every fourth node is all but idle; the others are more than half full.
    let node_of = |pod: u64| {
        NodeId(if pod.is_multiple_of(40) {
            pod % NODES / 4 * 4
        } else {
            pod * 7 % 750 / 3 * 4 + 1 + pod % 3
        })
    };
    let pods: Vec<ClusterPod> = (0..PODS + PENDING)
        .map(|id| ClusterPod {
            id: PodId(id),
            workload: id as usize % WORKLOADS,
            node: (id < PODS).then(|| node_of(id)),
            created: long_ago,
        })
        .collect();
    let groups: Vec<NodeGroupView<'_>> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|id| NodeGroupView {
            id,
            min: 0,
            max: 1000,
            target: 250,
            shape: 0,
            price: 0.5,
            refuses_increase: false,
            cancellable: 0,
        })
        .collect();
    let instances: Vec<Instance> = nodes
        .iter()
        .map(|node| Instance {
            id: node.id,
            group: (node.id.0 % 4) as usize,
            state: InstanceState::Running,
        })
        .collect();
    let autoscaler = ClusterAutoscaler::new(ClusterAutoscalerFlags::default(), TimePoint::ZERO);
    criterion.bench_function("cluster_autoscaler_1000_nodes_10000_pods", |bencher| {
        bencher.iter_batched(
            || autoscaler.clone(),
            |mut autoscaler| {
                autoscaler.decide(&ClusterObservation {
                    now: TimePoint::from_secs(10),
                    shapes: &shapes,
                    workloads: &views,
                    groups: &groups,
                    nodes: &nodes,
                    pods: &pods,
                    budgets: &[],
                    instances: &instances,
                    finished: &[],
                    tie_break: TieBreak::Draw(0),
                })
            },
            criterion::BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, one_loop);
criterion_main!(benches);
