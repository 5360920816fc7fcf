//! Scenarios with node groups.

use crate::program::flashcrowd;
use serde_json::Value;

fn number(report: &Value, pointer: &str) -> f64 {
    let found = report.pointer(pointer).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("{pointer} is missing"))
}

/// A node of two cores offers 2000m - 60m - 10m = 1930m: one pod that requests a core. On ten nodes
/// beside three pods of the frontend there is room for seven of the API, whatever its HPA wants.
#[test]
fn a_full_cluster_leaves_pods_pending() {
    let run = flashcrowd(&["run", "scenarios/broxiva-nodes.yaml", "--format", "json"]);
    let report = run.expect_code(1).json();
    assert!(number(&report, "/services/api/desired/max") > 7.0);
    assert_eq!(number(&report, "/services/api/ready/max"), 7.0);
    let group = "/node_groups/aks-default-nodepool";
    assert_eq!(number(&report, &format!("{group}/nodes/max")), 10.0);
    let codes: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    for code in ["pods_pending", "node_group_at_max"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
    // 0.096 USD an hour is the list price of a Standard_D2s_v3; pods cost nothing here.
    let cost = number(&report, &format!("{group}/cost_usd"));
    let hours = number(&report, &format!("{group}/node_hours"));
    assert!((cost - hours * 0.096).abs() < 1e-9, "{cost}, {hours}");
    assert!((number(&report, "/cost/total_usd") - cost).abs() < 1e-9);
}

/// An evening on Karpenter: nodes come and go, every request is accounted for, and what is paid is what
/// the list says of the types that were launched: spot capacity at 35 %.
#[test]
fn karpenter_pays_for_what_it_launches() {
    let run = flashcrowd(&["run", "scenarios/karpenter.yaml", "--format", "json"]);
    let report = run.json();
    let groups = report["node_groups"].as_object().unwrap();
    let list = [
        ("c5.large", 0.085),
        ("c5.xlarge", 0.17),
        ("c5.2xlarge", 0.34),
        ("m5.large", 0.096),
        ("m5.xlarge", 0.192),
        ("m5.2xlarge", 0.384),
        ("r5.large", 0.126),
        ("r5.xlarge", 0.252),
    ];
    let (mut cost, mut up, mut down) = (0.0, 0.0, 0.0);
    for (name, group) in groups {
        let mut parts = name.split('/').skip(1);
        let (instance_type, capacity) = (parts.next().unwrap(), parts.next().unwrap());
        let price = list.iter().find(|it| it.0 == instance_type).unwrap().1;
        let price = if capacity == "spot" {
            0.35 * price
        } else {
            price
        };
        let hours = number(group, "/node_hours");
        assert!(hours > 0.0, "{name} was never launched");
        let found = number(group, "/cost_usd");
        assert!((found - hours * price).abs() < 1e-9, "{name}: {found}");
        cost += found;
        up += number(group, "/scaling_events/up");
        down += number(group, "/scaling_events/down");
    }
    assert!((number(&report, "/cost/total_usd") - cost).abs() < 1e-9);
    assert!(up >= 2.0 && down >= 2.0, "{up} up, {down} down");
}
