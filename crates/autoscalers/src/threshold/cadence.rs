//! Evaluations at fixed distances, however often the driver asks.

use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// When to evaluate next. The first sync is an evaluation and sets the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Cadence(Option<TimePoint>);

impl Cadence {
    /// Whether an evaluation is due. Those that were missed are not made up for.
    pub(crate) fn is_due(&mut self, now: TimePoint, interval: SimDuration) -> bool {
        let due = self.0.unwrap_or(now);
        if now < due {
            return false;
        }
        let missed = elapsed(due, now).as_nanos() / interval.as_nanos().max(1);
        let ahead = interval.as_nanos().saturating_mul(missed.saturating_add(1));
        self.0 = Some(due + SimDuration::from_nanos(ahead));
        true
    }

    pub(crate) fn next(&self) -> Option<TimePoint> {
        self.0
    }
}

/// How long ago something was; nothing if it is yet to come.
pub(crate) fn elapsed(since: TimePoint, now: TimePoint) -> SimDuration {
    let nanos = i128::from(now.as_nanos()) - i128::from(since.as_nanos());
    SimDuration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_phase_and_skips_what_it_missed() {
        let mut cadence = Cadence::default();
        let minute = SimDuration::from_secs(60);
        let asked = [7, 20, 66, 67, 70, 200, 246, 247];
        let due: Vec<i64> = asked
            .into_iter()
            .filter(|&second| cadence.is_due(TimePoint::from_secs(second), minute))
            .collect();
        assert_eq!(due, [7, 67, 200, 247]);
        assert_eq!(cadence.next(), Some(TimePoint::from_secs(307)));
    }
}
