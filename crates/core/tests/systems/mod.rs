//! The plainest system there is, for tests to change where they need to.

use flashcrowd_core::model::{
    BalancingPolicy, Endpoint, EndpointId, LoadBalancer, MemoryModel, MetricsServer, Model,
    PodTemplate, Service, ServiceId, Step, Workload,
};
use flashcrowd_units::{Bytes, Rate, Ratio, SimDuration};
use flashcrowd_workload::{ArrivalProcess, Exponential, RateShape, ServiceTime};

/// Longer than any test runs.
pub(crate) const NEVER: SimDuration = SimDuration::from_secs(36_000_000);

pub(crate) fn exponential(mean_seconds: f64) -> ServiceTime {
    ServiceTime::Exponential(Exponential {
        mean: SimDuration::from_secs_f64(mean_seconds),
    })
}

pub(crate) fn constant(seconds: f64) -> ServiceTime {
    ServiceTime::Constant(SimDuration::from_secs_f64(seconds))
}

pub(crate) fn rate(per_second: f64) -> RateShape {
    RateShape::Constant(Rate::per_second(per_second).expect("rates of tests are legal"))
}

pub(crate) fn share(fraction: f64) -> Ratio {
    Ratio::new(fraction).expect("shares of tests are legal")
}

/// No limits, no delays, no probes.
pub(crate) fn pod() -> PodTemplate {
    PodTemplate {
        memory: MemoryModel {
            base: Bytes::new(0),
            per_request: Bytes::new(0),
            leak_per_request: Bytes::new(0),
        },
        scheduling_delay: constant(0.0),
        pull: constant(0.0),
        startup: constant(0.0),
        ..PodTemplate::new("app", None, None)
    }
}

/// One pod behind a load balancer that knows everything at once.
pub(crate) fn service(name: &str, pod: PodTemplate) -> Service {
    Service {
        load_balancer: LoadBalancer {
            policy: BalancingPolicy::LeastOutstanding,
            propagation: SimDuration::ZERO,
            ..LoadBalancer::default()
        },
        ..Service::new(name, 1, pod)
    }
}

/// Poisson arrivals of clients with endless patience.
pub(crate) fn workload(name: &str, per_second: f64, endpoint: u32) -> Workload {
    Workload {
        name: name.to_owned(),
        process: ArrivalProcess::Poisson,
        rate: rate(per_second),
        endpoints: vec![(EndpointId(endpoint), Ratio::ONE)],
        timeout: NEVER,
    }
}

pub(crate) fn endpoint(name: &str, service: u32, steps: Vec<Step>) -> Endpoint {
    Endpoint {
        name: name.to_owned(),
        service: ServiceId(service),
        steps,
    }
}

/// A service with one endpoint and nobody who asks for it.
pub(crate) fn system(seconds: f64, service: Service, steps: Vec<Step>) -> Model {
    let name = service.name.clone();
    Model {
        duration: SimDuration::from_secs_f64(seconds),
        workloads: Vec::new(),
        services: vec![service],
        endpoints: vec![endpoint(&name, 0, steps)],
        queues: Vec::new(),
        metrics: Vec::new(),
        metrics_server: MetricsServer {
            resolution: SimDuration::from_secs(15),
            lag: SimDuration::ZERO,
        },
        node_cores: 64,
        nodes: None,
        actions: Vec::new(),
        procedures: Vec::new(),
    }
}
