//! A pod as the exact plane sees it.

use super::cpu::CpuStation;
use super::quota::CfsPhase;
use super::request::{NIL, Requests, Slot, State};
use crate::model::{CpuModel, CpuScheduling, PodTemplate};
use serde::{Deserialize, Serialize};

/// A pod: places, a backlog and a CPU.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Server {
    /// Requests that have a place.
    pub(crate) in_service: u32,
    /// Places.
    concurrency: u32,
    /// Requests inside: in service and queued.
    pub(crate) inside: u32,
    /// Places and backlog together.
    inside_limit: u32,
    /// With this many requests inside the working set reaches its limit.
    oom_inside: u32,
    /// With fewer requests inside than this, one more can be taken in without a further look: the
    /// process listens, there is room, and memory suffices.
    easy_inside: u32,
    queue_head: Slot,
    queue_tail: Slot,
    /// A CPU on which requests cannot get in each other's way: as many cores as places, no quota.
    /// Its core-time is `busy_sum + busy * now`, with wrapping arithmetic.
    busy: u32,
    busy_sum: u64,
    /// The shared CPU, where there is one.
    pub(crate) station: Option<Box<CpuStation>>,
    pub(crate) service: u32,
    /// What its load balancer calls it.
    pub(crate) member: u32,
    listening: bool,
    pub(crate) draining: bool,
    /// The container runs.
    pub(crate) alive: bool,
    /// Requests accepted since the container started; counted if memory leaks.
    accepted: u64,
    memory: Memory,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Memory {
    base: u64,
    per_request: u64,
    leak: u64,
    limit: Option<u64>,
}

/// Cores that the process can keep busy.
fn cores(template: &PodTemplate, node_cores: u32) -> f64 {
    f64::from(template.threads.unwrap_or(u32::MAX).min(node_cores))
}

/// Cores that can be busy at once, and the quota in cores if there is one.
fn cpu(template: &PodTemplate, cores: f64) -> (f64, Option<f64>) {
    let limit = template
        .cpu_limit
        .map(flashcrowd_units::Millicores::as_cores);
    match (template.cpu_model, limit) {
        (CpuModel::Cfs, limit) => (cores, limit.filter(|&limit| limit < cores)),
        (CpuModel::Shared, limit) => (limit.map_or(cores, |limit| limit.min(cores)), None),
    }
}

/// Whether a request can be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Yes.
    Admitted,
    /// Yes, and it takes the last of the memory.
    OutOfMemory,
    /// The process is not listening.
    Refused,
    /// The backlog is full.
    Full,
}

impl Server {
    /// Nobody, at an index that will be used later.
    pub(crate) fn vacant() -> Self {
        Self {
            in_service: 0,
            concurrency: 0,
            inside: 0,
            inside_limit: 0,
            oom_inside: u32::MAX,
            easy_inside: 0,
            queue_head: NIL,
            queue_tail: NIL,
            busy: 0,
            busy_sum: 0,
            station: None,
            service: 0,
            member: NIL,
            listening: false,
            draining: false,
            alive: false,
            accepted: 0,
            memory: Memory::default(),
        }
    }

    /// A container of this template that starts at `now` on a node with `node_cores`. A request
    /// uses up to `width` threads at once.
    pub(crate) fn start(
        template: &PodTemplate,
        node_cores: u32,
        width: u32,
        phase: CfsPhase,
        now: u64,
    ) -> Self {
        let concurrency = template.concurrency.unwrap_or(u32::MAX);
        let cores = cores(template, node_cores);
        let (capacity, quota) = cpu(template, cores);
        let places = match template.scheduling {
            CpuScheduling::TimeShared => None,
            CpuScheduling::EventLoop => Some(cores as u32),
        };
        let alone = quota.is_none() && width == 1 && capacity >= f64::from(concurrency);
        let station =
            (!alone).then(|| Box::new(CpuStation::new(capacity, places, quota, phase, now)));
        let memory = Memory {
            base: template.memory.base.get(),
            per_request: template.memory.per_request.get(),
            leak: template.memory.leak_per_request.get(),
            limit: template.memory_limit.map(flashcrowd_units::Bytes::get),
        };
        let mut server = Self {
            concurrency,
            inside_limit: concurrency.saturating_add(template.backlog.unwrap_or(u32::MAX)),
            station,
            alive: true,
            memory,
            ..Self::vacant()
        };
        server.oom_inside = server.oom_threshold();
        server
    }

    /// The container gets other limits. Returns when the next burst of its shared CPU is done.
    pub(crate) fn resize(
        &mut self,
        template: &PodTemplate,
        node_cores: u32,
        now: u64,
    ) -> Option<u64> {
        let limit = template.memory_limit.map(flashcrowd_units::Bytes::get);
        self.memory.limit = limit;
        self.oom_inside = self.oom_threshold();
        self.listen(self.listening);
        let (capacity, quota) = cpu(template, cores(template, node_cores));
        let station = self.station.as_mut()?;
        station.resize(capacity, quota, now);
        Some(station.next_done())
    }

    /// The process begins or ceases to listen.
    pub(crate) fn listen(&mut self, listening: bool) {
        self.listening = listening;
        // A leak has to be counted.
        let easy = listening && self.memory.leak == 0;
        let limit = self.inside_limit.min(self.oom_inside.saturating_sub(1));
        self.easy_inside = if easy { limit } else { 0 };
    }

    /// Whether the process listens.
    pub(crate) fn listens(&self) -> bool {
        self.listening
    }

    /// Whether one more request can be taken in.
    #[inline(always)]
    pub(crate) fn admits(&mut self) -> Admission {
        if self.inside < self.easy_inside {
            return Admission::Admitted;
        }
        self.looks_closer()
    }

    #[cold]
    #[inline(never)]
    fn looks_closer(&mut self) -> Admission {
        if !self.listening {
            return Admission::Refused;
        }
        if self.inside >= self.inside_limit {
            return Admission::Full;
        }
        if self.memory.leak != 0 {
            self.accepted += 1;
            self.oom_inside = self.oom_threshold();
        }
        if self.inside + 1 >= self.oom_inside {
            return Admission::OutOfMemory;
        }
        Admission::Admitted
    }

    /// Takes a request in that was admitted. Returns whether it has a place; otherwise it waits in
    /// the backlog.
    #[inline(always)]
    pub(crate) fn take_in(&mut self, slot: Slot, requests: &mut Requests) -> bool {
        self.inside += 1;
        if self.in_service < self.concurrency {
            self.in_service += 1;
            return true;
        }
        debug_assert_eq!(requests[slot].state, State::Queued);
        if self.queue_head == NIL {
            self.queue_head = slot;
        } else {
            requests[self.queue_tail].next = slot;
        }
        self.queue_tail = slot;
        false
    }

    /// What a job means for memory; the bounds for requests do not hold for it.
    pub(crate) fn admits_job(&mut self) -> Admission {
        let limit = std::mem::replace(&mut self.inside_limit, u32::MAX);
        let admission = self.admits();
        self.inside_limit = limit;
        debug_assert_ne!(admission, Admission::Refused, "idle pods listen");
        admission
    }

    /// A request with a place leaves; the first of the backlog takes the place.
    #[inline(always)]
    pub(crate) fn leave(&mut self, requests: &mut Requests) -> Option<Slot> {
        self.inside -= 1;
        if self.queue_head == NIL {
            self.in_service -= 1;
            return None;
        }
        let slot = self.queue_head;
        self.queue_head = std::mem::replace(&mut requests[slot].next, NIL);
        Some(slot)
    }

    /// A request starts to use a core of its own.
    #[inline]
    pub(crate) fn core_taken(&mut self, now: u64) {
        self.busy += 1;
        self.busy_sum = self.busy_sum.wrapping_sub(now);
    }

    /// It gives the core back.
    #[inline]
    pub(crate) fn core_returned(&mut self, now: u64) {
        self.busy -= 1;
        self.busy_sum = self.busy_sum.wrapping_add(now);
    }

    /// Everything inside is gone.
    pub(crate) fn clear(&mut self, now: u64) {
        self.busy_sum = self
            .busy_sum
            .wrapping_add(u64::from(self.busy).wrapping_mul(now));
        self.busy = 0;
        if let Some(station) = &mut self.station {
            station.clear(now);
        }
        (self.in_service, self.inside) = (0, 0);
        (self.queue_head, self.queue_tail) = (NIL, NIL);
        (self.alive, self.draining) = (false, false);
        self.listen(false);
    }

    /// Core-time used since the start \[core seconds\].
    pub(crate) fn cpu_seconds(&mut self, now: u64) -> f64 {
        let own = self
            .busy_sum
            .wrapping_add(u64::from(self.busy).wrapping_mul(now));
        let shared = self
            .station
            .as_mut()
            .map_or(0.0, |station| station.used(now));
        (own as f64 + shared) * 1e-9
    }

    /// Working set \[bytes\].
    pub(crate) fn memory_bytes(&self) -> u64 {
        if !self.alive {
            return 0;
        }
        let m = &self.memory;
        m.base + m.per_request * u64::from(self.inside) + m.leak * self.accepted
    }

    pub(crate) fn queued(&self) -> u32 {
        self.inside - self.in_service
    }

    fn oom_threshold(&self) -> u32 {
        let Some(limit) = self.memory.limit else {
            return u32::MAX;
        };
        let fixed = self.memory.base + self.memory.leak * self.accepted;
        let room = limit.saturating_sub(fixed);
        if room == 0 {
            return 0;
        }
        match self.memory.per_request {
            0 => u32::MAX,
            each => room.div_ceil(each).min(u64::from(u32::MAX)) as u32,
        }
    }
}
