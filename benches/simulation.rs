//! How long a run takes from a scenario to its report: `cargo bench --bench simulation`.
//!
//! The workloads are those of `benches/workloads`, shortened. For a comparison with other
//! simulators, see `benches/compare.py`; for a figure without noise, `benches/instructions.sh`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flashcrowd::{Scenario, simulate};
use std::hint::black_box;

/// Workload, and a duration in which it sends about a hundred thousand requests.
const WORKLOADS: [(&str, &str); 3] = [("w1", "1400s"), ("w2", "360s"), ("w4", "250s")];

fn runs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("run");
    group.sample_size(20);
    for (name, duration) in WORKLOADS {
        let path = format!(
            "{}/benches/workloads/{name}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let scenario =
            Scenario::load(&path, &[&format!("duration={duration}")]).expect("it is in order");
        let requests = simulate(&scenario)
            .expect("it can be simulated")
            .report()
            .requests
            .offered;
        group.throughput(Throughput::Elements(requests));
        group.bench_with_input(
            BenchmarkId::from_parameter(name),
            &scenario,
            |bencher, scenario| {
                bencher.iter(|| simulate(black_box(scenario)).expect("it can be simulated"));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, runs);
criterion_main!(benches);
