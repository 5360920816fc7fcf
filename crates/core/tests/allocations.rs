//! Requests are served without allocating: twice the time costs no more allocations.

// A counting allocator cannot be had without it.
#![allow(unsafe_code)]

mod systems;

use flashcrowd_core::World;
use flashcrowd_core::model::{BalancingPolicy, EndpointId, Model, PodTemplate, Service, Step};
use flashcrowd_core::record::NoRecorder;
use flashcrowd_units::{Millicores, SimDuration};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use systems::{endpoint, exponential, pod, service, share, system, workload};

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

fn four(name: &str, pod: PodTemplate, policy: BalancingPolicy) -> Service {
    let mut service = service(name, pod);
    service.replicas = 4;
    service.load_balancer.policy = policy;
    service
}

/// Queueing with places, CPU shared under a quota, calls, branches and time-outs that do happen;
/// no scrapes and one report, so that all events are those of requests.
fn model(seconds: f64) -> Model {
    let front = PodTemplate {
        concurrency: Some(2),
        ..pod()
    };
    let back = PodTemplate {
        cpu_limit: Some(Millicores::new(500)),
        ..pod()
    };
    let call = Step::Call {
        endpoint: EndpointId(1),
        timeout: SimDuration::from_millis(100),
    };
    let sometimes = Step::Choose(vec![(share(0.5), vec![Step::Wait(exponential(0.020))])]);
    let shared = Step::ParallelCpu {
        time: exponential(0.010),
        threads: 2,
    };
    let front = four("front", front, BalancingPolicy::LeastOutstanding);
    let steps = vec![Step::Cpu(exponential(0.005)), call, sometimes];
    let mut model = system(seconds, front, steps);
    let back = four("back", back, BalancingPolicy::PowerOfTwo);
    model.services.push(back);
    model.endpoints.push(endpoint("back", 1, vec![shared]));
    let mut clients = workload("clients", 100.0, 0);
    clients.timeout = SimDuration::from_millis(150);
    model.workloads.push(clients);
    model.metrics_server.resolution = SimDuration::from_secs(3_600);
    model
}

/// Allocations of a run, and its requests.
fn count(seconds: f64) -> (u64, u64) {
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
    let (allocations, requests) = count(300.0);
    let (more_allocations, more_requests) = count(600.0);
    assert!(more_requests > requests + 25_000);
    let extra = more_allocations.saturating_sub(allocations);
    assert!(
        extra <= 10,
        "{extra} allocations for {} requests",
        more_requests - requests
    );
}
