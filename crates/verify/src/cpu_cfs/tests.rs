use super::acceptance::Family;
use super::case::{Case, Request};
use super::quantile::quantile;
use super::replay::{Replay, replay};
use super::*;
use serde_json::Value;
use std::fs;

fn subset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/calibration/cpu_cfs")
}

/// The subset, and the complete set where it is there.
fn definition_files() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("FLASHCROWD_SHARED").map_or_else(beside, PathBuf::from);
    let mut files = definitions(&subset()).unwrap();
    files.extend(definitions(&shared.join("calibration/cpu_cfs")).unwrap_or_default());
    files
}

fn replays(case: &Case, cpu: CpuModel) -> Vec<Replay> {
    let repeats = 0..case.repeats.len();
    repeats.map(|it| replay(case, it, cpu).unwrap()).collect()
}

fn latencies(case: &Case, repeat: usize) -> Vec<f64> {
    let mut latencies: Vec<_> = case
        .requests
        .iter()
        .map(|it| it.latency_ms[repeat])
        .collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}

#[test]
fn percentiles_are_those_of_the_measurements() {
    for file in definition_files() {
        let case = Case::read(&file).unwrap();
        for (index, repeat) in case.repeats.iter().enumerate() {
            let latencies = latencies(&case, index);
            let recorded = [
                (0.50, repeat.latency_p50_ms.0),
                (0.95, repeat.latency_p95_ms.0),
                (0.99, repeat.latency_p99_ms.0),
            ];
            for (p, recorded) in recorded {
                // Both the latencies and their percentiles are rounded to 0.001 ms.
                let error = (quantile(&latencies, p) - recorded).abs();
                assert!(error < 0.00101, "{}: p = {p}: {error}", case.definition.id);
            }
        }
    }
}

#[test]
fn percentiles_are_interpolated() {
    assert_eq!(quantile(&[7.0], 0.99), 7.0);
    assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5), 3.0);
    assert_eq!(quantile(&[1.0, 2.0], 0.25), 1.25);
    assert_eq!(quantile(&[1.0, 2.0], 1.0), 2.0);
}

/// Beside the measurements stand the errors of another implementation of the same rules, model
/// `debt`, in every repeat: of latencies rounded to 0.1 %, of throttled periods exact.
#[test]
fn the_reference_model_is_met() {
    for file in definition_files() {
        let case = Case::read(&file).unwrap();
        let json: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let reference = &json["reference_models"]["debt"];
        let id = &case.definition.id;
        for (index, replay) in replays(&case, CpuModel::Cfs).iter().enumerate() {
            let measured = &case.repeats[index];
            let throttled = reference["nr_throttled_difference"][index].as_i64();
            let difference = replay.nr_throttled as i64 - measured.nr_throttled as i64;
            assert_eq!(Some(difference), throttled, "{id}: throttled periods");

            // With several threads, and where it does not say how it divides the overhead, the
            // reference may order bursts differently.
            let several_bursts = case.requests[0].wait_and_demand.is_some();
            if several_bursts || Family::of(&case.definition) != Family::OneThread {
                continue;
            }
            let figures = [
                ("p50", measured.latency_p50_ms.0, replay.quantile_ms(0.50)),
                ("p95", measured.latency_p95_ms.0, replay.quantile_ms(0.95)),
                ("p99", measured.latency_p99_ms.0, replay.quantile_ms(0.99)),
                ("mean", measured.latency_mean_ms.0, replay.mean_ms()),
            ];
            for (name, measured, simulated) in figures {
                let error = (simulated / measured - 1.0) * 100.0;
                let expected = &reference["known_phase_error_pct"][name][index];
                let expected = expected.as_f64().unwrap();
                assert!(
                    (error - expected).abs() < 0.5,
                    "{id} {name}: {error}, not {expected}"
                );
            }
        }
    }
}

/// A smooth share is ahead of or behind the kernel by a period's quota, the overrun of every core
/// up to the next tick, and what is carried over; so much later or earlier the queue is empty.
#[test]
fn a_smooth_share_drains_an_overload_as_the_kernel_does() {
    let mut cases = 0;
    for file in definition_files() {
        let case = Case::read(&file).unwrap();
        if !case.definition.id.contains("r110") {
            continue;
        }
        cases += 1;
        let limit = case.definition.limit();
        let quota_ms = limit.as_cores() * 100.0;
        let ahead_ms = quota_ms + 4.0 * f64::from(case.definition.cores.get()) + 1.0;
        let bound_s = ahead_ms / quota_ms * 0.1;
        for (index, replay) in replays(&case, CpuModel::Shared).iter().enumerate() {
            let answered = |it: &Request| it.sent[index].as_secs_f64() + it.latency_ms[index] / 1e3;
            let drained_s = case.requests.iter().map(answered).fold(0.0, f64::max);
            let late_s = replay.drained_s - drained_s;
            assert!(
                late_s.abs() <= bound_s,
                "{}: {late_s} s",
                case.definition.id
            );
            let measured = case.repeats[index].utilisation_of_limit.0;
            let error = replay.utilisation_of(limit) / measured - 1.0;
            assert!(error.abs() <= 0.01, "{}: {error}", case.definition.id);
            assert_eq!(replay.nr_throttled, 0);
        }
    }
    assert!(cases >= 1);
}

#[test]
fn a_limit_that_cannot_bind_is_enforced_alike_by_both_models() {
    let case = Case::read(&subset().join("ev_q100_r060_exp.json")).unwrap();
    let (cfs, shared) = (
        replays(&case, CpuModel::Cfs),
        replays(&case, CpuModel::Shared),
    );
    for (cfs, shared) in cfs.iter().zip(&shared) {
        assert_eq!(cfs.latencies_ms, shared.latencies_ms);
        assert_eq!(cfs.cpu_s, shared.cpu_s);
        assert_eq!((cfs.nr_throttled, shared.nr_throttled), (0, 0));
    }
}

const IO_DEFINITION: &str = r#"{
    "definition": {"id": "io", "mode": "MODE", "threads": THREADS, "cores": 1,
        "quota_us": 50000, "period_us": 100000},
    "per_repeat": [{"repeat": 1, "n": 2, "latency_mean_ms": 1, "latency_p50_ms": 1,
        "latency_p95_ms": 1, "latency_p99_ms": 1, "utilisation_of_limit": 1, "nr_throttled": 0,
        "period_phase_ms": 3, "tick_phase_ms": 1, "overhead_us_per_request": 100}]
}"#;

/// Two requests at once, each 1 ms of CPU, 50 ms of waiting, 2 ms of CPU, 0.05 ms more per burst.
fn waiting_latencies(mode: &str, threads: &str) -> Vec<f64> {
    let dir = tempfile::tempdir().unwrap();
    let definition = IO_DEFINITION
        .replace("MODE", mode)
        .replace("THREADS", threads);
    let requests = "i,arrival_s,demand_ms,wait_planned_ms,demand2_ms,r1_lag_ms,r1_latency_ms\n\
                    0,0.2,1,50,2,0.1,1\n\
                    1,0.2,1,50,2,0.1,1\n";
    fs::write(dir.path().join("io.json"), definition).unwrap();
    fs::write(dir.path().join("io.csv"), requests).unwrap();
    let case = Case::read(&dir.path().join("io.json")).unwrap();
    replay(&case, 0, CpuModel::Cfs).unwrap().latencies_ms
}

#[test]
fn waits_take_no_cpu() {
    // The loop runs 0 to 1.05 and 1.05 to 2.1; the second bursts begin at 51.05 and 53.1.
    let expected: [f64; 2] = [53.1, 55.15];
    for (latency, expected) in waiting_latencies("event_loop", "1").iter().zip(expected) {
        assert!((latency - expected).abs() < 1e-6, "{latency}");
    }
    // Two threads share the core in both bursts.
    for latency in waiting_latencies("threads", "2") {
        assert!((latency - (2.1 + 50.0 + 4.1)).abs() < 1e-5, "{latency}");
    }
    // One thread keeps its request through the wait.
    let expected: [f64; 2] = [53.1, 106.2];
    for (latency, expected) in waiting_latencies("threads", "1").iter().zip(expected) {
        assert!((latency - expected).abs() < 1e-6, "{latency}");
    }
}
