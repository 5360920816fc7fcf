//! Pods that the VPA has resized go where there is room for what they request now, and are resized
//! in place where there is.

use super::chronicle::{Chronicle, Entry};
use super::{cluster, group, template};
use flashcrowd_core::model::{DisruptionBudget, DisruptionFloor, IntOrPercent, Model, ServiceId};
use flashcrowd_core::record::{NodeStage, PodStage};
use serde_json::json;

/// Two pods of 900m fill a node of 2000m; the VPA wants 1500m for each, whatever they use.
fn model() -> Model {
    with_vpa("Recreate", "1500m")
}

fn with_vpa(mode: &str, wanted: &str) -> Model {
    let mut model = cluster(1800.0, 2, template(), vec![group("general", (1, 1, 3))]);
    let of = &mut model.services[0];
    of.pod.containers[0].cpu_request = of.pod.cpu_request;
    of.pod.containers[0].memory_request = of.pod.memory_request;
    let policy = json!({
        "containerName": "*",
        "controlledResources": ["cpu"],
        "minAllowed": { "cpu": wanted },
        "maxAllowed": { "cpu": wanted },
    });
    let spec = json!({
        "updatePolicy": { "updateMode": mode },
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

/// When something was said about the resize of a pod, in seconds.
fn resizes(found: &Chronicle, wanted: &str) -> Vec<f64> {
    let said = found
        .entries
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::Pod(_, _, _, reason) if *reason == wanted));
    said.map(|(at, _)| at.as_secs_f64()).collect()
}

/// 950m and 950m fit on 2000m: both pods are resized where they are, one at each pass, because half
/// of them may be missing.
#[test]
fn pods_are_resized_where_there_is_room() {
    let (found, totals) = Chronicle::of(&with_vpa("InPlaceOrRecreate", "950m"), 7);
    let resized = resizes(&found, "Resized");
    assert_eq!(resized.len(), 2);
    assert!((resized[1] - resized[0] - 60.0).abs() < 1e-6, "{resized:?}");
    assert_eq!(evictions(&found), 0);
    assert!(found.nodes(NodeStage::Provisioning, "ScaleUp").is_empty());
    let last = found.intervals.last().expect("there are intervals");
    assert!((last[0].cpu_requested - 1.9).abs() < 1e-9);
    assert!(totals.is_conserved());
    assert_eq!(totals.failed_total(), 0);
}

/// 1500m beside 900m do not fit on 2000m: both resizes are deferred. The updater sees that at its next
/// pass, a minute later, and evicts the first pod at the first pass after five more minutes are
/// over: 60 + 360 s after the resize. With it gone the other pod has room where it is.
#[test]
fn a_deferred_resize_is_given_up_after_five_minutes() {
    let (found, totals) = Chronicle::of(&with_vpa("InPlaceOrRecreate", "1500m"), 7);
    let deferred = resizes(&found, "ResizeDeferred");
    let evicted = resizes(&found, "EvictedByVPA");
    assert_eq!((deferred.len(), evicted.len()), (2, 1));
    assert!(
        (evicted[0] - deferred[0] - 420.0).abs() < 1e-6,
        "{deferred:?} {evicted:?}"
    );
    let resized = resizes(&found, "Resized");
    assert_eq!(resized.len(), 1);
    assert!(
        (evicted[0]..evicted[0] + 60.0).contains(&resized[0]),
        "{resized:?}"
    );
    let last = found.intervals.last().expect("there are intervals");
    assert_eq!((last[0].ready, last[0].pods), (2, 2));
    assert!((last[0].cpu_requested - 3.0).abs() < 1e-9);
    assert!(totals.is_conserved());
}

/// What the whole node cannot give is infeasible. At the next pass the other pod is resized first, to
/// no avail either, and that is all that the group can spare; at the pass after that the first pod is
/// evicted.
#[test]
fn an_infeasible_resize_is_given_up() {
    let (found, _) = Chronicle::of(&with_vpa("InPlaceOrRecreate", "2500m"), 7);
    let infeasible = resizes(&found, "ResizeInfeasible");
    let evicted = resizes(&found, "EvictedByVPA");
    assert!(resizes(&found, "Resized").is_empty());
    assert!(
        (evicted[0] - infeasible[0] - 120.0).abs() < 1e-6,
        "{infeasible:?} {evicted:?}"
    );
}
