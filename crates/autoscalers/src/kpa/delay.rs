//! The largest of the last wishes (`pkg/autoscaler/aggregation/max`).

use super::TICK_SECONDS;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const SLOT_NANOS: i64 = TICK_SECONDS as i64 * 1_000_000_000;

/// The largest value of the last slots of two seconds. Its size is fixed when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MaxWindow {
    slots: i64,
    /// Slot and value; values fall.
    maxima: VecDeque<(i64, i32)>,
}

impl MaxWindow {
    /// None for a delay of zero.
    pub(super) fn of(delay: SimDuration) -> Option<Self> {
        let slots = delay.as_nanos().div_ceil(SLOT_NANOS.unsigned_abs());
        (slots > 0).then(|| Self {
            slots: i64::try_from(slots).unwrap_or(i64::MAX),
            maxima: VecDeque::new(),
        })
    }

    /// Records a value and gives the largest, this one included.
    pub(super) fn record(&mut self, now: TimePoint, value: i32) -> i32 {
        let slot = now.as_nanos().div_euclid(SLOT_NANOS);
        while self
            .maxima
            .front()
            .is_some_and(|&(at, _)| at <= slot - self.slots)
        {
            self.maxima.pop_front();
        }
        while self.maxima.back().is_some_and(|&(_, max)| max <= value) {
            self.maxima.pop_back();
        }
        self.maxima.push_back((slot, value));
        self.maxima.front().map_or(value, |&(_, max)| max)
    }
}
