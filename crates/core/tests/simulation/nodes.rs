//! Nodes: the scheduler, the cluster autoscaler and spot interruptions at work.

mod chronicle;
mod karpenter;
mod laws;
mod scaling;
mod spot;
mod vpa;

use crate::systems::{constant, exponential, pod, service, system, workload};
use flashcrowd_autoscalers::scheduling::{NodeResources, NodeShape};
use flashcrowd_core::model::{
    Action, Model, NodeGroup, NodeScaling, Nodes, PodTemplate, ServiceId, Step, TimedAction,
};
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime, Usd};

/// Nodes of two cores and 8 GiB that take 60 s to boot and 15 s more to become ready.
pub(crate) fn group(name: &str, (min, initial, max): (u32, u32, u32)) -> NodeGroup {
    let resources = NodeResources {
        cpu: Millicores::new(2000),
        memory: Bytes::new(8 << 30),
        pods: 20,
    };
    NodeGroup {
        name: name.to_owned(),
        shape: NodeShape {
            capacity: resources,
            allocatable: resources,
            ..NodeShape::default()
        },
        min,
        max,
        initial,
        boot: constant(60.0),
        become_ready: constant(15.0),
        node_hour: Usd(3.6),
        spot: None,
        is_offering: false,
    }
}

/// Pods that request 900m, two of which fill a node; 2 s to pull and 5 s to start.
fn template() -> PodTemplate {
    PodTemplate {
        cpu_request: Some(Millicores::new(900)),
        memory_request: Some(Bytes::from_mebibytes(512)),
        pull: constant(2.0),
        startup: constant(5.0),
        ..pod()
    }
}

fn cluster(seconds: f64, replicas: u32, template: PodTemplate, groups: Vec<NodeGroup>) -> Model {
    let mut shop = service("shop", template);
    shop.replicas = replicas;
    let mut model = system(seconds, shop, vec![Step::Cpu(exponential(0.01))]);
    model.workloads.push(workload("users", 20.0, 0));
    model.nodes = Some(Nodes {
        groups,
        autoscaler: Some(NodeScaling::ClusterAutoscaler(Box::default())),
        budgets: Vec::new(),
    });
    model
}

fn scale_at(seconds: u64, replicas: u32) -> TimedAction {
    TimedAction {
        at: SimTime::ZERO + SimDuration::from_secs(seconds),
        action: Action::Scale(ServiceId(0), replicas),
    }
}
