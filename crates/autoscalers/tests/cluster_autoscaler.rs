//! The cluster autoscaler from outside: a small cluster in a loop of our own, and checkpoints.

use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterAutoscaler, ClusterAutoscalerFlags, ClusterObservation, ClusterPod, Instance,
    InstanceState, NodeDecision, NodeGroupView, NodeId, NodeView, OwnerKind, ProviderCall,
    ScaleDownResult, ScaleUpResult, TieBreak, Workload, WorkloadView,
};
use flashcrowd_autoscalers::scheduling::{NodeResources, NodeShape, PodShape};
use flashcrowd_autoscalers::{NodeAutoscaler, PodId, TimePoint};
use flashcrowd_units::{Bytes, Millicores, Replicas};

/// Seconds an instance takes until its node is ready.
const BOOT: i64 = 60;

/// One group of nodes of 4000m, pods of 1500m.
struct World {
    shapes: Vec<NodeShape>,
    workload: Workload,
    nodes: Vec<NodeView>,
    pods: Vec<ClusterPod>,
    instances: Vec<Instance>,
    booting: Vec<(NodeId, TimePoint)>,
    deleting: Vec<(NodeId, TimePoint)>,
    target: u32,
    next: u64,
}

impl World {
    fn new() -> Self {
        let resources = NodeResources {
            cpu: Millicores::new(4000),
            memory: Bytes::from_mebibytes(16_384),
            pods: 110,
        };
        Self {
            shapes: vec![NodeShape {
                capacity: resources,
                allocatable: resources,
                ..NodeShape::default()
            }],
            workload: Workload {
                namespace: "default".to_owned(),
                owner: OwnerKind::ReplicaSet,
                pod: PodShape {
                    cpu: Millicores::new(1500),
                    ..PodShape::default()
                },
                priority: None,
                safe_to_evict: None,
                do_not_disrupt: false,
                local_storage: false,
                scale_up_delay: None,
            },
            nodes: Vec::new(),
            pods: Vec::new(),
            instances: Vec::new(),
            booting: Vec::new(),
            deleting: Vec::new(),
            target: 0,
            next: 1,
        }
    }

    fn add_pods(&mut self, count: u64, created: TimePoint) {
        for _ in 0..count {
            let pod = ClusterPod {
                id: PodId(self.next),
                workload: 0,
                node: None,
                created,
            };
            self.pods.push(pod);
            self.next += 1;
        }
    }

    /// Time passes; then the autoscaler is asked, and what it decides is carried out.
    fn step(&mut self, now: TimePoint, autoscaler: &mut ClusterAutoscaler) -> NodeDecision {
        let (gone, deleting): (Vec<_>, _) = self.deleting.iter().partition(|it| it.1 <= now);
        self.deleting = deleting;
        let finished: Vec<NodeId> = gone.iter().map(|it| it.0).collect();
        self.nodes.retain(|node| !finished.contains(&node.id));
        self.instances.retain(|it| !finished.contains(&it.id));
        self.target -= finished.len() as u32;
        let (up, booting): (Vec<_>, _) = self.booting.iter().partition(|it| it.1 <= now);
        self.booting = booting;
        for (id, created) in up {
            self.nodes.push(NodeView {
                id,
                group: Some(0),
                shape: 0,
                created,
                ready: true,
                ready_transition: created,
                deleting: false,
                scale_down_disabled: false,
                last_pod_event: None,
            });
        }
        self.nodes.sort_by_key(|node| node.id);
        self.bind();
        let decision = self.ask(now, &finished, autoscaler);
        self.carry_out(now, &decision);
        decision
    }

    fn bind(&mut self) {
        for index in 0..self.pods.len() {
            if self.pods[index].node.is_some() {
                continue;
            }
            let pods = &self.pods;
            let has_room = |node: &&NodeView| {
                !node.deleting && pods.iter().filter(|pod| pod.node == Some(node.id)).count() < 2
            };
            let node = self.nodes.iter().find(has_room).map(|node| node.id);
            self.pods[index].node = node;
        }
    }

    fn ask(
        &self,
        now: TimePoint,
        finished: &[NodeId],
        autoscaler: &mut ClusterAutoscaler,
    ) -> NodeDecision {
        autoscaler.decide(&ClusterObservation {
            now,
            shapes: &self.shapes,
            workloads: &[WorkloadView {
                workload: &self.workload,
                desired: Replicas(self.pods.len() as u32),
                owner_exists: true,
            }],
            groups: &[NodeGroupView {
                id: "workers",
                min: 0,
                max: 10,
                target: self.target,
                shape: 0,
                price: 0.2,
                refuses_increase: false,
                cancellable: self.booting.len() as u32,
            }],
            nodes: &self.nodes,
            pods: &self.pods,
            budgets: &[],
            instances: &self.instances,
            finished,
            tie_break: TieBreak::Draw(0),
        })
    }

    fn carry_out(&mut self, now: TimePoint, decision: &NodeDecision) {
        for call in &decision.calls {
            if let ProviderCall::Increase {
                by, accepted: true, ..
            } = call
            {
                self.target += by;
                for _ in 0..*by {
                    let (id, group) = (NodeId(self.next), 0);
                    let state = InstanceState::Running;
                    self.instances.push(Instance { id, group, state });
                    self.booting.push((id, now + seconds(BOOT as u64)));
                    self.next += 1;
                }
            }
        }
        for deletion in &decision.deletions {
            self.deleting.push((deletion.node, now + deletion.delay));
            for node in &mut self.nodes {
                node.deleting |= node.id == deletion.node;
            }
        }
    }
}

fn seconds(seconds: u64) -> flashcrowd_units::SimDuration {
    flashcrowd_units::SimDuration::from_secs(seconds)
}

/// Ten pods of 1500m need five nodes of 4000m. Ten minutes after they have gone and the cooldown
/// is over, so are the nodes.
#[test]
fn nodes_come_with_pods_and_go_without_them() {
    let mut world = World::new();
    let mut autoscaler = ClusterAutoscaler::new(ClusterAutoscalerFlags::default(), TimePoint::ZERO);
    world.add_pods(10, TimePoint::ZERO);
    let first = world.step(TimePoint::from_secs(10), &mut autoscaler);
    assert_eq!(first.scale_up, ScaleUpResult::Successful);
    assert_eq!(world.target, 5);
    for tick in 2..9 {
        let decision = world.step(TimePoint::from_secs(10 * tick), &mut autoscaler);
        assert_eq!(
            decision.scale_up,
            ScaleUpResult::NotNeeded,
            "the nodes are on their way"
        );
    }
    assert!(world.pods.iter().all(|pod| pod.node.is_some()));

    world.pods.clear();
    // Unneeded since 90 s: strictly longer than ten minutes at 700 s, and by then the ten minutes
    // after the scale-up at 10 s are over.
    for tick in 9..=69 {
        let decision = world.step(TimePoint::from_secs(10 * tick), &mut autoscaler);
        assert!(decision.deletions.is_empty(), "at {} s", 10 * tick);
    }
    let last = world.step(TimePoint::from_secs(700), &mut autoscaler);
    assert_eq!(last.scale_down, ScaleDownResult::NodeDeleteStarted);
    assert_eq!(last.deletions.len(), 5);
    world.step(TimePoint::from_secs(710), &mut autoscaler);
    assert_eq!((world.target, world.nodes.len()), (0, 0));
}

/// An autoscaler that is saved and restored before every loop decides as one that is not.
#[test]
fn a_restored_autoscaler_goes_on() {
    let flags = ClusterAutoscalerFlags::default();
    let mut worlds = [World::new(), World::new()];
    let mut one = ClusterAutoscaler::new(flags.clone(), TimePoint::ZERO);
    let mut other = one.clone();
    for tick in 1..=90 {
        let now = TimePoint::from_secs(10 * tick);
        for world in &mut worlds {
            match tick {
                1 | 20 => world.add_pods(7, now - seconds(5)),
                12 => world.pods.truncate(2),
                _ => {}
            }
        }
        let text = serde_json::to_string(&other.save()).unwrap();
        other = ClusterAutoscaler::new(flags.clone(), TimePoint::from_secs(-999));
        other
            .restore(&serde_json::from_str(&text).unwrap())
            .unwrap();
        let [expected, got] = [
            worlds[0].step(now, &mut one),
            worlds[1].step(now, &mut other),
        ];
        assert_eq!(expected, got, "at {now}");
    }
    assert!(worlds[0].nodes.len() > 1, "something has happened");
}

#[test]
fn the_memory_of_something_else_is_refused() {
    let mut autoscaler = ClusterAutoscaler::new(ClusterAutoscalerFlags::default(), TimePoint::ZERO);
    let before = autoscaler.save();
    let foreign = serde_json::from_str("{}").unwrap();
    assert!(autoscaler.restore(&foreign).is_err());
    assert_eq!(autoscaler.save(), before);
}
