//! Exponential decay.

use super::Piece;
use crate::exact;
use flashcrowd_units::{SimDuration, math};
use serde::{Deserialize, Serialize};

/// After so many time constants, exp(-64) = 2e-28, the rest counts as zero.
const TIME_CONSTANTS: u64 = 64;

/// Zero before `start`, then `height * exp(-(t - start) / time_constant)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tail {
    /// Nanoseconds.
    start: u64,
    /// Nanoseconds.
    end: u64,
    /// Nanoseconds.
    time_constant: u64,
    /// Events per second; negative where the rate recovers from a dip.
    #[serde(with = "exact")]
    height: f64,
}

impl Tail {
    pub(crate) fn new(start: SimDuration, height: f64, time_constant: SimDuration) -> Self {
        Self {
            start: start.as_nanos(),
            end: (start + time_constant * TIME_CONSTANTS).as_nanos(),
            time_constant: time_constant.as_nanos(),
            height,
        }
    }

    pub(crate) fn scale(&mut self, factor: f64) {
        self.height *= factor;
    }

    fn left(&self, at: u64) -> f64 {
        math::exp(-((at - self.start) as f64 / self.time_constant as f64))
    }

    pub(crate) fn rate(&self, at: u64) -> f64 {
        if at < self.start || at >= self.end {
            0.0
        } else {
            self.height * self.left(at)
        }
    }

    pub(crate) fn piece(&self, at: u64) -> Piece {
        if at < self.start {
            return Piece::constant(0.0, self.start);
        }
        if at >= self.end || self.height == 0.0 {
            return Piece::constant(0.0, u64::MAX);
        }
        let until = at
            .saturating_add((self.time_constant / 16).max(1))
            .min(self.end);
        let bound = self.rate(at).max(self.height * self.left(until));
        Piece {
            until,
            form: super::Form::Curved { bound },
        }
    }

    pub(crate) fn integral(&self, from: u64, to: u64) -> f64 {
        let from = from.clamp(self.start, self.end);
        let to = to.clamp(self.start, self.end);
        self.height * (self.time_constant as f64 / 1e9) * (self.left(from) - self.left(to))
    }
}
