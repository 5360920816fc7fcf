//! What the controller process remembers of an HPA. A restart loses it; an edit of the HPA does not.

use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Recommendations and scale events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct History {
    pub(super) recommendations: Vec<Recommendation>,
    pub(super) added: ScaleEvents,
    pub(super) removed: ScaleEvents,
}

/// What the metrics asked for at one sync, before anything limited it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recommendation {
    pub(super) replicas: i32,
    pub(super) at: TimePoint,
}

impl History {
    /// The first sync of a process remembers the number that it found as if it had recommended it.
    pub(super) fn seed(&mut self, replicas: i32, now: TimePoint) {
        if self.recommendations.is_empty() {
            self.recommendations
                .push(Recommendation { replicas, at: now });
        }
    }

    /// Remembers a recommendation, in the place of the last one that is `obsolete` if there is one.
    pub(super) fn record(
        &mut self,
        new: Recommendation,
        obsolete: impl Fn(&Recommendation) -> bool,
    ) {
        match self.recommendations.iter().rposition(obsolete) {
            Some(index) => self.recommendations[index] = new,
            None => self.recommendations.push(new),
        }
    }
}

/// Rescales in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct ScaleEvents(Vec<ScaleEvent>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct ScaleEvent {
    /// Replicas added or removed.
    change: i32,
    at: TimePoint,
    /// Free to be overwritten. Until then it still counts for whoever looks back far enough.
    outdated: bool,
}

impl ScaleEvents {
    /// Replicas added or removed in the period that ends now. An event exactly one period old is
    /// out.
    pub(super) fn change_since(&self, now: TimePoint, period: SimDuration) -> i32 {
        let cutoff = now - period;
        let recent = self.0.iter().filter(|event| event.at > cutoff);
        recent.fold(0, |sum: i32, event| sum.wrapping_add(event.change))
    }

    /// Remembers a rescale. Events older than the longest period of the rules of this direction
    /// are flagged, and the last flagged one is overwritten. Nothing else ever removes an event.
    pub(super) fn store(&mut self, change: i32, now: TimePoint, longest_period: SimDuration) {
        let cutoff = now - longest_period;
        for event in &mut self.0 {
            event.outdated |= event.at < cutoff;
        }
        let new = ScaleEvent {
            change,
            at: now,
            outdated: false,
        };
        match self.0.iter().rposition(|event| event.outdated) {
            Some(index) => self.0[index] = new,
            None => self.0.push(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> TimePoint {
        TimePoint::from_secs(seconds)
    }

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    #[test]
    fn an_event_one_period_old_is_out() {
        let mut events = ScaleEvents::default();
        events.store(3, at(0), MINUTE);
        events.store(4, at(30), MINUTE);
        assert_eq!(events.change_since(at(59), MINUTE), 7);
        assert_eq!(events.change_since(at(60), MINUTE), 4);
    }

    #[test]
    fn a_flagged_event_counts_until_it_is_overwritten() {
        let mut events = ScaleEvents::default();
        events.store(1, at(0), MINUTE);
        events.store(2, at(1), MINUTE);
        // Both are flagged, the last one is overwritten.
        events.store(4, at(100), MINUTE);
        assert_eq!(
            events.change_since(at(100), SimDuration::from_secs(1000)),
            5
        );
        events.store(8, at(101), MINUTE);
        assert_eq!(
            events.change_since(at(101), SimDuration::from_secs(1000)),
            12
        );
    }
}
