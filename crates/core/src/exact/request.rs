//! Requests in flight: slots in a slab, linked into queues by index, never allocated one by one.

use super::jobs::JOB;
use super::timeouts::TimeoutClass;
use crate::model::EndpointId;
use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};

/// Index of a request in the slab.
pub(crate) type Slot = u32;

/// No slot.
pub(crate) const NIL: Slot = u32::MAX;

/// One attempt to have an endpoint executed: a client's request, or a call between services.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    /// When it was sent.
    pub(crate) arrived: SimTime,
    /// The first of the numbers that were drawn for it; most have no other.
    pub(crate) first_draw: u64,
    /// The pod that has it.
    pub(crate) server: u32,
    /// The next one in the pod's queue; while it waits for a call, the callee; in a free slot the
    /// next free one.
    pub(crate) next: Slot,
    /// Who called; [`NIL`] for a client.
    pub(crate) parent: Slot,
    /// The next instruction.
    pub(crate) pc: u32,
    pub(crate) endpoint: EndpointId,
    /// How long somebody waits for the answer.
    pub(crate) timeout: TimeoutClass,
    pub(crate) state: State,
    /// Nobody waits for the answer any more: it was counted as failed when they gave up.
    pub(crate) abandoned: bool,
}

impl Request {
    /// What is in a slot before its first use.
    const UNUSED: Self = Self {
        arrived: SimTime::ZERO,
        first_draw: 0,
        server: NIL,
        next: NIL,
        parent: NIL,
        pc: 0,
        endpoint: EndpointId(0),
        timeout: TimeoutClass::FIRST,
        state: State::Free,
        abandoned: false,
    };
}

/// What a request is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// The slot is unused.
    Free,
    /// Has not begun: in the backlog of its pod, or about to start.
    Queued,
    /// Has CPU of its own until an event in the queue.
    Running,
    /// The same, and only the answer is left.
    Finishing,
    /// At the shared CPU of its pod.
    Sharing,
    /// Waits until an event in the queue.
    Waiting,
    /// Waits for the answer of a callee.
    Calling,
    /// Its pod is gone; the slot is free as soon as its event has come.
    Dead,
}

/// What a new request begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) arrived: SimTime,
    pub(crate) first_draw: u64,
    pub(crate) endpoint: EndpointId,
    pub(crate) timeout: TimeoutClass,
    pub(crate) parent: Slot,
    /// Where its program starts.
    pub(crate) pc: u32,
}

/// The slab.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Requests {
    slots: Vec<Request>,
    /// The first free slot.
    free: Slot,
    /// What was drawn for each request after the first number, `stride` of them a slot.
    other_draws: Vec<u64>,
    stride: usize,
}

impl Requests {
    /// An empty slab for requests of at most this many draws.
    pub(crate) fn new(draws_max: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: NIL,
            other_draws: Vec::new(),
            stride: draws_max.saturating_sub(1),
        }
    }

    /// A slot for a new request.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, fresh: Fresh) -> Slot {
        if self.free == NIL {
            self.grow();
        }
        let slot = self.free;
        let request = &mut self.slots[slot as usize];
        self.free = request.next;
        *request = Request {
            arrived: fresh.arrived,
            first_draw: fresh.first_draw,
            server: NIL,
            next: NIL,
            parent: fresh.parent,
            pc: fresh.pc,
            endpoint: fresh.endpoint,
            timeout: fresh.timeout,
            state: State::Queued,
            abandoned: false,
        };
        slot
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let slot = self.slots.len() as Slot;
        assert!(slot < JOB, "more than four billion requests in flight");
        self.slots.push(Request::UNUSED);
        let others = self.slots.len() * self.stride;
        self.other_draws.resize(others, 0);
        self.free = slot;
    }

    /// Gives a slot back. What was in it, but for `next` and `state`, can be read until the next one
    /// is allocated.
    #[inline(always)]
    pub(crate) fn release(&mut self, slot: Slot) -> &Request {
        let request = &mut self.slots[slot as usize];
        request.state = State::Free;
        request.next = self.free;
        self.free = slot;
        request
    }

    /// Where the numbers drawn for a request after the first are kept, and all behind them.
    #[inline]
    pub(crate) fn other_draws_mut(&mut self, slot: Slot) -> &mut [u64] {
        &mut self.other_draws[slot as usize * self.stride..]
    }

    /// One of the numbers drawn for a request.
    #[inline(always)]
    pub(crate) fn draw(&self, slot: Slot, index: u32) -> u64 {
        if index == 0 {
            return self.slots[slot as usize].first_draw;
        }
        self.other_draws[slot as usize * self.stride + index as usize - 1]
    }

    /// A request and one of the numbers drawn for it.
    #[inline(always)]
    pub(crate) fn with_draw(&mut self, slot: Slot, index: u32) -> (&mut Request, u64) {
        let request = &mut self.slots[slot as usize];
        let draw = if index == 0 {
            request.first_draw
        } else {
            self.other_draws[slot as usize * self.stride + index as usize - 1]
        };
        (request, draw)
    }

    /// Hands numbers of a caller to its callee, which has `first` as its own first already: the
    /// `others` that follow.
    pub(crate) fn hand_over(&mut self, caller: Slot, first: u32, callee: Slot, others: usize) {
        if others == 0 {
            return;
        }
        let from = caller as usize * self.stride + first as usize;
        self.other_draws
            .copy_within(from..from + others, callee as usize * self.stride);
    }

    /// Requests of this class whose answer somebody waits for: when they arrived, and their slot.
    pub(crate) fn awaited(
        &self,
        class: TimeoutClass,
    ) -> impl Iterator<Item = (SimTime, Slot)> + '_ {
        let waiting = self.slots.iter().enumerate().filter(move |(_, request)| {
            request.timeout == class
                && !request.abandoned
                && !matches!(request.state, State::Free | State::Dead)
        });
        waiting.map(|(slot, request)| (request.arrived, slot as Slot))
    }

    /// When the client's request arrived for which this one is made.
    pub(crate) fn client_arrived(&self, mut slot: Slot) -> SimTime {
        // What is no slot ends the way up.
        while self.slots.len() > self.slots[slot as usize].parent as usize {
            slot = self.slots[slot as usize].parent;
        }
        self.slots[slot as usize].arrived
    }

    /// Whether somebody still waits for the answer to the request of this class that arrived at
    /// this time in this slot. Another one may have the slot by now; if it arrived at the same
    /// time, its time is up at the same time too.
    #[inline]
    pub(crate) fn is_awaited(&self, slot: Slot, arrived: SimTime, class: TimeoutClass) -> bool {
        let request = &self.slots[slot as usize];
        request.arrived == arrived
            && request.timeout == class
            && !request.abandoned
            && !matches!(request.state, State::Free | State::Dead)
    }

    /// Every job: its program, and whether it still waits for a pod.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (EndpointId, bool)> + '_ {
        let is_job =
            |r: &&Request| !matches!(r.state, State::Free | State::Dead) && r.parent == JOB;
        let jobs = self.slots.iter().filter(is_job);
        jobs.map(|request| (request.endpoint, request.server == NIL))
    }

    /// Clients that wait for an answer.
    pub(crate) fn awaited_clients(&self) -> u64 {
        let waits = |r: &&Request| {
            !matches!(r.state, State::Free | State::Dead) && !r.abandoned && r.parent == NIL
        };
        self.slots.iter().filter(waits).count() as u64
    }

    /// Every slot that belongs to a pod, in order of arrival.
    pub(crate) fn of_server(&self, server: u32) -> Vec<Slot> {
        let mine =
            |r: &Request| r.server == server && !matches!(r.state, State::Free | State::Dead);
        let slots = 0..self.slots.len() as Slot;
        let mut slots: Vec<_> = slots
            .filter(|&slot| mine(&self.slots[slot as usize]))
            .collect();
        slots.sort_by_key(|&slot| self.slots[slot as usize].arrived);
        slots
    }
}

impl std::ops::Index<Slot> for Requests {
    type Output = Request;
    #[inline]
    fn index(&self, slot: Slot) -> &Request {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<Slot> for Requests {
    #[inline]
    fn index_mut(&mut self, slot: Slot) -> &mut Request {
        &mut self.slots[slot as usize]
    }
}
