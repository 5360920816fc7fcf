//! CPU bandwidth control as the Linux kernel does it (`cpu.max`).
//!
//! A limit of L cores is a quota of `L * 100 ms` of CPU time in every period of 100 ms. The rules
//! were measured on a real kernel (docs/VALIDATION.md, "CPU limits"):
//!
//! * periods lie on a fixed grid with an arbitrary phase per container;
//! * a refill gives the full quota, plus at most 1 ms that was left over, minus any debt;
//! * threads run at full speed until the pool is empty; that is noticed at the next 4 ms timer
//!   tick, or when a burst starts or ends, and the overrun is the debt of the next refill;
//! * then everything stands still until a refill makes the pool positive again.

use serde::{Deserialize, Serialize};

/// Length of a bandwidth period \[ns\].
const PERIOD: u64 = 100_000_000;
/// The kernel's timer tick at 250 Hz \[ns\].
const TICK: u64 = 4_000_000;
/// What an idle core keeps of its slice over a refill \[ns\].
const CARRY: f64 = 1_000_000.0;

/// Where a container's bandwidth periods and its node's timer ticks lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CfsPhase {
    /// Offset of the period grid in nanoseconds, below 100 ms.
    pub period: u64,
    /// Offset of the tick grid in nanoseconds, below 4 ms.
    pub tick: u64,
}

/// The CPU bandwidth of one container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Quota {
    /// CPU time per period \[ns\].
    per_period: f64,
    phase: CfsPhase,
    /// CPU time left in this period; negative after an overrun \[ns\].
    pool: f64,
    /// The next refill \[ns\].
    pub(crate) refill_at: u64,
    /// Everything stands still until the next refill.
    pub(crate) throttled: bool,
    /// Something ran or waited in this period.
    active: bool,
    /// Something was stopped in this period.
    stopped: bool,
    /// Periods with activity so far.
    pub(crate) periods: u64,
    /// Periods in which something was stopped so far.
    pub(crate) throttled_periods: u64,
}

/// The first point of the grid `offset + k * step` after `now`.
fn next_on_grid(now: u64, offset: u64, step: u64) -> u64 {
    now + step - (now + step - offset % step) % step
}

impl Quota {
    /// The bandwidth of a container that starts at `now` with a limit in `cores`.
    pub(crate) fn new(cores: f64, phase: CfsPhase, now: u64) -> Self {
        let per_period = cores * PERIOD as f64;
        Self {
            per_period,
            phase,
            pool: per_period,
            refill_at: next_on_grid(now, phase.period, PERIOD),
            throttled: false,
            active: false,
            stopped: false,
            periods: 0,
            throttled_periods: 0,
        }
    }

    /// The limit is another one from the next refill on; `None` if there is none any more, while the
    /// periods are still counted.
    pub(crate) fn set(&mut self, cores: Option<f64>) {
        self.per_period = cores.map_or(f64::INFINITY, |cores| cores * PERIOD as f64);
    }

    /// A burst starts: the kernel looks at the pool.
    #[inline]
    pub(crate) fn check(&mut self) {
        if self.pool <= 0.0 {
            self.throttled = true;
            self.stopped = true;
        }
    }

    /// Something runs or waits.
    #[inline]
    pub(crate) fn touch(&mut self) {
        self.active = true;
    }

    /// `used` nanoseconds of CPU time were taken.
    #[inline]
    pub(crate) fn take(&mut self, used: f64) {
        self.pool -= used;
    }

    /// The tick that notices an empty pool was reached.
    pub(crate) fn stop(&mut self) {
        self.throttled = true;
        self.stopped = true;
    }

    /// When the threads, using `speed` cores from `now` on, will be stopped: at the tick after the
    /// pool is empty, or when a burst ends before that. The burst then ends with the refill only.
    #[inline]
    pub(crate) fn stop_at(&self, now: u64, speed: f64, burst_end: u64) -> u64 {
        let empty_at = now as f64 + (self.pool / speed).max(0.0);
        // Beyond this period the refill comes first anyway.
        if empty_at >= self.refill_at as f64 {
            return u64::MAX;
        }
        let tick = next_on_grid((empty_at as u64).max(now), self.phase.tick, TICK);
        if burst_end as f64 >= empty_at {
            tick.min(burst_end)
        } else {
            tick
        }
    }

    /// Whether threads that use `speed` cores from `now` on meet neither an empty pool nor a refill
    /// up to `until`; the quick check of the common case.
    #[inline]
    pub(crate) fn lasts(&self, now: u64, until: u64, speed: f64) -> bool {
        !self.throttled && until < self.refill_at && ((until - now) as f64) * speed < self.pool
    }

    /// The grid point `refill_at` is reached.
    pub(crate) fn refill(&mut self, busy: bool) {
        self.periods += u64::from(self.active);
        self.throttled_periods += u64::from(self.stopped);
        self.active = busy;
        self.pool = self.per_period + self.pool.min(CARRY);
        self.throttled = self.pool <= 0.0;
        self.stopped = self.throttled && busy;
        self.refill_at += PERIOD;
    }

    /// Skips idle time up to `now`.
    pub(crate) fn idle_until(&mut self, now: u64) {
        while self.refill_at <= now {
            let before = self.pool;
            self.refill(false);
            // Once a refill changes nothing, the rest of the grid is arithmetic.
            if self.pool == before && !self.active && self.refill_at <= now {
                self.refill_at = next_on_grid(now, self.phase.period, PERIOD);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_fixed() {
        assert_eq!(next_on_grid(0, 30, 100), 30);
        assert_eq!(next_on_grid(29, 30, 100), 30);
        assert_eq!(next_on_grid(30, 30, 100), 130);
        assert_eq!(next_on_grid(0, 0, 100), 100);
        assert_eq!(next_on_grid(250, 30, 100), 330);
    }
}
