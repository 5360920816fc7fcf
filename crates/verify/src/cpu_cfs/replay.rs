//! Sends the requests of one repeat to a simulated pod.

use super::case::{Case, Milliseconds, Mode, Request};
use super::quantile::quantile;
use flashcrowd_core::model::{
    BalancingPolicy, CpuModel, CpuScheduling, Endpoint, EndpointId, LoadBalancer, MemoryModel,
    MetricsServer, Model, OnSigterm, Placement, PodTemplate, Readiness, RolloutStrategy, Service,
    ServiceId, Step,
};
use flashcrowd_core::plane::{Change, DataPlane, ServerId};
use flashcrowd_core::{CfsPhase, ExactPlane, ModelError, ScriptedRequest, Tracer};
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime, Usd};
use flashcrowd_workload::ServiceTime;

/// What a simulated run comes to.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    /// From sending to the answer, sorted [ms].
    pub(super) latencies_ms: Vec<f64>,
    /// CPU time that the pod used [core s].
    pub(super) cpu_s: f64,
    /// When the last request was answered [s].
    pub(super) drained_s: f64,
    /// Periods in which the pod was stopped.
    pub(super) nr_throttled: u64,
}

impl Replay {
    /// A percentile of the latencies, `p` from 0 to 1 [ms].
    pub(super) fn quantile_ms(&self, p: f64) -> f64 {
        quantile(&self.latencies_ms, p)
    }

    /// Use of a limit over the time that was measured, from before the first request until the
    /// queue was empty.
    pub(super) fn utilisation_of(&self, limit: Millicores) -> f64 {
        self.cpu_s / (self.drained_s + LEAD) / limit.as_cores()
    }

    /// Mean latency [ms].
    pub(super) fn mean_ms(&self) -> f64 {
        self.latencies_ms.iter().sum::<f64>() / self.latencies_ms.len() as f64
    }
}

const POD: ServerId = ServerId(0);
const SERVICE: ServiceId = ServiceId(0);
const ENDPOINT: EndpointId = EndpointId(0);
/// The measured wall time begins so long before the first request could be sent [s].
const LEAD: f64 = 0.1;
/// Nobody gives up.
const PATIENCE: SimDuration = SimDuration::from_secs(1_000_000_000);

/// Replays repeat number `repeat`, from 0.
pub(super) fn replay(case: &Case, repeat: usize, cpu: CpuModel) -> Result<Replay, ModelError> {
    let mut plane = ExactPlane::with_tracer(&model(case, cpu), 0, Latencies::default())?;
    let measured = &case.repeats[repeat];
    let nanos = |phase: Option<Milliseconds>| phase.map_or(0, |it| it.0.as_nanos());
    let phase = CfsPhase {
        period: nanos(measured.period_phase_ms),
        tick: nanos(measured.tick_phase_ms),
    };
    let start = Change::Start {
        server: POD,
        service: SERVICE,
        phase,
        limits: None,
        settings: None,
    };
    let mut now = SimTime::ZERO;
    for change in [start, Change::Listen(POD, true), Change::Route(POD, true)] {
        plane.apply(now, change);
    }
    plane.add_script(ENDPOINT, script(case, repeat), PATIENCE, 0);
    while plane.tracer().answered.len() < case.requests.len() {
        now += SimDuration::from_secs(1);
        while plane.advance(now).is_some() {}
    }
    let usage = plane.usage(POD, now);
    let seen = plane.tracer();
    let mut latencies_ms = seen.answered.clone();
    latencies_ms.sort_by(f64::total_cmp);
    Ok(Replay {
        latencies_ms,
        cpu_s: usage.cpu_seconds,
        drained_s: seen.last.as_secs_f64(),
        nr_throttled: usage.cfs_throttled,
    })
}

/// The requests in the order in which they were sent.
fn script(case: &Case, repeat: usize) -> Vec<ScriptedRequest> {
    let overhead = case.overhead(repeat);
    let request = |request: &Request| {
        let demands = match request.wait_and_demand {
            None => vec![request.demand + overhead],
            // Each of the two bursts is entered and left once.
            Some((wait, after)) => {
                vec![request.demand + overhead / 2, wait, after + overhead / 2]
            }
        };
        ScriptedRequest {
            at: request.sent[repeat],
            demands,
        }
    };
    let mut script: Vec<_> = case.requests.iter().map(request).collect();
    script.sort_by_key(|request| request.at);
    script
}

/// One pod as the measured server was set up.
fn model(case: &Case, cpu_model: CpuModel) -> Model {
    let definition = &case.definition;
    let (threads, cores) = (definition.threads.get(), definition.cores.get());
    // The script says how long each step takes.
    let scripted = ServiceTime::Constant(SimDuration::ZERO);
    let cpu = match definition.mode {
        Mode::EventLoop | Mode::Threads => Step::Cpu(scripted),
        Mode::Split => Step::ParallelCpu {
            time: scripted,
            threads,
        },
    };
    let has_wait = case.requests.iter().any(|it| it.wait_and_demand.is_some());
    let steps = if has_wait {
        vec![cpu.clone(), Step::Wait(scripted), cpu]
    } else {
        vec![cpu]
    };
    let (scheduling, usable_cores, concurrency) = match definition.mode {
        Mode::EventLoop => (CpuScheduling::EventLoop, 1, None),
        Mode::Threads => (CpuScheduling::TimeShared, cores, Some(threads)),
        Mode::Split => (CpuScheduling::TimeShared, cores, None),
    };
    let pod = PodTemplate {
        cpu_limit: Some(definition.limit()),
        threads: Some(usable_cores),
        scheduling,
        cpu_model,
        concurrency,
        ..idle_pod()
    };
    Model {
        duration: SimDuration::from_secs(1),
        workloads: Vec::new(),
        services: vec![service(pod)],
        endpoints: vec![Endpoint {
            name: definition.id.clone(),
            service: SERVICE,
            steps,
        }],
        queues: Vec::new(),
        metrics: Vec::new(),
        metrics_server: MetricsServer {
            resolution: SimDuration::from_secs(15),
            lag: SimDuration::ZERO,
        },
        node_cores: cores,
        nodes: None,
        actions: Vec::new(),
        procedures: Vec::new(),
    }
}

fn service(pod: PodTemplate) -> Service {
    Service {
        name: "server".to_owned(),
        replicas: 1,
        pod,
        instances: None,
        rollout: RolloutStrategy::Recreate,
        load_balancer: LoadBalancer {
            policy: BalancingPolicy::RoundRobin,
            propagation: SimDuration::ZERO,
            max_in_flight: None,
            timeout: None,
            keep_alive: None,
        },
        autoscaler: None,
        scaled_job: None,
        vpa: None,
        activator: None,
        pod_hour: Usd::default(),
    }
}

/// A pod of which nothing but the CPU matters.
fn idle_pod() -> PodTemplate {
    let at_once = ServiceTime::Constant(SimDuration::ZERO);
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
            base: Bytes::default(),
            per_request: Bytes::default(),
            leak_per_request: Bytes::default(),
        },
        scheduling_delay: at_once,
        pull: at_once,
        startup: at_once,
        startup_probe: None,
        readiness: Readiness::Listening,
        liveness_probe: None,
        pre_stop: SimDuration::ZERO,
        grace_period: SimDuration::ZERO,
        on_sigterm: OnSigterm::Drain,
        deletion_cost: 0,
        containers: Vec::new(),
        placement: Placement::default(),
    }
}

/// Collects latencies.
#[derive(Debug, Default)]
struct Latencies {
    /// When the request in each slot was sent.
    sent: Vec<SimTime>,
    /// Latencies in order of the answers [ms].
    answered: Vec<f64>,
    /// When the latest answer came.
    last: SimTime,
}

impl Tracer for Latencies {
    fn arrived(&mut self, slot: u32, at: SimTime) {
        let slot = slot as usize;
        if self.sent.len() <= slot {
            self.sent.resize(slot + 1, SimTime::ZERO);
        }
        self.sent[slot] = at;
    }

    fn completed(&mut self, slot: u32, at: SimTime) {
        let latency = at.since(self.sent[slot as usize]);
        self.answered.push(latency.as_secs_f64() * 1e3);
        self.last = at;
    }
}
