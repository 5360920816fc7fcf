//! Little's law, which on a run that ends empty is an identity.

use crate::ledger::run;
use crate::systems::{NEVER, constant, endpoint, exponential, pod, service, system, workload};
use flashcrowd_core::model::{BalancingPolicy, CpuScheduling, EndpointId, PodTemplate, Step};
use flashcrowd_units::{Millicores, Rate, SimDuration};
use flashcrowd_workload::RateShape;

/// Every second that a client waits is a second inside the front service.
#[test]
fn time_inside_is_the_sum_of_latencies() {
    let templates = [
        PodTemplate {
            concurrency: Some(2),
            ..pod()
        },
        PodTemplate {
            threads: Some(2),
            ..pod()
        },
        PodTemplate {
            threads: Some(2),
            scheduling: CpuScheduling::EventLoop,
            ..pod()
        },
        PodTemplate {
            cpu_limit: Some(Millicores::new(1_500)),
            ..pod()
        },
    ];
    let policies = [
        BalancingPolicy::Random,
        BalancingPolicy::RoundRobin,
        BalancingPolicy::LeastOutstanding,
        BalancingPolicy::PowerOfTwo,
    ];
    for (template, policy) in templates.into_iter().zip(policies) {
        let call = Step::Call {
            endpoint: EndpointId(1),
            timeout: NEVER,
        };
        let mut front = service("front", template.clone());
        front.replicas = 3;
        front.load_balancer.policy = policy;
        let mut model = system(
            120.0,
            front,
            vec![
                Step::Cpu(exponential(0.02)),
                call,
                Step::Cpu(exponential(0.005)),
            ],
        );
        model.services.push(service("back", template));
        model.endpoints.push(endpoint(
            "back",
            1,
            vec![Step::Cpu(constant(0.004)), Step::Wait(exponential(0.01))],
        ));
        // Nobody comes in the last minute.
        let mut clients = workload("clients", 0.0, 0);
        let step = |at, rate| flashcrowd_workload::Step {
            at: SimDuration::from_secs(at),
            rate: Rate::per_second(rate).expect("a rate"),
        };
        clients.rate = RateShape::Steps(vec![step(0, 120.0), step(60, 0.0)]);
        model.workloads.push(clients);
        let (ledger, totals) = run(&model, 1, 0.0);
        assert_eq!((totals.in_flight, totals.failed_total()), (0, 0));
        assert!(totals.completed > 6_000);
        let waited = ledger.endpoints[0].latency.sum_nanos() as f64 * 1e-9;
        let inside = ledger.in_flight_seconds[0];
        assert!(
            (waited / inside - 1.0).abs() < 1e-9,
            "{policy:?}: {waited} s waited, {inside} s inside"
        );
    }
}
