//! What requests do on their pods: their programs, step by step.

use super::program::Instruction;
use super::request::{Fresh, Slot, State};
use super::timeouts::TimeoutClass;
use super::{ExactPlane, Tracer};
use crate::model::EndpointId;
use flashcrowd_units::{SimDuration, SimTime};

impl<T: Tracer> ExactPlane<T> {
    /// An event of the queue. Returns the request that goes on, if one does.
    #[inline(always)]
    pub(super) fn wake(&mut self, now: SimTime, slot: Slot) -> Option<Slot> {
        let request = &self.requests[slot];
        // What nearly all are, first.
        if request.state == State::Finishing {
            return self.complete(now, slot, true);
        }
        match request.state {
            State::Dead => {
                self.requests.release(slot);
                return None;
            }
            State::Running => {
                self.servers[request.server as usize].core_returned(now.as_nanos());
            }
            _ => {}
        }
        Some(slot)
    }

    /// The earliest burst on a shared CPU is done. Returns whose it is.
    #[inline]
    pub(super) fn burst_done(&mut self, now: SimTime) -> Slot {
        let index = self.timers.next_index();
        let station = self.servers[index as usize].station.as_mut();
        let station = station.expect("only shared CPUs have timers");
        let slot = station.complete(now.as_nanos());
        let done = station.next_done();
        self.timers.set(index, SimTime::from_nanos(done));
        self.find_next_special();
        slot
    }

    /// Runs whatever can go on because of what happened.
    #[inline]
    pub(super) fn run_runnable(&mut self, now: SimTime) {
        while let Some(slot) = self.runnable.pop() {
            self.run_next(now, slot);
        }
    }

    #[inline(never)]
    fn run_next(&mut self, now: SimTime, slot: Slot) {
        self.run_one(now, slot);
    }

    /// Runs the program of a request that has a place, up to the next step that takes time; then,
    /// if it has left, that of the one that has taken its place.
    #[inline(always)]
    pub(super) fn run_one(&mut self, now: SimTime, mut slot: Slot) {
        loop {
            let pc = self.requests[slot].pc;
            let instruction = &self.programs.code[pc as usize];
            // The two that every request has, as branches of their own: they are well predicted,
            // a jump table is not.
            if let &Instruction::Cpu {
                draw,
                threads,
                last,
            } = instruction
            {
                return self.use_cpu(now, slot, draw, threads, last);
            }
            if matches!(instruction, Instruction::Done) {
                match self.complete(now, slot, false) {
                    Some(next) => slot = next,
                    None => return,
                }
                continue;
            }
            self.requests[slot].pc = pc + 1;
            if self.run_other(now, slot) {
                return;
            }
        }
    }

    /// The rarer instructions. Returns whether the request has to wait.
    #[inline(never)]
    fn run_other(&mut self, now: SimTime, slot: Slot) -> bool {
        match self.programs.code[self.requests[slot].pc as usize - 1] {
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
            Instruction::Enqueue { queue } => {
                self.enqueue(now, queue);
                return false;
            }
            Instruction::JobDone => self.finish_job(now, slot),
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
        let draws = self.programs.draws(endpoint);
        let first_draw = if draws == 0 {
            0
        } else {
            self.requests.draw(slot, draw)
        };
        let callee = self.requests.allocate(Fresh {
            arrived: now,
            first_draw,
            endpoint,
            timeout,
            parent: slot,
            pc,
        });
        self.requests[slot].next = callee;
        self.requests
            .hand_over(slot, draw, callee, draws.saturating_sub(1));
        let service = self.endpoint_services[endpoint.index()];
        if self.dispatch(now, callee, service, timeout) {
            self.runnable.push(callee);
        }
    }

    #[inline(always)]
    fn use_cpu(&mut self, now: SimTime, slot: Slot, draw: u32, threads: u32, last: bool) {
        let (request, demand) = self.requests.with_draw(slot, draw);
        request.pc += 1;
        let index = request.server;
        let server = &mut self.servers[index as usize];
        if server.station.is_some() {
            request.state = State::Sharing;
            return self.share_cpu(now, slot, index, demand, threads);
        }
        debug_assert_eq!(threads, 1, "work of several threads needs a shared CPU");
        request.state = if last {
            State::Finishing
        } else {
            State::Running
        };
        server.core_taken(now.as_nanos());
        self.queue
            .push(now, now + SimDuration::from_nanos(demand), slot);
    }

    #[inline(never)]
    fn share_cpu(&mut self, now: SimTime, slot: Slot, index: u32, demand: u64, threads: u32) {
        let station = self.servers[index as usize].station.as_mut();
        let station = station.expect("the caller has seen it");
        station.arrive(now.as_nanos(), slot, demand, threads);
        let done = station.next_done();
        self.timers.set(index, SimTime::from_nanos(done));
        self.find_next_special();
    }
}
