//! Recommendations of the last minutes hold back a change.

use crate::threshold::elapsed;
use crate::{Limit, TimePoint};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Recent recommendations, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Recommendations(Vec<(TimePoint, u32)>);

impl Recommendations {
    /// Adds a recommendation and moves the current number to the nearest one between the smallest
    /// recommendation of the window `up` and the largest of the window `down`.
    pub(super) fn stabilize(
        &mut self,
        now: TimePoint,
        current: u32,
        wanted: u32,
        (up, down): (SimDuration, SimDuration),
    ) -> (u32, Option<Limit>) {
        self.0.retain(|&(at, _)| elapsed(at, now) < up.max(down));
        let within = |window: SimDuration| {
            let recent = self
                .0
                .iter()
                .filter(move |(at, _)| elapsed(*at, now) < window);
            recent.map(|&(_, replicas)| replicas)
        };
        let lowest = within(up).fold(wanted, u32::min);
        let highest = within(down).fold(wanted, u32::max);
        self.0.push((now, wanted));
        let stable = if current < lowest {
            lowest
        } else {
            current.min(highest)
        };
        let limit = match stable.cmp(&wanted) {
            std::cmp::Ordering::Less => Some(Limit::ScaleUpStabilized),
            std::cmp::Ordering::Greater => Some(Limit::ScaleDownStabilized),
            std::cmp::Ordering::Equal => None,
        };
        (stable, limit)
    }
}
