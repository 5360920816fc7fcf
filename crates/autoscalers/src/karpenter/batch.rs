//! Waiting for more pods before nodes are launched for those that wait.

use super::KarpenterSettings;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// A pod that has no node joins a batch again after so long.
const RETRY: SimDuration = SimDuration::from_secs(10);

/// The open batch, and when the next one opens by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batcher {
    /// When the first and the last pod joined.
    open: Option<(TimePoint, TimePoint)>,
    /// When pods that still have no node join again.
    retry: Option<TimePoint>,
}

impl Batcher {
    /// A pod joins, or a node that is to go with its pods.
    pub(super) fn join(&mut self, at: TimePoint) {
        let (first, _) = self.open.unwrap_or((at, at));
        self.open = Some((first, at));
    }

    /// When the open batch ends, if nobody else joins.
    fn deadline(&self, settings: &KarpenterSettings) -> Option<TimePoint> {
        let (first, last) = self.open?;
        Some((last + settings.batch_idle).min(first + settings.batch_max))
    }

    /// Lets pods join again whose time has come. Returns whether a batch ends now.
    pub(super) fn is_due(&mut self, now: TimePoint, settings: &KarpenterSettings) -> bool {
        if self.retry.is_some_and(|at| at <= now) {
            self.retry = None;
            // A batch that is open already has them in it.
            if self.open.is_none() {
                self.join(now);
            }
        }
        let is_due = self.deadline(settings).is_some_and(|at| at <= now);
        if is_due {
            self.open = None;
        }
        is_due
    }

    /// Pods are left over after a batch, or none.
    pub(super) fn close(&mut self, now: TimePoint, is_anyone_left: bool) {
        self.retry = is_anyone_left.then(|| now + RETRY);
    }

    /// Whether nobody has joined and nobody will by himself.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_none() && self.retry.is_none()
    }

    /// When something happens next.
    pub(super) fn next(&self, settings: &KarpenterSettings) -> Option<TimePoint> {
        [self.deadline(settings), self.retry]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> TimePoint {
        TimePoint::from_millis(millis)
    }

    /// 1 s after the last pod, 10 s after the first at the latest.
    #[test]
    fn a_batch_ends_when_it_is_idle_or_old() {
        let settings = KarpenterSettings::default();
        let mut batch = Batcher::default();
        batch.join(at(0));
        assert_eq!(batch.next(&settings), Some(at(1_000)));
        assert!(!batch.is_due(at(900), &settings));
        for step in 1..=12 {
            batch.join(at(900 * step));
        }
        assert_eq!(batch.next(&settings), Some(at(10_000)));
        assert!(batch.is_due(at(10_000), &settings));
        batch.close(at(10_000), true);
        // Whoever is left joins again 10 s later and is looked at after another second.
        assert!(!batch.is_due(at(20_000), &settings));
        assert!(batch.is_due(at(21_000), &settings));
        batch.close(at(21_000), false);
        assert!(batch.is_idle());
    }
}
