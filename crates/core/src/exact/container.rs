//! Containers start, and end with everything that is inside.

use super::quota::CfsPhase;
use super::request::{NIL, State};
use super::server::Server;
use super::{ExactPlane, Tracer};
use crate::model::ServiceId;
use crate::plane::ServerId;
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
            if !matches!(state, State::Running | State::Finishing | State::Waiting) {
                self.requests.release(slot);
            }
        }
        self.run_runnable(now);
        self.find_next_special();
    }

    /// A container starts.
    pub(super) fn start(
        &mut self,
        now: SimTime,
        server: ServerId,
        service: ServiceId,
        phase: CfsPhase,
    ) {
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
