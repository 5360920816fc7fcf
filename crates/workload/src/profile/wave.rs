//! Periodic rates of two harmonics.

use super::Piece;
use crate::exact;
use flashcrowd_units::math;
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// `mean + first * cos x + second * cos 2x` with `x = 2 pi (t + lead) / period`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wave {
    #[serde(with = "exact")]
    mean: f64,
    #[serde(with = "exact")]
    first: f64,
    #[serde(with = "exact")]
    second: f64,
    /// Nanoseconds.
    period: u64,
    /// Nanoseconds, less than the period.
    lead: u64,
}

impl Wave {
    pub(crate) fn new(mean: f64, [first, second]: [f64; 2], period: u64, lead: u64) -> Self {
        Self {
            mean,
            first,
            second,
            period,
            lead: lead % period,
        }
    }

    pub(crate) fn scale(&mut self, factor: f64) {
        self.mean *= factor;
        self.first *= factor;
        self.second *= factor;
    }

    pub(crate) fn period(&self) -> u64 {
        self.period
    }

    /// The angle `x`, reduced in integers so that it is as good after a year as on the first day.
    fn angle(&self, at: u64) -> f64 {
        let within = (at % self.period + self.lead) % self.period;
        within as f64 / self.period as f64 * TAU
    }

    pub(crate) fn rate(&self, at: u64) -> f64 {
        let angle = self.angle(at);
        self.mean + self.first * math::cos(angle) + self.second * math::cos(2.0 * angle)
    }

    pub(crate) fn piece(&self, at: u64) -> Piece {
        if self.first == 0.0 && self.second == 0.0 {
            return Piece::constant(self.mean, u64::MAX);
        }
        // A 64th of a turn: few pieces, and bounds a few percent above the wave.
        let length = (self.period / 64).max(1);
        let start = self.angle(at);
        let end = start + length as f64 / self.period as f64 * TAU;
        let bound = self.mean
            + highest(self.first, start, end)
            + highest(self.second, 2.0 * start, 2.0 * end);
        Piece {
            until: at.saturating_add(length),
            form: super::Form::Curved { bound },
        }
    }

    pub(crate) fn integral(&self, from: u64, to: u64) -> f64 {
        let (start, end) = (self.angle(from), self.angle(to));
        let swing = self.first * (math::sin(end) - math::sin(start))
            + 0.5 * self.second * (math::sin(2.0 * end) - math::sin(2.0 * start));
        self.mean * ((to - from) as f64 / 1e9) + swing * (self.period as f64 / 1e9) / TAU
    }
}

/// The supremum of `amplitude * cos` between two angles.
fn highest(amplitude: f64, start: f64, end: f64) -> f64 {
    // The extremes lie at the multiples of a turn, or half a turn away for negative amplitudes.
    let offset = if amplitude < 0.0 { PI } else { 0.0 };
    let next_extreme = ((start - offset) / TAU).ceil() * TAU + offset;
    if next_extreme <= end {
        amplitude.abs()
    } else {
        (amplitude * math::cos(start)).max(amplitude * math::cos(end))
    }
}
