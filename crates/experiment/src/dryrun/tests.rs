//! Decisions reckoned by hand.

mod pools;

use super::*;
use flashcrowd_scenario::{LoadedScaler, load_scaler};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

const HPA: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }
";

const DEPLOYMENT: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [ { name: shop, image: shop, resources: { requests: { cpu: 250m } } } ] }
";

fn scaler(manifest: &str) -> LoadedScaler {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        BTreeMap::from([(PathBuf::from("m.yaml"), manifest.as_bytes().to_vec())]);
    load_scaler("m.yaml", None, &files)
        .unwrap_or_else(|problems| panic!("{}", problems.render(flashcrowd_scenario::Style::Plain)))
}

/// Of each sync: replicas before and after, and whether that is certain.
fn decided(manifest: &str, csv: &str) -> Vec<(u32, u32, bool)> {
    let history = MetricHistory::read(csv, None).expect("the history reads");
    let run = dry_run(&scaler(manifest), &history, &Options::default());
    let syncs = run.unwrap_or_else(|error| panic!("{error}")).syncs;
    syncs
        .iter()
        .map(|it| (it.decision.current(), it.decision.desired(), it.is_certain))
        .collect()
}

#[test]
fn what_follows_the_recorded_replicas_is_certain() {
    let csv = "time,replicas,cpu_utilization
2025-11-28T09:00:00+05:30,4,105
2025-11-28T09:00:15+05:30,6,77
2025-11-28T09:00:30+05:30,6,78
";
    // 105 / 70 x 4 = 6. 77 / 70 = 1.1 is still within the tolerance. 78 / 70 x 6 = 6.69, so 7.
    assert_eq!(
        decided(HPA, csv),
        [(4, 6, true), (6, 6, true), (6, 7, true)]
    );
}

#[test]
fn other_replicas_would_have_had_another_load() {
    let csv = "time,replicas,cpu_utilization
2025-11-28T03:30:00Z,4,105
2025-11-28T03:30:15Z,4,126
2025-11-28T03:30:30Z,8,70
";
    // 126 % on 4 pods are 84 % on 6: 84 / 70 x 6 = 7.2, so 8. Then the numbers agree, but the
    // controller remembers the sync before for five minutes.
    assert_eq!(
        decided(HPA, csv),
        [(4, 6, true), (6, 8, false), (8, 8, false)]
    );
}

#[test]
fn usage_is_measured_against_the_request_of_the_deployment() {
    let csv = "time,replicas,cpu\n0,3,260m\n15,3,0.2\n";
    let manifest = format!("{HPA}{DEPLOYMENT}");
    // 260m of 250m are 104 %: 104 / 70 x 3 = 4.46, so 5. Then 200m x 3 / 5 = 120m, 48 %:
    // 48 / 70 x 5 = 3.4, so 4; but 5 were recommended within the last five minutes.
    assert_eq!(decided(&manifest, csv), [(3, 5, true), (5, 5, false)]);
    let history = MetricHistory::read(csv, None).expect("the history reads");
    let error = dry_run(&scaler(HPA), &history, &Options::default()).expect_err("no request");
    assert!(error.to_string().contains("requests"), "{error}");
}

#[test]
fn gaps_and_old_values_are_missing_metrics() {
    let csv = "time,replicas,cpu_utilization\n0,4,105\n15,6,\n400,6,140\n";
    let syncs = decided(HPA, csv);
    // Nothing is known from 15 s on; the sample of 400 s is seen at 405 s, after the end.
    assert_eq!(syncs[0], (4, 6, true));
    assert!(syncs[1..].iter().all(|it| (it.0, it.1) == (6, 6)));
    let old = "time,replicas,cpu_utilization\n0,4,70\n600,4,70\n";
    let history = MetricHistory::read(old, None).expect("the history reads");
    let at = |seconds| history.columns[1].at(flashcrowd_units::SimTime::from_secs(seconds));
    assert!(at(300).is_some() && at(301).is_none() && at(600).is_some());
}

#[test]
fn a_range_query_reads_as_the_same_history() {
    let json = r#"{ "status": "success", "data": { "resultType": "matrix", "result": [
        { "metric": { "__name__": "cpu_utilization", "pod": "a" }, "values": [[0, "100"], [15, "80"]] },
        { "metric": { "__name__": "cpu_utilization", "pod": "b" }, "values": [[0, "110"], [15, "74"]] },
        { "metric": { "__name__": "replicas" }, "values": [[0, "4"], [15, "6"]] } ] } }"#;
    // The averages are 105 and 77.
    assert_eq!(decided(HPA, json), [(4, 6, true), (6, 6, true)]);
    let vector = json.replace("matrix", "vector");
    let error = MetricHistory::read(&vector, None).expect_err("not a range");
    assert!(error.to_string().contains("query_range"), "{error}");
}

const SCALED_OBJECT: &str = r#"
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: worker }
spec:
  scaleTargetRef: { name: worker }
  maxReplicaCount: 10
  triggers:
    - { type: redis, metadata: { listName: orders, listLength: "5" } }
"#;

#[test]
fn a_scaled_object_wakes_by_keda_and_grows_by_its_hpa() {
    let csv = "time,s0-redis-orders\n0,30\n1,30\n";
    // At 0 s the poll finds the list longer than 0 and wakes the workload to 1; the HPA follows a
    // millisecond later: 30 / 5 = 6, of which 4 are allowed (without behavior at most 4, or twice).
    assert_eq!(decided(SCALED_OBJECT, csv), [(0, 1, true), (1, 4, false)]);
}

#[test]
fn what_is_not_recorded_is_named() {
    let history = MetricHistory::read("time,replicas,cpu_utilisation\n0,4,105\n", None);
    let history = history.expect("the history reads");
    let error = dry_run(&scaler(HPA), &history, &Options::default()).expect_err("a typing error");
    assert_eq!(
        error.to_string(),
        "no column for the cpu metric: it is read from `cpu_utilization` or `cpu`; there are \
         `replicas`, `cpu_utilisation`: is `cpu_utilisation` meant? Rename it"
    );
    let times = MetricHistory::read("time,x\n15,1\n0,1\n", None).expect_err("backwards");
    assert!(times.to_string().starts_with("line 3: "), "{times}");
}

#[test]
fn all_that_is_wrong_with_a_history_is_said() {
    let csv = "time,a,b\n0,1,x\nnow,1,2\n30,1\n15,y,z\n";
    let error = MetricHistory::read(csv, None).expect_err("four lines are wrong");
    let lines: Vec<_> = error.problems.iter().map(|it| it.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 5, 5].map(Some), "{error}");
    let names = MetricHistory::read("timestamp,cpu\n0,1\n", None).expect_err("no times");
    assert!(
        names.to_string().ends_with("rename `timestamp` to `time`"),
        "{names}"
    );
    for (text, expected) in [("", "the file is empty"), ("time,cpu\n", "nothing below")] {
        let error = MetricHistory::read(text, None).expect_err("there is nothing");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn columns_without_a_value_are_named() {
    let history = MetricHistory::read("time,cpu_utilization\n0,NaN\n15,NaN\n", None);
    let history = history.expect("the history reads");
    let run = dry_run(&scaler(HPA), &history, &Options::default()).expect("it runs");
    assert_eq!(run.empty, ["cpu_utilization"]);
    assert!(run.syncs.iter().all(|it| !it.decision.is_rescale()));
}

/// Recorded syncs of the real controller whose metrics do not look at pods, written as CSV.
#[test]
fn recorded_decisions_of_the_real_hpa_come_out_again() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/hpa/traces.jsonl"
    );
    let traces = std::fs::read_to_string(path).expect("the golden traces are there");
    let (mut replayed, mut rescales) = (0, 0);
    for line in traces.lines() {
        let trace: serde_json::Value = serde_json::from_str(line).expect("a trace");
        if let Some(changes) = replay(&trace) {
            replayed += 1;
            rescales += changes;
        }
    }
    assert!(
        replayed > 0 && rescales > 0,
        "{replayed} traces, {rescales} rescales"
    );
}

/// Replays a trace, if it can be written as a history; gives the number of rescales.
fn replay(trace: &serde_json::Value) -> Option<usize> {
    let ticks = trace["ticks"].as_array()?;
    let sync = trace["sync_ms"].as_u64()?;
    let metrics = trace["spec"]["metrics"].as_array()?;
    let outside = metrics.iter().all(|metric| {
        metric["type"] == "External" && metric["external"]["target"]["type"] == "AverageValue"
    });
    let plain = ticks.iter().enumerate().all(|(index, tick)| {
        let event = ["restart", "fail", "spec"]
            .iter()
            .any(|key| !tick[key].is_null());
        let follows = index == 0 || ticks[index - 1]["o"]["n"] == tick["r"];
        !event && follows && tick["r"] == tick["s"] && tick["t"] == sync * index as u64
    });
    if !outside || !plain || trace["gates"]["HPAScaleToZero"] == true {
        return None;
    }
    let mut manifest = serde_json::json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "traced" }, "spec": trace["spec"],
    });
    manifest["spec"]["scaleTargetRef"] =
        serde_json::json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "traced" });
    let mut csv = "time,replicas".to_owned();
    // As many series as any sync has.
    let series = |tick: &serde_json::Value, index: usize| {
        tick["mv"][index].as_array().cloned().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..metrics.len())
        .map(|index| {
            ticks
                .iter()
                .map(|tick| series(tick, index).len())
                .max()
                .unwrap_or(0)
                .max(1)
        })
        .collect();
    for (metric, width) in metrics.iter().zip(&widths) {
        let name = metric["external"]["metric"]["name"].as_str()?;
        csv += &format!(",{name}").repeat(*width);
    }
    for tick in ticks {
        let seconds = tick["t"].as_f64()? / 1000.0;
        let _ = write!(csv, "\n{seconds},{}", tick["r"]);
        for (index, width) in widths.iter().enumerate() {
            let values = series(tick, index);
            for at in 0..*width {
                csv += &values
                    .get(at)
                    .map_or(",".to_owned(), |value| format!(",{value}m"));
            }
        }
    }
    let history = MetricHistory::read(&format!("{csv}\n"), None).expect("the history reads");
    let flags = flashcrowd_autoscalers::hpa::HpaFlags {
        sync_period: flashcrowd_units::SimDuration::from_nanos(sync * 1_000_000),
        tolerance: trace["ctl"]["tolerance"].as_f64()?,
        downscale_stabilization: flashcrowd_units::SimDuration::from_nanos(
            trace["ctl"]["downscale_stabilization_ms"].as_u64()? * 1_000_000,
        ),
        ..flashcrowd_autoscalers::hpa::HpaFlags::default()
    };
    let options = Options {
        flags,
        ..Options::default()
    };
    let run = dry_run(&scaler(&manifest.to_string()), &history, &options);
    let syncs = run
        .unwrap_or_else(|error| panic!("{}: {error}", trace["id"]))
        .syncs;
    assert_eq!(syncs.len(), ticks.len(), "{}", trace["id"]);
    for (sync, tick) in syncs.iter().zip(ticks) {
        let wanted = tick["o"]["n"].as_u64();
        let got = Some(u64::from(sync.decision.desired()));
        assert_eq!(got, wanted, "{} at {} ms", trace["id"], tick["t"]);
        assert!(sync.is_certain, "{} at {} ms", trace["id"], tick["t"]);
    }
    Some(syncs.iter().filter(|it| it.decision.is_rescale()).count())
}
