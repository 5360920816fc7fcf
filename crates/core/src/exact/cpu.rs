//! The CPU of one pod as a station: bursts come in, run side by side or one after the other, and
//! leave when they have had their core-time.

use super::quota::{CfsPhase, Quota};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Who runs on a pod's CPU, and how fast.
///
/// Running bursts share `cores` equally (egalitarian processor sharing), none faster than one
/// core per thread. With a quota, all of them stand still while it is used up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CpuStation {
    /// Cores that can be busy at once; fractional for a smooth share.
    cores: f64,
    /// Bursts that run at a time; the others wait in order of arrival.
    places: usize,
    quota: Option<Quota>,
    /// Where a quota would have its periods.
    phase: CfsPhase,
    /// Time up to which everything below is true \[ns\].
    now: u64,
    /// Core-time that each thread has received since the station was last idle \[ns\].
    attained: f64,
    /// Running bursts, a binary min-heap by (attained service at which it is done, order of start).
    running: Vec<Burst>,
    waiting: VecDeque<(u32, u64, u32)>,
    started: u64,
    /// Threads of all running bursts.
    threads: u32,
    /// Core-time each thread receives per time.
    speed: f64,
    /// Core-time all threads together use per time.
    usage: f64,
    /// Core-time used so far \[core ns\].
    used: f64,
}

/// A running burst.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Burst {
    /// It is done when the attained service reaches this \[ns\].
    done_at: f64,
    /// Breaks ties in order of start.
    order: u64,
    slot: u32,
    threads: u32,
}

impl Burst {
    fn before(&self, other: &Self) -> bool {
        (self.done_at, self.order) < (other.done_at, other.order)
    }
}

impl CpuStation {
    /// An idle station. `quota_cores` is the limit that the kernel enforces by quota, if any.
    pub(crate) fn new(
        cores: f64,
        places: Option<u32>,
        quota_cores: Option<f64>,
        phase: CfsPhase,
        now: u64,
    ) -> Self {
        Self {
            cores,
            places: places.map_or(usize::MAX, |p| p as usize),
            // A quota that all cores together cannot use up never stops anybody.
            quota: quota_cores
                .filter(|&limit| limit < cores)
                .map(|limit| Quota::new(limit, phase, now)),
            phase,
            now,
            attained: 0.0,
            running: Vec::new(),
            waiting: VecDeque::new(),
            started: 0,
            threads: 0,
            speed: 1.0,
            usage: 0.0,
            used: 0.0,
        }
    }

    /// A burst of `demand` nanoseconds of core-time, divided equally among `threads`, arrives.
    #[inline]
    pub(crate) fn arrive(&mut self, now: u64, slot: u32, demand: u64, threads: u32) {
        self.advance(now);
        if self.running.len() < self.places {
            self.start(slot, demand, threads);
        } else {
            self.waiting.push_back((slot, demand, threads));
        }
    }

    /// When the next burst is done if nothing else arrives; `u64::MAX` if none is running.
    #[inline]
    pub(crate) fn next_done(&self) -> u64 {
        let Some(first) = self.running.first() else {
            return u64::MAX;
        };
        let left = first.done_at - self.attained;
        let done = end_of_burst(self.now, left, self.speed);
        match &self.quota {
            Some(quota) if !quota.lasts(self.now, done, self.usage) => {
                self.foresee(quota.clone(), left)
            }
            _ => done,
        }
    }

    /// The burst whose time [`next_done`](Self::next_done) told is done; the next one starts.
    #[inline]
    pub(crate) fn complete(&mut self, now: u64) -> u32 {
        self.advance(now);
        let burst = self.pop();
        self.attained = self.attained.max(burst.done_at);
        if let Some((slot, demand, threads)) = self.waiting.pop_front() {
            self.start(slot, demand, threads);
        } else if self.running.is_empty() {
            self.attained = 0.0;
        }
        burst.slot
    }

    /// Forgets everything that runs or waits: the container was killed.
    pub(crate) fn clear(&mut self, now: u64) {
        self.advance(now);
        self.running.clear();
        self.waiting.clear();
        self.threads = 0;
        self.attained = 0.0;
        self.set_speed();
    }

    /// The CPU has other limits from `now` on; a quota from its next period on.
    pub(crate) fn resize(&mut self, cores: f64, quota_cores: Option<f64>, now: u64) {
        self.advance(now);
        self.cores = cores;
        let limit = quota_cores.filter(|&limit| limit < cores);
        match (&mut self.quota, limit) {
            (Some(quota), limit) => quota.set(limit),
            (None, Some(limit)) => {
                let mut quota = Quota::new(limit, self.phase, now);
                if !self.running.is_empty() {
                    quota.touch();
                }
                self.quota = Some(quota);
            }
            (None, None) => {}
        }
        self.set_speed();
    }

    /// Core-time used up to `now` \[core ns\].
    pub(crate) fn used(&self, now: u64) -> f64 {
        self.look(now).0
    }

    /// Periods with activity, and periods with throttling, up to `now`.
    pub(crate) fn periods(&self, now: u64) -> (u64, u64) {
        self.look(now)
            .1
            .map_or((0, 0), |quota| (quota.periods, quota.throttled_periods))
    }

    /// What the counters are at `now`. Looking changes nothing, not even a rounding.
    fn look(&self, now: u64) -> (f64, Option<Quota>) {
        let mut quota = self.quota.clone();
        let ran = match (self.running.first(), &mut quota) {
            (None, None) => 0.0,
            (None, Some(quota)) => {
                quota.idle_until(now);
                0.0
            }
            (Some(_), None) => (now - self.now) as f64,
            (Some(first), Some(quota)) => self.run(quota, first.done_at - self.attained, now),
        };
        (self.used + ran * self.usage, quota)
    }

    /// For how long the threads run up to `now`, which uses up the quota.
    fn run(&self, quota: &mut Quota, left: f64, now: u64) -> f64 {
        let (mut at, mut ran) = (self.now, 0.0);
        while at < now {
            let burst_end = end_of_burst(at, left - ran * self.speed, self.speed);
            let (end, span) = run_segment(quota, at, now, self.usage, burst_end);
            ran += span;
            at = end;
        }
        ran
    }

    /// Core-time that is still to be done before a burst that arrives at `now` could start \[ns\]:
    /// how long a probe waits in an event loop.
    pub(crate) fn backlog(&self, now: u64) -> u64 {
        if self.running.len() < self.places {
            return 0;
        }
        let ran = (self.used(now) - self.used) / self.usage;
        let attained = self.attained + ran * self.speed;
        let running: f64 = self
            .running
            .iter()
            .map(|b| (b.done_at - attained).max(0.0))
            .sum();
        let waiting: u64 = self.waiting.iter().map(|&(_, demand, _)| demand).sum();
        ((running + waiting as f64) / self.cores) as u64
    }

    fn start(&mut self, slot: u32, demand: u64, threads: u32) {
        if let Some(quota) = &mut self.quota {
            quota.touch();
            quota.check();
        }
        let done_at = self.attained + demand as f64 / f64::from(threads);
        self.threads += threads;
        self.set_speed();
        self.started += 1;
        self.running.push(Burst {
            done_at,
            order: self.started,
            slot,
            threads,
        });
        let mut place = self.running.len() - 1;
        while place > 0 {
            let parent = (place - 1) / 2;
            if !self.running[place].before(&self.running[parent]) {
                break;
            }
            self.running.swap(place, parent);
            place = parent;
        }
    }

    fn pop(&mut self) -> Burst {
        let burst = self.running.swap_remove(0);
        let mut place = 0;
        loop {
            let left = 2 * place + 1;
            if left >= self.running.len() {
                break;
            }
            let right = left + 1;
            let child =
                if right < self.running.len() && self.running[right].before(&self.running[left]) {
                    right
                } else {
                    left
                };
            if !self.running[child].before(&self.running[place]) {
                break;
            }
            self.running.swap(place, child);
            place = child;
        }
        self.threads -= burst.threads;
        self.set_speed();
        burst
    }

    #[inline]
    fn set_speed(&mut self) {
        let threads = f64::from(self.threads);
        (self.speed, self.usage) = if threads <= self.cores {
            (1.0, threads)
        } else {
            (self.cores / threads, self.cores)
        };
    }

    /// Lets everything run up to `now`, which is not later than the next completion.
    #[inline]
    fn advance(&mut self, now: u64) {
        debug_assert!(now >= self.now, "a CPU went back in time");
        if now == self.now {
            return;
        }
        let Some(first) = self.running.first() else {
            if let Some(quota) = &mut self.quota {
                quota.idle_until(now);
            }
            self.now = now;
            return;
        };
        let span = (now - self.now) as f64;
        let ran = match &mut self.quota {
            None => span,
            Some(quota) if quota.lasts(self.now, now, self.usage) => {
                quota.take(span * self.usage);
                span
            }
            Some(quota) => {
                let mut used_up = quota.clone();
                let ran = self.run(&mut used_up, first.done_at - self.attained, now);
                self.quota = Some(used_up);
                ran
            }
        };
        self.attained += ran * self.speed;
        self.used += ran * self.usage;
        self.now = now;
    }

    /// When `left` nanoseconds of attained service will have been given, through throttled time.
    fn foresee(&self, mut quota: Quota, mut left: f64) -> u64 {
        let mut now = self.now;
        loop {
            let burst_end = end_of_burst(now, left, self.speed);
            if quota.lasts(now, burst_end, self.usage) {
                return burst_end;
            }
            let (end, span) = run_segment(&mut quota, now, u64::MAX, self.usage, burst_end);
            left -= span * self.speed;
            now = end;
        }
    }
}

/// When a burst that still has to attain `left` will have had it if nothing stops it.
#[inline]
fn end_of_burst(now: u64, left: f64, speed: f64) -> u64 {
    now + (left / speed).max(0.0).ceil() as u64
}

/// Runs or waits from `now` until the threads are stopped, a refill comes, or `until`: returns when
/// that was, and for how long the threads ran. The first burst ends at `burst_end`.
#[inline]
fn run_segment(quota: &mut Quota, now: u64, until: u64, usage: f64, burst_end: u64) -> (u64, f64) {
    if quota.throttled {
        let end = quota.refill_at.min(until);
        if end == quota.refill_at {
            quota.refill(true);
        }
        return (end, 0.0);
    }
    let stop_at = quota.stop_at(now, usage, burst_end);
    let end = quota.refill_at.min(stop_at).min(until);
    let span = (end - now) as f64;
    quota.take(span * usage);
    if end == quota.refill_at {
        quota.refill(true);
    } else if end == stop_at {
        quota.stop();
    }
    (end, span)
}

#[cfg(test)]
mod tests;
