//! Pods that the VPA has resized go where there is room for what they request now.

use super::chronicle::{Chronicle, Entry};
use super::{cluster, group, template};
use flashcrowd_core::model::{DisruptionBudget, DisruptionFloor, IntOrPercent, Model, ServiceId};
use flashcrowd_core::record::{NodeStage, PodStage};
use serde_json::json;

/// Two pods of 900m fill a node of 2000m; the VPA wants 1500m for each, whatever they use.
fn model() -> Model {
    let mut model = cluster(1800.0, 2, template(), vec![group("general", (1, 1, 3))]);
    let of = &mut model.services[0];
    of.pod.containers[0].cpu_request = of.pod.cpu_request;
    of.pod.containers[0].memory_request = of.pod.memory_request;
    let policy = json!({
        "containerName": "*",
        "controlledResources": ["cpu"],
        "minAllowed": { "cpu": "1500m" },
        "maxAllowed": { "cpu": "1500m" },
    });
    let spec = json!({
        "updatePolicy": { "updateMode": "Recreate" },
        "resourcePolicy": { "containerPolicies": [policy] },
    });
    of.vpa = Some(serde_json::from_value(spec).expect("a legal VPA"));
    model
}

fn evictions(found: &Chronicle) -> usize {
    let evicted = |entry: &Entry| {
        matches!(
            entry,
            Entry::Pod(_, _, PodStage::Terminating, "EvictedByVPA")
        )
    };
    found.entries.iter().filter(|it| evicted(&it.1)).count()
}

/// The first successor does not fit beside the other pod, 1500m + 900m on 2000m, although two pods
/// as the template has them would: it waits for a second node. Once it is ready the other pod
/// follows, whose successor finds the first node empty: two nodes with 1500m each.
#[test]
fn a_resized_pod_needs_the_room_that_it_requests() {
    let (found, totals) = Chronicle::of(&model(), 7);
    let refused: Vec<&str> = (found.entries.iter())
        .filter_map(|(_, entry)| match entry {
            Entry::Unschedulable(_, why) => Some(why.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(refused, ["0/1 nodes are available: 1 Insufficient cpu"]);
    assert_eq!(found.nodes(NodeStage::Provisioning, "ScaleUp").len(), 1);
    assert_eq!(evictions(&found), 2);
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (2, 2));
    assert!((last[0].cpu_requested - 3.0).abs() < 1e-9);
    assert_eq!(found.unschedulable.last(), Some(&0));
    assert!(totals.is_conserved());
}

/// The updater evicts through the same API as everybody else.
#[test]
fn a_budget_keeps_the_updater_from_evicting() {
    let mut model = model();
    let nodes = model.nodes.as_mut().expect("it has nodes");
    nodes.budgets.push(DisruptionBudget {
        name: "shop".to_owned(),
        services: vec![ServiceId(0)],
        floor: DisruptionFloor::MinAvailable(IntOrPercent::Int(2)),
        always_evict_unready: false,
    });
    let (found, _) = Chronicle::of(&model, 7);
    assert_eq!(evictions(&found), 0);
    let last = found.intervals.last().expect("there are intervals");
    assert!((last[0].cpu_requested - 1.8).abs() < 1e-9);
}
