//! The event queue in the hold model: take the earliest event, put another one in.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flashcrowd::engine::{EventQueue, RngStreams};
use flashcrowd::units::{SimDuration, SimTime, math};
use rand::RngExt;

/// Operations an iteration.
const HOLDS: usize = 10_000;

fn hold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold");
    group.throughput(Throughput::Elements(HOLDS as u64));
    let mut rng = RngStreams::new(1).stream("benches/event_queue");
    // Drawn beforehand: the queue is measured, not the generator. Exponential with mean 1 ms.
    let increments: Vec<_> = (0..HOLDS)
        .map(|_| SimDuration::from_nanos((-1e6 * math::ln(1.0 - rng.random::<f64>())) as u64))
        .collect();
    for pending in [10_u32, 1_000, 100_000] {
        let mut queue = EventQueue::default();
        for slot in 0..pending {
            let at = SimTime::ZERO + increments[slot as usize % HOLDS];
            queue.push(SimTime::ZERO, at, slot);
        }
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter(|| {
                for &increment in &increments {
                    let (now, slot) = queue.pop().expect("as many as before are pending");
                    queue.push(now, now + increment, slot);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
