//! Requests are served without allocating: twice the time costs no more allocations.

// A counting allocator cannot be had without it.
#![allow(unsafe_code)]

use flashcrowd_core::World;
use flashcrowd_core::model::{
    BalancingPolicy, Container, CpuModel, CpuScheduling, Endpoint, EndpointId, IntOrPercent,
    LoadBalancer, MemoryModel, MetricsServer, Model, OnSigterm, PodTemplate, Readiness,
    RolloutStrategy, Service, ServiceId, Step, Workload,
};
use flashcrowd_core::record::NoRecorder;
use flashcrowd_units::{Bytes, Millicores, Rate, Ratio, SimDuration, Usd};
use flashcrowd_workload::{ArrivalProcess, Exponential, RateShape, ServiceTime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, and how often it was asked.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged, which keeps the contract of
// `GlobalAlloc`; counting touches nothing but an atomic number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` or `realloc` above, that is from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `pointer` came from `alloc` or `realloc` above, that is from `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn exponential(millis: u64) -> ServiceTime {
    ServiceTime::Exponential(Exponential {
        mean: SimDuration::from_millis(millis),
    })
}

fn service(
    name: &str,
    cpu_limit: Option<u64>,
    concurrency: Option<u32>,
    policy: BalancingPolicy,
) -> Service {
    let zero = ServiceTime::Constant(SimDuration::ZERO);
    Service {
        name: name.to_owned(),
        replicas: 4,
        pod: PodTemplate {
            cpu_request: None,
            cpu_limit: cpu_limit.map(Millicores::new),
            memory_request: None,
            memory_limit: None,
            threads: None,
            scheduling: CpuScheduling::TimeShared,
            cpu_model: CpuModel::Cfs,
            concurrency,
            backlog: None,
            memory: MemoryModel {
                base: Bytes::new(0),
                per_request: Bytes::new(0),
                leak_per_request: Bytes::new(0),
            },
            scheduling_delay: zero,
            pull: zero,
            startup: zero,
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
        },
        rollout: RolloutStrategy::RollingUpdate {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
            min_ready: SimDuration::ZERO,
        },
        load_balancer: LoadBalancer {
            policy,
            propagation: SimDuration::ZERO,
            max_in_flight: None,
            timeout: None,
            keep_alive: None,
        },
        autoscaler: None,
        pod_hour: Usd::default(),
    }
}

/// Queueing with places, CPU shared under a quota, calls, branches and time-outs that do happen;
/// no scrapes and one report, so that all events are those of requests.
fn model(seconds: u64) -> Model {
    let hour = SimDuration::from_secs(3_600);
    let call = Step::Call {
        endpoint: EndpointId(1),
        timeout: SimDuration::from_millis(100),
    };
    let half = Ratio::new(0.5).expect("a share");
    let front = vec![
        Step::Cpu(exponential(5)),
        call,
        Step::Choose(vec![(half, vec![Step::Wait(exponential(20))])]),
    ];
    let back = vec![Step::ParallelCpu {
        time: exponential(10),
        threads: 2,
    }];
    Model {
        duration: SimDuration::from_secs(seconds),
        workloads: vec![Workload {
            name: "clients".to_owned(),
            process: ArrivalProcess::Poisson,
            rate: RateShape::Constant(Rate::per_second(100.0).expect("a rate")),
            endpoints: vec![(EndpointId(0), Ratio::ONE)],
            timeout: SimDuration::from_millis(150),
        }],
        services: vec![
            service("front", None, Some(2), BalancingPolicy::LeastOutstanding),
            service("back", Some(500), None, BalancingPolicy::PowerOfTwo),
        ],
        endpoints: vec![
            Endpoint {
                name: "front".to_owned(),
                service: ServiceId(0),
                steps: front,
            },
            Endpoint {
                name: "back".to_owned(),
                service: ServiceId(1),
                steps: back,
            },
        ],
        metrics_server: MetricsServer {
            resolution: hour,
            lag: SimDuration::ZERO,
        },
        node_cores: 16,
        actions: vec![],
    }
}

/// Allocations of a run, and its requests.
fn count(seconds: u64) -> (u64, u64) {
    let mut world = World::new(model(seconds), 1).expect("a legal model");
    world.set_report_interval(SimDuration::from_secs(36_000));
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let totals = world.run(&mut NoRecorder);
    assert!(totals.completed > 0 && totals.failed_total() > 0);
    (ALLOCATIONS.load(Ordering::Relaxed) - before, totals.offered)
}

/// Tables grow to the largest number of requests in flight, and that maximum still grows a little
/// with time: a doubling here and there is all that twice the requests may cost.
#[test]
fn requests_in_steady_state_allocate_nothing() {
    let (allocations, requests) = count(300);
    let (more_allocations, more_requests) = count(600);
    assert!(more_requests > requests + 25_000);
    let extra = more_allocations.saturating_sub(allocations);
    assert!(
        extra <= 10,
        "{extra} allocations for {} requests",
        more_requests - requests
    );
}
