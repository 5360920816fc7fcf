//! The data plane that simulates every request.

mod activator;
mod attempt;
mod container;
mod cpu;
mod data_plane;
mod execute;
mod jobs;
mod program;
mod quota;
mod request;
mod router;
mod server;
mod source;
mod timeouts;
mod traffic;

pub use quota::CfsPhase;
pub use source::ScriptedRequest;

use crate::error::ModelError;
use crate::model::{EndpointId, Model, PodTemplate, Service, ServiceId};
use crate::plane::Notice;
use crate::record::{EndpointInterval, Failure, Totals};
use activator::Held;
use flashcrowd_engine::{EventQueue, RngStreams, TimerSet};
use flashcrowd_units::{SimDuration, SimTime};
use jobs::Queues;
use program::Programs;
use request::{Requests, Slot};
use router::Router;
use serde::{Deserialize, Serialize};
use server::Server;
use source::Source;
use timeouts::Timeouts;
use traffic::Traffic;

/// Sees every request of a client; for replaying measurements and for tests.
pub trait Tracer {
    /// A client's request arrived and is in this slot until it is answered or fails.
    fn arrived(&mut self, _slot: u32, _at: SimTime) {}
    /// The request in this slot was answered.
    fn completed(&mut self, _slot: u32, _at: SimTime) {}
}

/// Looks away; costs nothing.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct NoTracer;

impl Tracer for NoTracer {}

/// Simulates every request of a model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExactPlane<T = NoTracer> {
    now: SimTime,
    sources: Vec<Source>,
    /// The earliest request of all sources, and whose it is.
    next_arrival: (SimTime, usize),
    programs: Programs,
    requests: Requests,
    /// Completions of requests that have a core of their own, or wait without CPU.
    queue: EventQueue,
    /// The next completion of each shared CPU.
    timers: TimerSet,
    timeouts: Timeouts,
    /// The next thing that is neither an arrival nor in the queue: a shared CPU, a time-out check,
    /// a job that comes by itself, or a notice that has to be told at once.
    next_special: SimTime,
    /// The next time-out check, or the next job that comes by itself.
    next_check: SimTime,
    servers: Vec<Server>,
    services: Vec<Traffic>,
    /// Requests that wait for a pod, by service.
    held: Vec<Held>,
    queues: Queues,
    endpoints: Vec<EndpointInterval>,
    /// Requests that have got a place and can go on; emptied within every event.
    runnable: Vec<Slot>,
    notices: Vec<Notice>,
    templates: Vec<PodTemplate>,
    endpoint_services: Vec<ServiceId>,
    /// Cores of the machine under a pod, by service.
    cores: Vec<u32>,
    /// Threads that one request uses at once at most, by service.
    widths: Vec<u32>,
    /// By service: whether the limits of running containers can change.
    resizable: Vec<bool>,
    /// Counters of the intervals that have ended.
    past: Totals,
    events: u64,
    tracer: T,
}

impl ExactPlane {
    /// The plane of a model, before anything has arrived and without pods.
    ///
    /// # Errors
    /// If endpoints call each other in a circle.
    pub fn new(model: &Model, seed: u64) -> Result<Self, ModelError> {
        Self::with_tracer(model, seed, NoTracer)
    }
}

impl<T: Tracer> ExactPlane<T> {
    /// As [`new`](ExactPlane::new), with somebody who sees every request.
    ///
    /// # Errors
    /// If endpoints call each other in a circle.
    pub fn with_tracer(model: &Model, seed: u64, tracer: T) -> Result<Self, ModelError> {
        let streams = RngStreams::new(seed);
        let mut timeouts = Timeouts::default();
        let programs = Programs::compile(model, &mut timeouts)?;
        let sources = model
            .workloads
            .iter()
            .map(|w| Source::new(w, model, streams, &programs, &mut timeouts));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let services = model.services.iter().map(|service| {
            let balancer = &service.load_balancer;
            let rng = streams.stream(&format!("balancing/{}", service.name));
            Traffic::new(
                Router::new(balancer.policy, balancer.keep_alive, rng),
                balancer.max_in_flight,
            )
        });
        let held = model
            .services
            .iter()
            .map(|service| Held::new(service.activator.map_or(0, |activator| activator.capacity)));
        let mut plane = Self {
            now: SimTime::ZERO,
            next_arrival: (SimTime::NEVER, 0),
            requests: Requests::new(programs.draws_max),
            programs,
            queue: EventQueue::default(),
            timers: TimerSet::default(),
            timeouts,
            next_special: SimTime::NEVER,
            next_check: SimTime::NEVER,
            servers: Vec::new(),
            services: services.collect(),
            held: held.collect(),
            queues: Queues::new(model, streams)?,
            endpoints: vec![EndpointInterval::default(); model.endpoints.len()],
            runnable: Vec::new(),
            notices: Vec::new(),
            templates: model
                .services
                .iter()
                .map(|service| service.pod.clone())
                .collect(),
            endpoint_services: model
                .endpoints
                .iter()
                .map(|endpoint| endpoint.service)
                .chain(model.queues.iter().map(|queue| queue.workers))
                .collect(),
            cores: (0..model.services.len() as u32)
                .map(|service| model.cores_of(ServiceId(service)))
                .collect(),
            widths: program::widths(model),
            resizable: model
                .services
                .iter()
                .map(Service::resizes_in_place)
                .collect(),
            past: Totals::default(),
            events: 0,
            sources,
            tracer,
        };
        plane.find_next_arrival();
        plane.find_next_check();
        Ok(plane)
    }

    /// Adds requests that are known beforehand, in order of time, to one endpoint.
    pub fn add_script(
        &mut self,
        endpoint: EndpointId,
        requests: Vec<ScriptedRequest>,
        timeout: SimDuration,
        seed: u64,
    ) {
        let class = self.timeouts.class(timeout, Failure::ClientTimeout);
        self.sources.push(Source::script(
            requests,
            (self.endpoint_services[endpoint.index()], endpoint),
            self.programs.of(endpoint).clone(),
            class,
            RngStreams::new(seed),
        ));
        self.find_next_arrival();
    }

    /// Who saw every request.
    pub fn tracer(&self) -> &T {
        &self.tracer
    }

    fn find_next_arrival(&mut self) {
        let sources = self.sources.iter().enumerate();
        let (at, index) = sources
            .map(|(index, source)| (source.next_at, index))
            .min()
            .unwrap_or((SimTime::NEVER, 0));
        self.next_arrival = (at, index);
    }

    /// Looks anew for the next time-out check and the next job that comes by itself.
    fn find_next_check(&mut self) {
        self.next_check = self.timeouts.next_check().min(self.queues.next_at);
        self.find_next_special();
    }

    fn find_next_special(&mut self) {
        self.next_special = if self.notices.is_empty() {
            self.timers.next_at().min(self.next_check)
        } else {
            SimTime::ZERO
        };
    }

    /// Whatever is due that is neither an arrival nor in the queue.
    #[inline(never)]
    fn special(&mut self) {
        let now = self.next_special;
        self.now = now;
        if self.timers.next_at() <= now {
            self.events += 1;
            let slot = self.burst_done(now);
            self.run_one(now, slot);
        } else if self.queues.next_at <= now {
            self.produce(now);
        } else {
            self.check_timeouts(now);
        }
    }
}
