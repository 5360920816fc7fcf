//! Containers start, and end with everything that is inside.

use super::jobs::JOB;
use super::quota::CfsPhase;
use super::request::{NIL, State};
use super::server::Server;
use super::{ExactPlane, Tracer};
use crate::model::{PodTemplate, ServiceId};
use crate::plane::{Limits, ServerId, Settings};
use crate::record::Failure;
use flashcrowd_units::SimTime;

impl<T: Tracer> ExactPlane<T> {
    /// A container ends at once.
    pub(super) fn kill(&mut self, now: SimTime, index: u32, failure: Failure) {
        let server = &mut self.servers[index as usize];
        if !server.alive {
            return;
        }
        let (service, inside) = (server.service as usize, server.inside);
        server.clear(now.as_nanos());
        self.timers.set(index, SimTime::NEVER);
        (0..inside).for_each(|_| self.services[service].leave(now));
        self.queues.leave(index);
        let mut jobs = Vec::new();
        for slot in self.requests.of_server(index) {
            let request = &mut self.requests[slot];
            let (state, abandoned, callee) = (request.state, request.abandoned, request.next);
            if state == State::Free {
                // Its callee was on this pod too and has taken it along.
                continue;
            }
            request.state = State::Dead;
            if request.parent == JOB {
                let program = request.endpoint;
                let first_draw = request.first_draw;
                let others = self.programs.draws(program).saturating_sub(1);
                let others = self.requests.other_draws_mut(slot)[..others].to_vec();
                jobs.push((program, first_draw, others));
            }
            if state == State::Calling {
                // The callee works on; nobody will listen.
                self.requests[callee].parent = NIL;
                if !self.requests[callee].abandoned && self.requests[callee].state != State::Dead {
                    self.abandon_quietly(now, callee, failure);
                }
            }
            if !abandoned {
                self.end_attempt(index);
                self.count_failure(now, slot, failure);
            }
            if !matches!(state, State::Running | State::Finishing | State::Waiting) {
                self.requests.release(slot);
            }
        }
        self.jobs_killed(now, &jobs);
        self.run_runnable(now);
        self.find_next_special();
    }

    /// A container starts.
    pub(super) fn start(
        &mut self,
        now: SimTime,
        (server, service): (ServerId, ServiceId),
        phase: CfsPhase,
        limits: Option<Limits>,
        settings: Option<Settings>,
    ) {
        let index = server.0 as usize;
        self.timers.grow(index + 1);
        let template = &self.templates[service.index()];
        let own = (limits.is_some() || settings.is_some())
            .then(|| own_template(template, limits, settings));
        // Limits that can change need a CPU that knows of limits.
        let width = if self.resizable[service.index()] {
            u32::MAX
        } else {
            self.widths[service.index()]
        };
        let mut fresh = Server::start(
            own.as_ref().unwrap_or(template),
            self.cores[service.index()],
            width,
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

    /// A container that runs gets other limits.
    pub(super) fn resize(
        &mut self,
        now: SimTime,
        server: ServerId,
        limits: Limits,
        settings: Option<Settings>,
    ) {
        let pod = &mut self.servers[server.0 as usize];
        let service = pod.service as usize;
        let template = own_template(&self.templates[service], Some(limits), settings);
        if let Some(done) = pod.resize(&template, self.cores[service], now.as_nanos()) {
            self.timers.set(server.0, SimTime::from_nanos(done));
        }
        self.find_next_special();
    }
}

/// The template of a container that differs from the others of its service.
fn own_template(
    template: &PodTemplate,
    limits: Option<Limits>,
    settings: Option<Settings>,
) -> PodTemplate {
    let mut own = template.clone();
    if let Some(limits) = limits {
        (own.cpu_limit, own.memory_limit) = (limits.cpu, limits.memory);
    }
    if let Some(settings) = settings {
        (own.threads, own.concurrency) = (settings.threads, settings.concurrency);
        (own.backlog, own.memory) = (settings.backlog, settings.memory);
    }
    own
}
