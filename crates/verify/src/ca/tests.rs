//! Bad input is an error with its place, and a difference is found.

use crate::conformance::{ConformError, ConformReport, replay_lines};
use serde_json::{Value, json};

/// One node without pods, at the minimum of its group, and one pod that no node can hold.
fn trace() -> Value {
    let millis = |minutes: u64| json!(minutes * 60_000);
    json!({
        "id": "hand-made", "cat": "hand",
        "flags": {
            "backoff_reset_ms": millis(180), "balance_similar": false, "bsp_timeout_ms": millis(60),
            "delay_after_add_ms": millis(10), "delay_after_delete_ms": 0,
            "delay_after_failure_ms": millis(3), "enforce_min_size": false,
            "expander": "least-waste", "expendable_cutoff": -10, "force_ds": false,
            "ignore_daemonsets_utilization": false, "ignore_mirror_utilization": false,
            "initial_backoff_ms": millis(5), "max_backoff_ms": millis(30),
            "max_drain_parallelism": 1, "max_node_provision_time_ms": millis(15),
            "max_node_startup_time_ms": millis(15), "max_nodes_per_scaleup": 1000,
            "max_nodes_total": 0, "max_scale_down_parallelism": 10,
            "max_total_unready_percentage": 45, "min_replica_count": 0, "new_pod_delay_ms": 0,
            "node_delete_delay_after_taint_ms": 5000, "ok_total_unready_count": 3,
            "scale_down_enabled": true, "scale_down_unready_enabled": true,
            "scale_up_from_zero": true, "scan_interval_ms": 10_000,
            "skip_custom_controller_pods": true, "skip_local_storage": true,
            "skip_system_pods": true, "unneeded_time_ms": millis(10),
            "unready_time_ms": millis(20), "unremovable_recheck_ms": millis(5),
            "utilization_threshold": 0.5
        },
        "groups": [{ "id": "g0", "min": 1, "max": 3, "init": 1,
            "cap": { "cpu": 2000, "mem": 4096, "pods": 110 },
            "alloc": { "cpu": 1900, "mem": 3484, "pods": 110 }, "price": 0.1 }],
        "apps": [{ "id": 0, "ns": "default", "kind": "ReplicaSet", "cpu": 20_000, "mem": 0 }],
        "limits": { "cpu": [0, 320_000], "memory": [0, 6_871_947_673_600_000_u64] },
        "ticks": [{
            "t": 0, "tg": [1], "des": [1],
            "i": [[1, "g0", "r"]],
            "n": [[1, "g0", -600_000, 1, -590_000, 0, 0]],
            "p": [[1, 0, 0, -5000]],
            "o": { "up": "NoOptionsAvailable", "down": "NoCandidates", "cd": 0, "gst": [1],
                "healthy": 1, "last": [-3_605_000, -3_605_000, -3_605_000],
                "rem": [[[1], { "g0": ["Insufficient cpu"] }, {}]],
                "ts": [1], "unn": [], "unr": [], "upc": [0] }
        }]
    })
}

fn run(text: &str) -> Result<ConformReport, ConformError> {
    let mut report = ConformReport::default();
    replay_lines(
        "traces.jsonl",
        text.as_bytes(),
        &mut report,
        super::replay_line,
    )
    .map(|()| report)
}

#[test]
fn an_agreeing_trace_has_no_mismatch() {
    let report = run(&trace().to_string()).unwrap();
    assert_eq!(report.to_string(), "traces=1 ticks=1 mismatches=0");
}

#[test]
fn a_difference_is_reported_with_its_place() {
    let mut trace = trace();
    trace["ticks"][0]["o"]["down"] = json!("InCooldown");
    let text = run(&trace.to_string()).unwrap().to_string();
    assert!(
        text.starts_with(
            "hand-made tick 0: `down` differs\n  expected \"InCooldown\"\n  got      \"NoCandidates\"\n"
        ),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("traces=1 ticks=1 mismatches=1"));
}

#[test]
fn what_should_have_been_written_is_missed() {
    for (field, value) in [
        ("sd_off", json!(1)),
        ("util", json!([[1, 0, 0]])),
        ("upmin", json!(["Successful", []])),
        ("something_new", json!(1)),
    ] {
        let mut trace = trace();
        trace["ticks"][0]["o"][field] = value;
        assert_eq!(run(&trace.to_string()).unwrap().mismatches, 1, "{field}");
    }
    for field in ["up", "down", "ts", "rem", "healthy"] {
        let mut trace = trace();
        trace["ticks"][0]["o"]
            .as_object_mut()
            .unwrap()
            .remove(field);
        assert_eq!(run(&trace.to_string()).unwrap().mismatches, 1, "{field}");
    }
}

#[test]
fn bad_lines_are_errors_with_their_place() {
    let message = |change: fn(&mut Value)| {
        let mut trace = trace();
        change(&mut trace);
        run(&trace.to_string()).unwrap_err().to_string()
    };
    assert!(
        run("[]")
            .unwrap_err()
            .to_string()
            .starts_with("traces.jsonl:1: ")
    );
    assert_eq!(
        message(|trace| trace["ticks"][0]["px"] = json!([7])),
        "traces.jsonl:1: tick 0: pod 7 is removed but does not exist"
    );
    assert_eq!(
        message(|trace| trace["ticks"][0]["tg"] = json!([1, 2])),
        "traces.jsonl:1: tick 0: `tg` has 2 values, not 1"
    );
    assert_eq!(
        message(|trace| trace["ticks"][0]["n"][0][1] = json!("g7")),
        "traces.jsonl:1: tick 0: there is no group \"g7\""
    );
    assert_eq!(
        message(|trace| trace["flags"]["expander"] = json!("cheapest")),
        "traces.jsonl:1: there is no expander \"cheapest\""
    );
    assert_eq!(
        message(|trace| trace["ticks"][0]["p"][0][1] = json!(3)),
        "traces.jsonl:1: tick 0: pod 1 is of app 3"
    );
}
