//! One sync of the HPA on CPU utilization over 1,000 and 10,000 pods.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flashcrowd_autoscalers::hpa::{Hpa, HpaFlags};
use flashcrowd_autoscalers::{
    Autoscaler, ContainerUsage, MilliValue, Observation, PodId, PodPhase, PodRequests, PodUsage,
    PodView, ReadyCondition, Scale, TimePoint,
};
use flashcrowd_units::{Replicas, SimDuration};
use serde_json::json;

fn sync(criterion: &mut Criterion) {
    let spec = json!({
        "minReplicas": 2, "maxReplicas": 20_000,
        "metrics": [{ "type": "Resource", "resource": {
            "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } }],
        "behavior": { "scaleDown": { "stabilizationWindowSeconds": 300 } }
    });
    let spec = serde_json::from_value(spec).expect("the specification reads");
    let pod = json!({ "containers": [{ "name": "app", "resources": { "requests": { "cpu": "250m" } } }] });
    let pod = serde_json::from_value(pod).expect("the pod reads");
    let requests = PodRequests::of(&pod);
    let long_ago = TimePoint::from_secs(-7200);
    let now = TimePoint::from_secs(60);
    let containers: Vec<[ContainerUsage<'_>; 1]> = (0..10_000)
        .map(|pod| {
            [ContainerUsage {
                name: "app",
                cpu: Some(MilliValue::new(100_000 + pod * 17 % 150_000)),
                memory: None,
            }]
        })
        .collect();
    let usages: Vec<PodUsage<'_>> = (0..)
        .zip(&containers)
        .map(|(id, containers)| PodUsage {
            pod: PodId(id),
            at: now,
            window: SimDuration::from_secs(15),
            containers,
        })
        .collect();
    let pods: Vec<PodView<'_>> = (0..10_000)
        .map(|id| PodView {
            id: PodId(id),
            phase: PodPhase::Running,
            start_time: Some(long_ago),
            ready: Some(ReadyCondition::ready_since(long_ago)),
            deleting: false,
            requests: &requests,
        })
        .collect();
    let mut group = criterion.benchmark_group("hpa_sync");
    for count in [1_000, 10_000] {
        let mut hpa = Hpa::new(&spec, HpaFlags::default()).expect("the specification is legal");
        let replicas = Replicas(count as u32);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let mut now = now;
            bencher.iter(|| {
                now = now + SimDuration::from_secs(15);
                hpa.decide(&Observation {
                    now,
                    scale: Some(Scale {
                        spec_replicas: replicas,
                        status_replicas: replicas,
                    }),
                    pods: &pods[..count],
                    resources: Some(&usages[..count]),
                    answers: &[],
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, sync);
criterion_main!(benches);
