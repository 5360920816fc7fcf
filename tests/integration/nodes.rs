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
