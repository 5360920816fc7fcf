//! Queues of jobs, and pods that take them one by one.
//!
//! A job is a request without a client: it has a slot and a program, but no load balancer chose
//! its pod and nobody's patience ends. Its slot is marked as abandoned, so that whatever counts
//! answers passes it by; its program ends in an instruction of its own, which leads here.

mod allowance;

use super::request::{Fresh, NIL, Requests, Slot};
use super::server::Admission;
use super::timeouts::TimeoutClass;
use super::{ExactPlane, Tracer};
use crate::error::ModelError;
use crate::model::{EndpointId, Model, OnKill, QueueId, ServiceId};
use crate::plane::{Notice, QueueLevels, ServerId};
use crate::record::{QueueInterval, QueueTotals};
use allowance::Allowance;
use flashcrowd_engine::{RngStreams, StreamRng};
use flashcrowd_units::SimTime;
use flashcrowd_workload::ArrivalStream;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Who "called" a job: no request, and not a client either.
pub(super) const JOB: Slot = NIL - 1;

/// All queues.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Queues {
    by_id: Vec<JobQueue>,
    /// When the next job comes by itself.
    pub(super) next_at: SimTime,
    /// By queue, handed out at the end of an interval.
    intervals: Vec<QueueInterval>,
    /// Programs with a smaller index are those of endpoints.
    first_program: u32,
    /// By pod: how many more messages it takes before it ends, where it is one of a Job.
    left: Vec<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct JobQueue {
    workers: ServiceId,
    program: EndpointId,
    concurrency: u32,
    /// Where the workers are pods of Jobs.
    allowance: Option<Allowance>,
    on_kill: OnKill,
    demands: StreamRng,
    arrivals: Option<Producer>,
    /// Jobs that wait, the next one first.
    waiting: VecDeque<Slot>,
    /// Pods that could take a job, once for each; the one that has been idle longest first.
    idle: VecDeque<u32>,
    in_progress: u64,
    enqueued: u64,
    processed: u64,
    failed: u64,
    /// The integral of the jobs that wait is `waiting_sum + waiting * now`, with wrapping
    /// arithmetic.
    waiting_sum: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Producer {
    stream: ArrivalStream,
    rng: StreamRng,
    next_at: SimTime,
}

impl Queues {
    pub(super) fn new(model: &Model, streams: RngStreams) -> Result<Self, ModelError> {
        let first_program = model.endpoints.len() as u32;
        let mut queues = Vec::with_capacity(model.queues.len());
        for (queue, program) in model.queues.iter().zip(first_program..) {
            let name = &queue.name;
            let mut arrivals = None;
            if let Some(given) = &queue.arrivals {
                let mut rng = streams.stream(&format!("arrivals/queue/{name}"));
                let mut stream = ArrivalStream::new(&given.process, &given.rate, model.duration)
                    .map_err(|problems| ModelError::Invalid {
                        what: "arrivals",
                        of: name.clone(),
                        problem: problems
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join("; "),
                    })?;
                let next_at = stream.next(&mut rng);
                arrivals = Some(Producer {
                    stream,
                    rng,
                    next_at,
                });
            }
            queues.push(JobQueue {
                workers: queue.workers,
                program: EndpointId(program),
                concurrency: queue.concurrency,
                allowance: Allowance::of(model, queue.workers),
                on_kill: queue.on_kill,
                demands: streams.stream(&format!("demands/queue/{name}")),
                arrivals,
                waiting: VecDeque::new(),
                idle: VecDeque::new(),
                in_progress: 0,
                enqueued: 0,
                processed: 0,
                failed: 0,
                waiting_sum: 0,
            });
        }
        let mut all = Self {
            intervals: vec![QueueInterval::default(); queues.len()],
            by_id: queues,
            next_at: SimTime::NEVER,
            first_program,
            left: Vec::new(),
        };
        all.find_next();
        Ok(all)
    }

    fn find_next(&mut self) {
        let producers = self.by_id.iter().filter_map(|q| q.arrivals.as_ref());
        self.next_at = producers
            .map(|producer| producer.next_at)
            .min()
            .unwrap_or(SimTime::NEVER);
    }

    /// The queue that a job's program belongs to.
    fn of_program(&self, program: EndpointId) -> usize {
        (program.0 - self.first_program) as usize
    }

    /// A pod stops taking jobs.
    pub(super) fn leave(&mut self, server: u32) {
        for queue in &mut self.by_id {
            queue.idle.retain(|&idle| idle != server);
        }
    }

    pub(super) fn levels(&self, queue: QueueId, now: SimTime, requests: &Requests) -> QueueLevels {
        let queue = &self.by_id[queue.index()];
        QueueLevels {
            enqueued: queue.enqueued,
            processed: queue.processed,
            failed: queue.failed,
            waiting: queue.waiting.len() as u64,
            in_progress: queue.in_progress,
            oldest_seconds: queue.oldest(now, requests),
        }
    }

    /// The intervals with the levels of now.
    pub(super) fn intervals(&mut self, now: SimTime, requests: &Requests) -> &[QueueInterval] {
        for (queue, interval) in self.by_id.iter().zip(&mut self.intervals) {
            interval.waiting = queue.waiting.len() as u64;
            interval.waiting_max = interval.waiting_max.max(interval.waiting);
            interval.in_progress = queue.in_progress;
            interval.oldest_seconds = queue.oldest(now, requests);
            let sum = queue
                .waiting_sum
                .wrapping_add(interval.waiting.wrapping_mul(now.as_nanos()));
            interval.waiting_seconds = sum as f64 * 1e-9;
        }
        &self.intervals
    }

    pub(super) fn end_interval(&mut self, now: SimTime) {
        for (queue, interval) in self.by_id.iter_mut().zip(&mut self.intervals) {
            let waiting = queue.waiting.len() as u64;
            queue.waiting_sum = waiting.wrapping_mul(now.as_nanos()).wrapping_neg();
            interval.clear();
            interval.waiting_max = waiting;
        }
    }

    /// Jobs that wait and jobs in progress are counted on their own account, in the slots, so that
    /// conservation is a check and not a definition.
    pub(super) fn totals(&self, requests: &Requests) -> Vec<QueueTotals> {
        let mut totals: Vec<_> = self
            .by_id
            .iter()
            .map(|queue| QueueTotals {
                enqueued: queue.enqueued,
                processed: queue.processed,
                failed: queue.failed,
                ..QueueTotals::default()
            })
            .collect();
        for (program, is_waiting) in requests.jobs() {
            let queue = &mut totals[self.of_program(program)];
            if is_waiting {
                queue.waiting += 1;
            } else {
                queue.in_progress += 1;
            }
        }
        totals
    }
}

impl JobQueue {
    fn push(&mut self, slot: Slot, at_head: bool, now: SimTime) {
        if at_head {
            self.waiting.push_front(slot);
        } else {
            self.waiting.push_back(slot);
        }
        self.waiting_sum = self.waiting_sum.wrapping_sub(now.as_nanos());
    }

    fn pop(&mut self, now: SimTime) -> Option<Slot> {
        let slot = self.waiting.pop_front()?;
        self.waiting_sum = self.waiting_sum.wrapping_add(now.as_nanos());
        Some(slot)
    }

    fn oldest(&self, now: SimTime, requests: &Requests) -> f64 {
        self.waiting
            .front()
            .map_or(0.0, |&slot| (now - requests[slot].arrived).as_secs_f64())
    }
}

impl<T: Tracer> ExactPlane<T> {
    /// Jobs that come by themselves at this instant.
    pub(super) fn produce(&mut self, now: SimTime) {
        for index in 0..self.queues.by_id.len() {
            while let Some(producer) = &mut self.queues.by_id[index].arrivals
                && producer.next_at <= now
            {
                producer.next_at = producer.stream.next(&mut producer.rng);
                self.events += 1;
                self.enqueue(now, QueueId(index as u32));
            }
        }
        self.queues.find_next();
        self.find_next_check();
    }

    /// A job is put into a queue. What it will need is drawn now, in order of arrival.
    #[cold]
    #[inline(never)]
    pub(super) fn enqueue(&mut self, now: SimTime, id: QueueId) {
        let queue = &mut self.queues.by_id[id.index()];
        queue.enqueued += 1;
        self.queues.intervals[id.index()].enqueued += 1;
        let program = self.programs.of(queue.program);
        let first_draw = program.draw_first(&mut queue.demands);
        let slot = allocate(
            &mut self.requests,
            (now, first_draw),
            (queue.program, program.start),
        );
        let places = self.requests.other_draws_mut(slot);
        program.draw_others(&mut queue.demands, places);
        queue.push(slot, false, now);
        self.hand_out(now, id);
    }

    /// A pod listens: it takes jobs from now on.
    pub(super) fn join_queues(&mut self, now: SimTime, server: u32) {
        self.queues.leave(server);
        let service = self.servers[server as usize].service;
        let mut allowance = None;
        for index in 0..self.queues.by_id.len() {
            let queue = &mut self.queues.by_id[index];
            if queue.workers.0 == service {
                if allowance.is_none() {
                    allowance = queue.allowance;
                    if let Some(of) = allowance {
                        self.queues.allow(server, of.messages);
                    }
                }
                let queue = &mut self.queues.by_id[index];
                // What it takes of one queue may be all that it takes.
                if !self.servers[server as usize].draining {
                    queue.idle.extend((0..queue.concurrency).map(|_| server));
                }
                self.hand_out(now, QueueId(index as u32));
            }
        }
        self.run_runnable(now);
        if allowance.is_some_and(|of| of.tells_idle) {
            self.tell_if_idle(server);
        }
    }

    /// Gives jobs that wait to pods that are idle.
    fn hand_out(&mut self, now: SimTime, id: QueueId) {
        let index = id.index();
        loop {
            let queue = &mut self.queues.by_id[index];
            if queue.idle.is_empty() {
                break;
            }
            let Some(slot) = queue.pop(now) else {
                break;
            };
            let server = queue.idle.pop_front();
            let server = server.expect("the loop has seen one");
            queue.in_progress += 1;
            if queue.allowance.is_some() {
                self.use_allowance(server);
            }
            let wait = now - self.requests[slot].arrived;
            self.queues.intervals[index].waits.record(wait);
            self.take_job(now, slot, server);
        }
        let waiting = self.queues.by_id[index].waiting.len() as u64;
        let interval = &mut self.queues.intervals[index];
        interval.waiting_max = interval.waiting_max.max(waiting);
    }

    fn take_job(&mut self, now: SimTime, slot: Slot, index: u32) {
        let server = &mut self.servers[index as usize];
        self.requests[slot].server = index;
        let out_of_memory = server.admits_job() == Admission::OutOfMemory;
        let has_place = server.take_in(slot, &mut self.requests);
        self.services[server.service as usize].enter(now);
        if out_of_memory {
            self.notices.push(Notice::OutOfMemory(ServerId(index)));
            self.next_special = SimTime::ZERO;
        }
        if has_place {
            self.runnable.push(slot);
        }
    }

    /// The last step of a job is done.
    #[inline(never)]
    pub(super) fn finish_job(&mut self, now: SimTime, slot: Slot) {
        let request = self.requests.release(slot);
        let (server, program) = (request.server, request.endpoint);
        let next = self.leave(now, server, true, false);
        self.runnable.extend(next);
        let index = self.queues.of_program(program);
        self.queues.by_id[index].processed += 1;
        self.queues.intervals[index].processed += 1;
        self.job_ended(now, index, server);
    }

    /// A call that a job made has failed, and the job with it. Its place and its slot are given
    /// back by the caller.
    pub(super) fn job_failed(&mut self, now: SimTime, program: EndpointId, server: u32) {
        let index = self.queues.of_program(program);
        self.queues.by_id[index].failed += 1;
        self.queues.intervals[index].failed += 1;
        self.job_ended(now, index, server);
    }

    /// The pod is free for another one.
    fn job_ended(&mut self, now: SimTime, index: usize, server: u32) {
        let pod = &self.servers[server as usize];
        let takes_more = pod.alive && pod.listens() && !pod.draining;
        let queue = &mut self.queues.by_id[index];
        queue.in_progress -= 1;
        let tells_idle = queue.allowance.is_some_and(|of| of.tells_idle);
        if takes_more {
            queue.idle.push_back(server);
            self.hand_out(now, QueueId(index as u32));
            if tells_idle {
                self.tell_if_idle(server);
            }
        }
    }

    /// The jobs of a pod that was killed, oldest first: their programs and what was drawn for them.
    pub(super) fn jobs_killed(&mut self, now: SimTime, jobs: &[(EndpointId, u64, Vec<u64>)]) {
        for (program, first_draw, others) in jobs.iter().rev() {
            let program = *program;
            let index = self.queues.of_program(program);
            self.queues.by_id[index].in_progress -= 1;
            if self.queues.by_id[index].on_kill == OnKill::Fail {
                self.queues.by_id[index].failed += 1;
                self.queues.intervals[index].failed += 1;
                continue;
            }
            self.queues.intervals[index].requeued += 1;
            let start = self.programs.start(program);
            let again = allocate(&mut self.requests, (now, *first_draw), (program, start));
            self.requests.other_draws_mut(again)[..others.len()].copy_from_slice(others);
            self.queues.by_id[index].push(again, true, now);
        }
        for index in 0..self.queues.by_id.len() {
            self.hand_out(now, QueueId(index as u32));
        }
    }
}

/// A slot for a job that waits.
fn allocate(
    requests: &mut Requests,
    (arrived, first_draw): (SimTime, u64),
    (program, start): (EndpointId, u32),
) -> Slot {
    let slot = requests.allocate(Fresh {
        arrived,
        first_draw,
        endpoint: program,
        timeout: TimeoutClass::FIRST,
        parent: JOB,
        pc: start,
    });
    requests[slot].abandoned = true;
    slot
}
