//! What stands in for the pods of a service that has none: requests wait here for the first.

use super::request::{NIL, Slot};
use super::server::Admission;
use super::timeouts::TimeoutClass;
use super::{ExactPlane, Tracer};
use crate::model::ServiceId;
use crate::plane::{Notice, ServerId};
use crate::record::Failure;
use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Requests that wait for a pod.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Held {
    capacity: usize,
    /// In order of arrival.
    line: VecDeque<Slot>,
    /// Their integral over the interval is `sum + line.len() * now`, with wrapping arithmetic.
    sum: u64,
}

impl Held {
    /// Room for so many; with none, nothing waits.
    pub(super) fn new(capacity: u32) -> Self {
        Self {
            capacity: capacity as usize,
            ..Self::default()
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.line.len() as u32
    }

    /// Their integral over the interval \[request seconds\].
    pub(super) fn seconds(&self, now: SimTime) -> f64 {
        let count = self.line.len() as u64;
        let sum = self.sum.wrapping_add(count.wrapping_mul(now.as_nanos()));
        sum as f64 * 1e-9
    }

    pub(super) fn end_interval(&mut self, now: SimTime) {
        let count = self.line.len() as u64;
        self.sum = count.wrapping_mul(now.as_nanos()).wrapping_neg();
    }

    fn push(&mut self, slot: Slot, now: SimTime) {
        self.line.push_back(slot);
        self.sum = self.sum.wrapping_sub(now.as_nanos());
    }

    fn pop(&mut self, now: SimTime) -> Option<Slot> {
        let slot = self.line.pop_front()?;
        self.sum = self.sum.wrapping_add(now.as_nanos());
        Some(slot)
    }

    fn remove(&mut self, slot: Slot, now: SimTime) {
        let place = self.line.iter().position(|&held| held == slot);
        self.line
            .remove(place.expect("a request without a pod is held"));
        self.sum = self.sum.wrapping_add(now.as_nanos());
    }
}

impl<T: Tracer> ExactPlane<T> {
    /// The load balancer has no pod for an attempt: it waits, or it is turned away.
    #[cold]
    #[inline(never)]
    pub(super) fn without_pod(
        &mut self,
        now: SimTime,
        slot: Slot,
        service: ServiceId,
        timeout: TimeoutClass,
    ) -> bool {
        let held = &mut self.held[service.index()];
        if held.capacity == 0 {
            return self.turn_away(now, slot, Failure::NoReadyEndpoint);
        }
        if held.line.len() >= held.capacity {
            return self.turn_away(now, slot, Failure::LimitReached);
        }
        held.push(slot, now);
        if held.line.len() == 1 {
            self.notices.push(Notice::Held(service));
            self.next_special = SimTime::ZERO;
        }
        if let Some(check) = self.timeouts.start(timeout, now)
            && check < self.next_check
        {
            self.next_check = check;
            self.next_special = self.next_special.min(check);
        }
        false
    }

    /// A pod has come: whatever waited goes to it.
    pub(super) fn release_held(&mut self, now: SimTime, service: u32) {
        let index = service as usize;
        while self.held[index].len() > 0 {
            let Some(pod) = self.services[index].router.pick() else {
                break;
            };
            let slot = self.held[index].pop(now).expect("the loop has seen one");
            let server = &mut self.servers[pod as usize];
            let member = server.member;
            match server.admits() {
                Admission::Admitted => {}
                Admission::OutOfMemory => {
                    self.notices.push(Notice::OutOfMemory(ServerId(pod)));
                    self.next_special = SimTime::ZERO;
                }
                refusal => {
                    self.refuse(now, slot, member, refusal);
                    continue;
                }
            }
            if server.take_in(slot, &mut self.requests) {
                self.runnable.push(slot);
            }
            let traffic = &mut self.services[index];
            traffic.in_flight += 1;
            traffic.enter(now);
            self.requests[slot].server = pod;
        }
        self.run_runnable(now);
    }

    /// Whether a request waits for a pod.
    pub(super) fn is_held(&self, slot: Slot) -> bool {
        self.requests[slot].server == NIL
    }

    /// Nobody waits any more for a request that has not found a pod yet: it is gone.
    pub(super) fn drop_held(&mut self, now: SimTime, slot: Slot) {
        let endpoint = self.requests[slot].endpoint;
        let service = self.endpoint_services[endpoint.index()];
        self.held[service.index()].remove(slot, now);
        self.requests.release(slot);
    }
}
