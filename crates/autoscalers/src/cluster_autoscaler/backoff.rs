//! Groups that failed to grow are left alone for a while.

use super::ClusterAutoscalerFlags;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Exponential backoff by node group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Backoff {
    groups: BTreeMap<usize, Failure>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Failure {
    duration_nanos: u64,
    until: TimePoint,
    last: TimePoint,
}

impl Backoff {
    /// A failure. While an older one still holds, the duration is not doubled.
    pub(super) fn failed(&mut self, group: usize, now: TimePoint, flags: &ClusterAutoscalerFlags) {
        let duration = match self.groups.get(&group) {
            Some(old) if old.until < now => {
                let doubled = old.duration_nanos.saturating_mul(2);
                doubled.min(flags.max_backoff.as_nanos())
            }
            Some(old) => old.duration_nanos,
            None => flags.initial_backoff.as_nanos(),
        };
        let failure = Failure {
            duration_nanos: duration,
            until: now + SimDuration::from_nanos(duration),
            last: now,
        };
        self.groups.insert(group, failure);
    }

    /// Whether the group is left alone. At the very end it still is.
    pub(super) fn holds(&self, group: usize, now: TimePoint) -> bool {
        self.groups.get(&group).is_some_and(|it| it.until >= now)
    }

    /// Failures of long ago do not count. Success does not make up for a failure.
    pub(super) fn drop_stale(&mut self, now: TimePoint, reset: SimDuration) {
        self.groups.retain(|_, it| it.last + reset >= now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the reference: 5 min, then 10, 20, 30, 30; a failure while backed
    /// off does not double.
    #[test]
    fn doubles_up_to_the_maximum() {
        let flags = ClusterAutoscalerFlags::default();
        let mut backoff = Backoff::default();
        let mut now = TimePoint::from_secs(0);
        for minutes in [5, 10, 20, 30, 30] {
            backoff.failed(0, now, &flags);
            let end = now + SimDuration::from_secs(60 * minutes);
            assert!(backoff.holds(0, end));
            now = end + SimDuration::from_nanos(1);
            assert!(!backoff.holds(0, now), "after {minutes} min");
        }
        let mut backoff = Backoff::default();
        backoff.failed(0, TimePoint::from_secs(0), &flags);
        backoff.failed(0, TimePoint::from_secs(100), &flags);
        assert!(backoff.holds(0, TimePoint::from_secs(400)));
        assert!(!backoff.holds(0, TimePoint::from_secs(401)));
    }
}
