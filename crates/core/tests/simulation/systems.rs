//! The plainest system there is, for tests to change where they need to.

use flashcrowd_core::model::{Action, IntOrPercent, TimedAction};
use flashcrowd_core::model::{
    BalancingPolicy, Container, CpuModel, CpuScheduling, Endpoint, EndpointId, LoadBalancer,
    MemoryModel, MetricsServer, Model, OnSigterm, PodTemplate, Readiness, RolloutStrategy, Service,
    ServiceId, Step, Workload,
};
use flashcrowd_units::{Bytes, Rate, Ratio, SimDuration, SimTime, Usd};
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
        cpu_request: None,
        cpu_limit: None,
        memory_request: None,
        memory_limit: None,
        threads: None,
        scheduling: CpuScheduling::TimeShared,
        cpu_model: CpuModel::Cfs,
        concurrency: None,
        backlog: None,
        memory: MemoryModel {
            base: Bytes::new(0),
            per_request: Bytes::new(0),
            leak_per_request: Bytes::new(0),
        },
        scheduling_delay: constant(0.0),
        pull: constant(0.0),
        startup: constant(0.0),
        startup_probe: None,
        readiness: Readiness::Listening,
        liveness_probe: None,
        pre_stop: SimDuration::ZERO,
        grace_period: SimDuration::from_secs(30),
        on_sigterm: OnSigterm::Drain,
        deletion_cost: 0,
        containers: vec![Container {
            name: "app".to_owned(),
            cpu_request: None,
            memory_request: None,
        }],
    }
}

/// One pod behind a load balancer that knows everything at once.
pub(crate) fn service(name: &str, pod: PodTemplate) -> Service {
    Service {
        name: name.to_owned(),
        replicas: 1,
        pod,
        rollout: RolloutStrategy::RollingUpdate {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
            min_ready: SimDuration::ZERO,
        },
        load_balancer: LoadBalancer {
            policy: BalancingPolicy::LeastOutstanding,
            propagation: SimDuration::ZERO,
            max_in_flight: None,
            timeout: None,
            keep_alive: None,
        },
        autoscaler: None,
        pod_hour: Usd::default(),
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
        metrics_server: MetricsServer {
            resolution: SimDuration::from_secs(15),
            lag: SimDuration::ZERO,
        },
        node_cores: 64,
        actions: Vec::new(),
    }
}

pub(crate) fn at(seconds: u64, action: Action) -> TimedAction {
    TimedAction {
        at: SimTime::from_secs(seconds),
        action,
    }
}
