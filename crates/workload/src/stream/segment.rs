//! Stretches of time on which operational time maps to time in one step.

use crate::exact;
use crate::profile::{Form, Node};
use flashcrowd_units::math;
use serde::{Deserialize, Serialize};

/// More events than this in one segment would cost digits of the position within it: 2^20 events
/// leave a resolution of 10^-10 of a gap.
const MOST_EVENTS: f64 = 1_048_576.0;

/// Nanoseconds of a longest segment, 2^50 (13 days): offsets are exact to an eighth of a nanosecond.
const LONGEST: u64 = 1 << 50;

/// A stretch of time. Rates are per nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Segment {
    start: u64,
    end: u64,
    /// Last nanosecond at which an event may be.
    latest: u64,
    /// Rate at the start.
    #[serde(with = "exact")]
    rate: f64,
    /// Nanoseconds per event at the start.
    #[serde(with = "exact")]
    gap: f64,
    /// `rate * rate`.
    #[serde(with = "exact")]
    rate_squared: f64,
    /// Twice the slope; zero for a constant rate.
    #[serde(with = "exact")]
    double_slope: f64,
    /// Events expected in the segment: its length in operational time.
    #[serde(with = "exact")]
    pub(super) area: f64,
    /// The operational time up to which `offset` alone is the answer: `area` on a line with events,
    /// minus infinity otherwise.
    #[serde(with = "exact")]
    pub(super) direct: f64,
    pub(super) map: Map,
}

/// How operational time maps to time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Map {
    /// In closed form.
    Line,
    /// In closed form for a constant rate above a curve (events per second, before modulation);
    /// candidates are kept with probability curve / bound.
    Bound(#[serde(with = "exact")] f64),
    /// By numerical inversion.
    Curve,
}

impl Segment {
    /// No time at all: what comes before the first segment and after the last.
    pub(super) fn nothing(at: u64) -> Self {
        Self {
            start: at,
            end: at,
            latest: at,
            rate: 0.0,
            gap: 0.0,
            rate_squared: 0.0,
            double_slope: 0.0,
            area: 0.0,
            direct: f64::NEG_INFINITY,
            map: Map::Line,
        }
    }

    /// The longest segment of `node` from `start` until at most `until`, its rate multiplied by
    /// `factor`. Curves are thinned if gaps are memoryless and inverted otherwise.
    pub(super) fn new(node: &Node, start: u64, until: u64, factor: f64, memoryless: bool) -> Self {
        let piece = node.piece(start);
        let events_per_nano = piece.bound() * factor / 1e9;
        let longest = ((MOST_EVENTS / events_per_nano).min(LONGEST as f64) as u64).max(1);
        let piece = piece.clip(start, until.min(start.saturating_add(longest)));
        let length = (piece.until - start) as f64;
        let line = |from: f64, to: f64, map: Map| {
            let (from, to) = ((from * factor).max(0.0) / 1e9, (to * factor).max(0.0) / 1e9);
            let area = 0.5 * (from + to) * length;
            Self {
                start,
                end: piece.until,
                latest: piece.until,
                rate: from,
                gap: 1.0 / from,
                rate_squared: from * from,
                double_slope: 2.0 * (to - from) / length,
                area,
                direct: if matches!(map, Map::Line) && area > 0.0 {
                    area
                } else {
                    f64::NEG_INFINITY
                },
                map,
            }
        };
        match piece.form {
            Form::Linear { from, to } => line(from, to, Map::Line),
            Form::Curved { bound } if memoryless => line(bound, bound, Map::Bound(bound)),
            Form::Curved { bound } => {
                let area = node.integral(start, piece.until);
                Self {
                    area,
                    ..line(bound, bound, Map::Curve)
                }
            }
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Keeps events off the very end, which lies outside the run.
    pub(super) fn exclude_end(&mut self) {
        self.latest = self.end - 1;
    }

    /// The time in nanoseconds at which the area under the line reaches `area`.
    #[inline]
    pub(super) fn offset(&self, area: f64) -> u64 {
        let offset = if self.double_slope == 0.0 {
            area * self.gap
        } else {
            // Rounding may bring a ramp down to zero slightly below it.
            let root = math::sqrt((self.rate_squared + self.double_slope * area).max(0.0));
            2.0 * area / (self.rate + root)
        };
        (self.start + math::round_to_u64(offset)).min(self.latest)
    }

    /// The nanosecond in which the area under the curve reaches `area`: Newton's method, kept
    /// inside a shrinking bracket.
    pub(super) fn invert(&self, area: f64, node: &Node) -> u64 {
        let (mut low, mut high) = (self.start, self.end);
        let mut guess = low + ((high - low) as f64 * (area / self.area).clamp(0.0, 1.0)) as u64;
        while high - low > 1 {
            let at = guess.clamp(low + 1, high - 1);
            let excess = node.integral(self.start, at) - area;
            if excess < 0.0 {
                low = at;
            } else {
                high = at;
            }
            let rate = node.rate(at) / 1e9;
            let step = excess / rate;
            guess = if step.is_finite() && step.abs() < (self.end - self.start) as f64 {
                (at as f64 - self.start as f64 - step + 0.5).max(0.0) as u64 + self.start
            } else {
                low.midpoint(high)
            };
            // Newton approaches from one side; a step past the root closes the bracket.
            if guess == at {
                guess = if excess < 0.0 { at + 1 } else { at - 1 };
            }
        }
        high.min(self.latest)
    }
}
