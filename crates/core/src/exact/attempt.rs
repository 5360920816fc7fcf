//! The way of an attempt through load balancer and pod: from its arrival to its end.

use super::jobs::JOB;
use super::request::{NIL, Slot};
use super::server::Admission;
use super::timeouts::TimeoutClass;
use super::{ExactPlane, Tracer};
use crate::model::ServiceId;
use crate::plane::{Notice, ServerId};
use crate::record::Failure;
use flashcrowd_units::SimTime;

impl<T: Tracer> ExactPlane<T> {
    /// A client sends a request. Returns it if it has a place and can go on.
    #[inline(always)]
    pub(super) fn arrive(&mut self, now: SimTime) -> Option<Slot> {
        let source = self.next_arrival.1;
        let (slot, service, endpoint, timeout) = self.sources[source].take(&mut self.requests);
        let next_at = self.sources[source].next_at;
        if self.sources.len() == 1 {
            self.next_arrival.0 = next_at;
        } else {
            self.find_next_arrival();
        }
        self.tracer.arrived(slot, now);
        self.endpoints[endpoint.index()].offered += 1;
        self.dispatch(now, slot, service, timeout).then_some(slot)
    }

    /// The load balancer finds a pod for an attempt. Returns whether it has a place and can go on.
    #[inline(always)]
    pub(super) fn dispatch(
        &mut self,
        now: SimTime,
        slot: Slot,
        service: ServiceId,
        timeout: TimeoutClass,
    ) -> bool {
        let traffic = &mut self.services[service.index()];
        traffic.attempts += 1;
        if traffic.in_flight >= traffic.in_flight_limit {
            return self.turn_away(now, slot, Failure::LimitReached);
        }
        let Some(index) = traffic.router.pick() else {
            return self.without_pod(now, slot, service, timeout);
        };
        let server = &mut self.servers[index as usize];
        match server.admits() {
            Admission::Admitted => {}
            Admission::OutOfMemory => {
                self.notices.push(Notice::OutOfMemory(ServerId(index)));
                self.next_special = SimTime::ZERO;
            }
            refusal => {
                let member = server.member;
                return self.refuse(now, slot, member, refusal);
            }
        }
        let placed = server.take_in(slot, &mut self.requests);
        traffic.in_flight += 1;
        traffic.enter(now);
        self.requests[slot].server = index;
        if self.timeouts.any_idle()
            && let Some(check) = self.timeouts.start(timeout, now)
            && check < self.next_check
        {
            self.next_check = check;
            self.next_special = self.next_special.min(check);
        }
        placed
    }

    /// The pod that was chosen does not take the attempt in.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        now: SimTime,
        slot: Slot,
        member: u32,
        refusal: Admission,
    ) -> bool {
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
    pub(super) fn turn_away(&mut self, now: SimTime, slot: Slot, failure: Failure) -> bool {
        self.count_failure(now, slot, failure);
        self.requests.release(slot);
        self.run_runnable(now);
        false
    }

    /// Whoever waits for this attempt learns that it failed.
    #[cold]
    pub(super) fn count_failure(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let request = &self.requests[slot];
        let (endpoint, parent) = (request.endpoint.index(), request.parent);
        self.services[self.endpoint_services[endpoint].index()].failed[failure as usize] += 1;
        if parent == NIL {
            self.endpoints[endpoint].failed[failure as usize] += 1;
        } else {
            self.fail(now, parent, failure);
        }
    }

    /// A request is answered; if it `had_core` to itself until now, it gives it back. Returns the one
    /// that takes its place.
    #[inline(always)]
    pub(super) fn complete(&mut self, now: SimTime, slot: Slot, had_core: bool) -> Option<Slot> {
        let request = self.requests.release(slot);
        let (endpoint, parent, arrived) = (request.endpoint, request.parent, request.arrived);
        let (server, abandoned) = (request.server, request.abandoned);
        let next = self.leave(now, server, abandoned, had_core);
        if abandoned {
            return next;
        }
        if parent == NIL {
            let interval = &mut self.endpoints[endpoint.index()];
            interval.completed += 1;
            interval.latency.record(now - arrived);
            self.tracer.completed(slot, now);
        } else {
            self.runnable.push(parent);
        }
        next
    }

    /// A request that has a place fails.
    #[cold]
    fn fail(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let request = &self.requests[slot];
        let (server, abandoned) = (request.server, request.abandoned);
        let (parent, endpoint) = (request.parent, request.endpoint);
        if self.servers[server as usize].alive {
            let next = self.leave(now, server, abandoned, false);
            self.runnable.extend(next);
        } else if !abandoned {
            // Its pod has just been killed, and is being cleared.
            self.end_attempt(server);
        }
        if !abandoned {
            self.count_failure(now, slot, failure);
        } else if parent == JOB {
            self.job_failed(now, endpoint, server);
        }
        self.requests.release(slot);
    }

    /// A request gives its place to the next one, which is returned, and the load balancer sees the
    /// end of it.
    #[inline(always)]
    pub(super) fn leave(
        &mut self,
        now: SimTime,
        index: u32,
        abandoned: bool,
        had_core: bool,
    ) -> Option<Slot> {
        let server = &mut self.servers[index as usize];
        debug_assert!(server.alive);
        if had_core {
            server.core_returned(now.as_nanos());
        }
        let traffic = &mut self.services[server.service as usize];
        traffic.leave(now);
        let next = server.leave(&mut self.requests);
        if server.draining && server.inside == 0 {
            self.notices.push(Notice::Drained(ServerId(index)));
            self.next_special = SimTime::ZERO;
        }
        if !abandoned {
            traffic.end_attempt(server.member);
        }
        next
    }

    /// The load balancer sees the end of an attempt.
    #[cold]
    pub(super) fn end_attempt(&mut self, server: u32) {
        let server = &self.servers[server as usize];
        self.services[server.service as usize].end_attempt(server.member);
    }

    /// Nobody waits for this attempt any more. The pod does not know and works on.
    fn abandon(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        if self.is_held(slot) {
            self.count_failure(now, slot, failure);
            return self.drop_held(now, slot);
        }
        let request = &mut self.requests[slot];
        request.abandoned = true;
        let server = request.server;
        self.end_attempt(server);
        self.count_failure(now, slot, failure);
        self.requests[slot].parent = NIL;
    }

    /// The caller of an attempt is gone: the attempt has failed for the callee's service, and
    /// there is nobody else to tell.
    pub(super) fn abandon_quietly(&mut self, now: SimTime, slot: Slot, failure: Failure) {
        let is_held = self.is_held(slot);
        let request = &mut self.requests[slot];
        request.abandoned = true;
        let (server, endpoint) = (request.server, request.endpoint.index());
        self.services[self.endpoint_services[endpoint].index()].failed[failure as usize] += 1;
        if is_held {
            self.drop_held(now, slot);
        } else {
            self.end_attempt(server);
        }
    }

    /// Gives up on every request whose time is up.
    pub(super) fn check_timeouts(&mut self, now: SimTime) {
        while let Some((slot, failure)) = self.timeouts.expire(now, &self.requests) {
            self.events += 1;
            self.abandon(now, slot, failure);
            self.run_runnable(now);
        }
        self.find_next_check();
    }
}
