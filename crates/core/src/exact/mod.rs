//! The data plane that simulates every request.

mod cpu;
mod program;
mod quota;
mod request;
mod router;
mod server;
mod source;
mod timeouts;

pub use quota::CfsPhase;
pub use source::ScriptedRequest;

use crate::error::ModelError;
use crate::model::{EndpointId, Model, PodTemplate, ServiceId};
use crate::plane::{Change, DataPlane, Notice, PodUsage, ServerId, ServiceTraffic};
use crate::record::{EndpointInterval, Failure, FailureCounts, Totals};
use flashcrowd_engine::{EventQueue, RngStreams, TimerSet};
use flashcrowd_units::{SimDuration, SimTime};
use program::{Instruction, Programs};
use request::{Fresh, NIL, Requests, Slot, State};
use router::Router;
use serde::{Deserialize, Serialize};
use server::{Admission, Server};
use source::Source;
use timeouts::{TimeoutClass, Timeouts};

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
    /// or a notice that has to be told at once.
    next_special: SimTime,
    next_timeout_check: SimTime,
    servers: Vec<Server>,
    services: Vec<Traffic>,
    endpoints: Vec<EndpointInterval>,
    /// Requests that have got a place and can go on; emptied within every event.
    runnable: Vec<Slot>,
    notices: Vec<Notice>,
    templates: Vec<PodTemplate>,
    endpoint_services: Vec<ServiceId>,
    node_cores: u32,
    /// Threads that one request uses at once at most, by service.
    widths: Vec<u32>,
    /// Counters of the intervals that have ended.
    past: Totals,
    events: u64,
    tracer: T,
}

/// The load balancer of one service and its counters.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Traffic {
    router: Router,
    in_flight: u32,
    in_flight_limit: u32,
    attempts: u64,
    failed: FailureCounts,
    /// Attempts inside pods; their integral over the interval is `inside_sum + inside * now`.
    inside: u64,
    inside_sum: u64,
}

impl Traffic {
    #[inline]
    fn enter(&mut self, now: SimTime) {
        self.inside += 1;
        self.inside_sum = self.inside_sum.wrapping_sub(now.as_nanos());
    }

    /// The load balancer sees the end of an attempt.
    #[inline(always)]
    fn end_attempt(&mut self, member: u32) {
        self.router.done(member);
        self.in_flight -= 1;
    }

    #[inline]
    fn leave(&mut self, now: SimTime) {
        self.inside -= 1;
        self.inside_sum = self.inside_sum.wrapping_add(now.as_nanos());
    }
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
            .map(|w| Source::new(w, model, streams, &mut timeouts));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let services = model.services.iter().map(|service| {
            let balancer = &service.load_balancer;
            let rng = streams.stream(&format!("balancing/{}", service.name));
            Traffic {
                router: Router::new(balancer.policy, balancer.keep_alive, rng),
                in_flight: 0,
                in_flight_limit: balancer.max_in_flight.unwrap_or(u32::MAX),
                attempts: 0,
                failed: FailureCounts::default(),
                inside: 0,
                inside_sum: 0,
            }
        });
        let mut plane = Self {
            now: SimTime::ZERO,
            next_arrival: (SimTime::NEVER, 0),
            requests: Requests::new(programs.draws_max),
            programs,
            queue: EventQueue::default(),
            timers: TimerSet::default(),
            timeouts,
            next_special: SimTime::NEVER,
            next_timeout_check: SimTime::NEVER,
            servers: Vec::new(),
            services: services.collect(),
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
                .collect(),
            node_cores: model.node_cores,
            widths: program::widths(model),
            past: Totals::default(),
            events: 0,
            sources,
            tracer,
        };
        plane.find_next_arrival();
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
            endpoint,
            class,
            RngStreams::new(seed),
        ));
        self.find_next_arrival();
    }

    /// Who saw every request.
    pub fn tracer(&self) -> &T {
        &self.tracer
    }

    #[inline]
    fn find_next_arrival(&mut self) {
        if let [only] = self.sources.as_slice() {
            self.next_arrival = (only.next_at, 0);
            return;
        }
        let mut next = (SimTime::NEVER, 0);
        for (index, source) in self.sources.iter().enumerate() {
            if source.next_at < next.0 {
                next = (source.next_at, index);
            }
        }
        self.next_arrival = next;
    }

    fn find_next_special(&mut self) {
        self.next_special = if self.notices.is_empty() {
            self.timers.next_at().min(self.next_timeout_check)
        } else {
            SimTime::ZERO
        };
    }

    /// A client sends a request.
    #[inline]
    fn arrive(&mut self) {
        let (now, source) = self.next_arrival;
        self.now = now;
        let slot = self.sources[source].take(&self.programs, &mut self.requests);
        self.find_next_arrival();
        self.tracer.arrived(slot, now);
        self.endpoints[self.requests[slot].endpoint.index()].offered += 1;
        if self.dispatch(now, slot) {
            self.run(now, slot);
        }
    }

    /// The load balancer finds a pod for an attempt. Returns whether it has a place and can go on.
    #[inline(always)]
    fn dispatch(&mut self, now: SimTime, slot: Slot) -> bool {
        let request = &self.requests[slot];
        let (service, timeout) = (
            self.endpoint_services[request.endpoint.index()],
            request.timeout,
        );
        let traffic = &mut self.services[service.index()];
        traffic.attempts += 1;
        if traffic.in_flight >= traffic.in_flight_limit {
            return self.turn_away(now, slot, Failure::LimitReached);
        }
        let Some((index, member)) = traffic.router.pick() else {
            return self.turn_away(now, slot, Failure::NoReadyEndpoint);
        };
        let server = &mut self.servers[index as usize];
        let placed = match server.admit(slot, &mut self.requests) {
            Admission::Place => true,
            Admission::Backlog => false,
            refusal => return self.refuse(now, slot, member, refusal),
        };
        traffic.in_flight += 1;
        traffic.enter(now);
        if server.is_out_of_memory() {
            self.notices.push(Notice::OutOfMemory(ServerId(index)));
            self.next_special = SimTime::ZERO;
        }
        self.requests[slot].server = index;
        if let Some(check) = self.timeouts.start(timeout, now)
            && check < self.next_timeout_check
        {
            self.next_timeout_check = check;
            self.next_special = self.next_special.min(check);
        }
        placed
    }

    /// The pod that was chosen does not take the attempt in.
    #[cold]
    fn refuse(&mut self, now: SimTime, slot: Slot, member: u32, refusal: Admission) -> bool {
        let service = self.endpoint_services[self.requests[slot].endpoint.index()];
        self.services[service.index()].router.done(member);
        let full = refusal == Admission::Full;
        self.turn_away(
            now,
            slot,
            if full {
                Failure::BacklogFull
            } else {
                Failure::ConnectionRefused
            },
        )
    }

    /// An attempt fails before any pod has it.
    #[cold]
    fn turn_away(&mut self, now: SimTime, slot: Slot, failure: Failure) -> bool {
        self.count_failure(now, slot, failure);
        self.requests.release(slot);
        self.run_runnable(now);
        false
    }

    /// Whoever waits for this attempt learns that it failed.
    #[cold]
    fn count_failure(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let request = &self.requests[slot];
        let (endpoint, parent) = (request.endpoint.index(), request.parent);
        self.services[self.endpoint_services[endpoint].index()].failed[failure as usize] += 1;
        if parent == NIL {
            self.endpoints[endpoint].failed[failure as usize] += 1;
        } else {
            self.fail(now, parent, failure);
        }
    }

    #[inline]
    fn run_runnable(&mut self, now: SimTime) {
        while let Some(slot) = self.runnable.pop() {
            self.run_next(now, slot);
        }
    }

    #[inline(never)]
    fn run_next(&mut self, now: SimTime, slot: Slot) {
        self.run_one(now, slot);
    }

    /// Runs a request, and whatever can go on because of that.
    #[inline(always)]
    fn run(&mut self, now: SimTime, slot: Slot) {
        self.run_one(now, slot);
        self.run_runnable(now);
    }

    /// Runs the program of a request that has a place, up to the next step that takes time; then,
    /// if it has left, that of the one that has taken its place.
    #[inline(always)]
    fn run_one(&mut self, now: SimTime, mut slot: Slot) {
        loop {
            let request = &mut self.requests[slot];
            let instruction = self.programs.code[request.pc as usize];
            request.pc += 1;
            // The two that every request has, as branches of their own: they are well predicted,
            // a jump table is not.
            if let Instruction::Cpu { draw, threads } = instruction {
                return self.use_cpu(now, slot, draw, threads);
            }
            if instruction == Instruction::Done {
                match self.complete(now, slot) {
                    Some(next) => slot = next,
                    None => return,
                }
            } else if self.run_other(now, slot, instruction) {
                return;
            }
        }
    }

    /// The rarer instructions. Returns whether the request has to wait.
    #[inline(never)]
    fn run_other(&mut self, now: SimTime, slot: Slot, instruction: Instruction) -> bool {
        match instruction {
            Instruction::Wait { draw } => {
                self.requests[slot].state = State::Waiting;
                let after = SimDuration::from_nanos(self.requests.draw(slot, draw));
                self.queue.push(now, now + after, slot);
            }
            Instruction::Call {
                endpoint,
                draw,
                timeout,
            } => self.call(now, slot, endpoint, draw, timeout),
            Instruction::SkipUnless {
                draw,
                from,
                below,
                target,
            } => {
                let uniform = self.requests.draw(slot, draw);
                if uniform < from || uniform >= below {
                    self.requests[slot].pc = target;
                }
                return false;
            }
            Instruction::Jump { target } => {
                self.requests[slot].pc = target;
                return false;
            }
            Instruction::Cpu { .. } | Instruction::Done => {
                unreachable!("run_one runs these itself")
            }
        }
        true
    }

    #[inline(never)]
    fn call(
        &mut self,
        now: SimTime,
        slot: Slot,
        endpoint: EndpointId,
        draw: u32,
        timeout: TimeoutClass,
    ) {
        self.requests[slot].state = State::Calling;
        let pc = self.programs.start(endpoint);
        let callee = self.requests.allocate(Fresh {
            arrived: now,
            endpoint,
            timeout,
            parent: slot,
            pc,
        });
        self.requests[slot].next = callee;
        self.requests
            .hand_over(slot, draw, callee, self.programs.draws(endpoint));
        if self.dispatch(now, callee) {
            self.runnable.push(callee);
        }
    }

    #[inline]
    fn use_cpu(&mut self, now: SimTime, slot: Slot, draw: u32, threads: u32) {
        let demand = self.requests.draw(slot, draw);
        let request = &mut self.requests[slot];
        let index = request.server;
        let server = &mut self.servers[index as usize];
        if let Some(station) = &mut server.station {
            request.state = State::Sharing;
            station.arrive(now.as_nanos(), slot, demand, threads);
            let done = station.next_done();
            self.timers.set(index, SimTime::from_nanos(done));
            self.find_next_special();
        } else {
            debug_assert_eq!(threads, 1, "work of several threads needs a shared CPU");
            request.state = State::Running;
            server.core_taken(now.as_nanos());
            self.queue
                .push(now, now + SimDuration::from_nanos(demand), slot);
        }
    }

    /// An event of the queue.
    #[inline(always)]
    fn wake(&mut self, now: SimTime, slot: Slot) {
        let request = &self.requests[slot];
        if request.state == State::Running {
            self.servers[request.server as usize].core_returned(now.as_nanos());
        } else if request.state == State::Dead {
            self.requests.release(slot);
            return;
        }
        self.run(now, slot);
    }

    /// The earliest burst on a shared CPU is done.
    #[inline]
    fn burst_done(&mut self, now: SimTime) {
        let index = self.timers.next_index();
        let station = self.servers[index as usize].station.as_mut();
        let station = station.expect("only shared CPUs have timers");
        let slot = station.complete(now.as_nanos());
        let done = station.next_done();
        self.timers.set(index, SimTime::from_nanos(done));
        self.find_next_special();
        self.run(now, slot);
    }

    /// A request is answered. Returns the one that takes its place.
    #[inline(always)]
    fn complete(&mut self, now: SimTime, slot: Slot) -> Option<Slot> {
        let request = self.requests.release(slot);
        let (endpoint, parent, arrived) = (request.endpoint, request.parent, request.arrived);
        let (server, abandoned) = (request.server, request.abandoned);
        let next = self.leave(now, server, abandoned);
        if !abandoned {
            if parent == NIL {
                let interval = &mut self.endpoints[endpoint.index()];
                interval.completed += 1;
                interval.latency.record(now - arrived);
                self.tracer.completed(slot, now);
            } else {
                self.runnable.push(parent);
            }
        }
        next
    }

    /// A request that has a place fails.
    #[cold]
    fn fail(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let request = &self.requests[slot];
        let next = self.leave(now, request.server, request.abandoned);
        self.runnable.extend(next);
        if !self.requests[slot].abandoned {
            self.count_failure(now, slot, failure);
        }
        self.requests.release(slot);
    }

    /// A request gives its place to the next one, which is returned, and the load balancer sees the
    /// end of it.
    #[inline(always)]
    fn leave(&mut self, now: SimTime, index: u32, abandoned: bool) -> Option<Slot> {
        let server = &mut self.servers[index as usize];
        let traffic = &mut self.services[server.service as usize];
        if !abandoned {
            traffic.end_attempt(server.member);
        }
        if !server.alive {
            return None;
        }
        traffic.leave(now);
        let next = server.leave(&mut self.requests);
        if server.draining && server.inside == 0 {
            self.notices.push(Notice::Drained(ServerId(index)));
            self.next_special = SimTime::ZERO;
        }
        next
    }

    /// The load balancer sees the end of an attempt.
    #[cold]
    fn end_attempt(&mut self, server: u32) {
        let server = &self.servers[server as usize];
        self.services[server.service as usize].end_attempt(server.member);
    }

    /// Nobody waits for this attempt any more. The pod does not know and works on.
    fn abandon(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let request = &mut self.requests[slot];
        request.abandoned = true;
        let server = request.server;
        self.end_attempt(server);
        self.count_failure(now, slot, failure);
        self.requests[slot].parent = NIL;
    }

    fn check_timeouts(&mut self, now: SimTime) {
        while let Some((slot, failure)) = self.timeouts.expire(now, &self.requests) {
            self.events += 1;
            self.abandon(now, slot, failure);
            self.run_runnable(now);
        }
        self.next_timeout_check = self.timeouts.next_check();
        self.find_next_special();
    }

    fn kill(&mut self, now: SimTime, index: u32, failure: Failure) {
        let server = &mut self.servers[index as usize];
        if !server.alive {
            return;
        }
        let (service, inside) = (server.service as usize, server.inside);
        server.clear(now.as_nanos());
        self.timers.set(index, SimTime::NEVER);
        (0..inside).for_each(|_| self.services[service].leave(now));
        for slot in self.requests.of_server(index) {
            let request = &mut self.requests[slot];
            let (state, abandoned, callee) = (request.state, request.abandoned, request.next);
            if state == State::Free {
                // Its callee was on this pod too and has taken it along.
                continue;
            }
            request.state = State::Dead;
            if state == State::Calling {
                // The callee works on; nobody will listen.
                self.requests[callee].parent = NIL;
                if !self.requests[callee].abandoned && self.requests[callee].state != State::Dead {
                    self.abandon_quietly(callee, failure);
                }
            }
            if !abandoned {
                self.end_attempt(index);
                self.count_failure(now, slot, failure);
            }
            if !matches!(state, State::Running | State::Waiting) {
                self.requests.release(slot);
            }
        }
        self.run_runnable(now);
        self.find_next_special();
    }

    /// The caller of an attempt is gone: the attempt has failed for the callee's service, and
    /// there is nobody else to tell.
    fn abandon_quietly(&mut self, slot: Slot, failure: Failure) {
        let request = &mut self.requests[slot];
        request.abandoned = true;
        let (server, endpoint) = (request.server, request.endpoint.index());
        self.end_attempt(server);
        self.services[self.endpoint_services[endpoint].index()].failed[failure as usize] += 1;
    }

    fn start(&mut self, now: SimTime, server: ServerId, service: ServiceId, phase: CfsPhase) {
        let index = server.0 as usize;
        self.timers.grow(index + 1);
        let mut fresh = Server::start(
            &self.templates[service.index()],
            self.node_cores,
            self.widths[service.index()],
            phase,
            now.as_nanos(),
        );
        fresh.service = service.0;
        fresh.member = NIL;
        if let Some(old) = self.servers.get(index) {
            // A restarted container keeps the name that the load balancer knows.
            fresh.member = old.member;
        }
        if fresh.member == NIL {
            fresh.member = self.services[service.index()].router.enter(server.0);
        }
        if index >= self.servers.len() {
            // Pods with smaller numbers may start later.
            self.servers.resize_with(index + 1, Server::vacant);
        }
        self.servers[index] = fresh;
    }
}

impl<T: Tracer> DataPlane for ExactPlane<T> {
    fn advance(&mut self, to: SimTime) -> Option<(SimTime, Notice)> {
        assert!(
            to >= self.now,
            "simulated time would go back from {} to {to}",
            self.now
        );
        loop {
            let bound = to.min(self.next_special);
            let next_event = self.queue.next_at();
            // Completions before arrivals of the same instant.
            if next_event < bound && next_event <= self.next_arrival.0 {
                if let Some((now, slot)) = self.queue.pop() {
                    self.now = now;
                    self.events += 1;
                    self.wake(now, slot);
                }
            } else if self.next_arrival.0 < bound {
                self.events += 1;
                self.arrive();
            } else if let Some(notice) = self.notices.pop() {
                self.find_next_special();
                return Some((self.now, notice));
            } else if self.next_special < to {
                let now = self.next_special;
                self.now = now;
                if self.timers.next_at() <= now {
                    self.events += 1;
                    self.burst_done(now);
                } else {
                    self.check_timeouts(now);
                }
            } else {
                self.now = to;
                return None;
            }
        }
    }

    fn apply(&mut self, now: SimTime, change: Change) {
        debug_assert!(now >= self.now);
        self.now = now;
        match change {
            Change::Start {
                server,
                service,
                phase,
            } => self.start(now, server, service, phase),
            Change::Listen(server, listening) => {
                self.servers[server.0 as usize].listening = listening;
            }
            Change::Route(server, routed) => {
                let server = &self.servers[server.0 as usize];
                let router = &mut self.services[server.service as usize].router;
                if routed {
                    router.add(server.member);
                } else {
                    router.remove(server.member);
                }
            }
            Change::Drain(server) => {
                let pod = &mut self.servers[server.0 as usize];
                pod.draining = true;
                if pod.inside == 0 {
                    self.notices.push(Notice::Drained(server));
                    self.next_special = SimTime::ZERO;
                }
            }
            Change::Kill(server, failure) => self.kill(now, server.0, failure),
            Change::Remove(server) => {
                let pod = &mut self.servers[server.0 as usize];
                let member = std::mem::replace(&mut pod.member, NIL);
                self.services[pod.service as usize].router.leave(member);
            }
        }
    }

    fn usage(&mut self, server: ServerId, now: SimTime) -> PodUsage {
        let pod = &mut self.servers[server.0 as usize];
        let (cfs_periods, cfs_throttled) = pod
            .station
            .as_mut()
            .map_or((0, 0), |s| s.periods(now.as_nanos()));
        PodUsage {
            cpu_seconds: pod.cpu_seconds(now.as_nanos()),
            memory_bytes: pod.memory_bytes(),
            inside: pod.inside,
            queued: pod.queued(),
            cfs_periods,
            cfs_throttled,
            probe_delay_seconds: pod
                .station
                .as_ref()
                .map_or(0.0, |station| station.backlog() as f64 * 1e-9),
        }
    }

    fn endpoints(&self) -> &[EndpointInterval] {
        &self.endpoints
    }

    fn traffic(&mut self, service: ServiceId, now: SimTime) -> ServiceTraffic {
        let traffic = &self.services[service.index()];
        let inside = traffic
            .inside_sum
            .wrapping_add(traffic.inside.wrapping_mul(now.as_nanos()));
        ServiceTraffic {
            attempts: traffic.attempts,
            failed: traffic.failed,
            inside_seconds: inside as f64 * 1e-9,
        }
    }

    fn end_interval(&mut self, now: SimTime) {
        for endpoint in &mut self.endpoints {
            self.past.offered += endpoint.offered;
            self.past.completed += endpoint.completed;
            for (total, count) in self.past.failed.iter_mut().zip(endpoint.failed) {
                *total += count;
            }
            (endpoint.offered, endpoint.completed) = (0, 0);
            endpoint.failed = FailureCounts::default();
            endpoint.latency.clear();
        }
        for traffic in &mut self.services {
            traffic.attempts = 0;
            traffic.failed = FailureCounts::default();
            traffic.inside_sum = traffic.inside.wrapping_mul(now.as_nanos()).wrapping_neg();
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = self.past.clone();
        for endpoint in &self.endpoints {
            totals.offered += endpoint.offered;
            totals.completed += endpoint.completed;
            for (total, count) in totals.failed.iter_mut().zip(endpoint.failed) {
                *total += count;
            }
        }
        // Counted on its own account, so that conservation is a check and not a definition.
        totals.in_flight = self.requests.awaited_clients();
        totals.events = self.events;
        totals
    }
}
