//! A comparison that has to hold for a while: the state machine of a Prometheus alert.

use super::cadence::elapsed;
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// How long a comparison has to hold before it fires, and how long it may fail before it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlertTimes {
    /// `for`: how long it has to hold, at every evaluation.
    pub hold: SimDuration,
    /// `keep_firing_for`: how long it goes on firing once the comparison fails.
    pub keep_firing: SimDuration,
}

/// The state of an alert. Dips between two evaluations are invisible to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// The comparison does not hold.
    #[default]
    Inactive,
    /// It has held since then, which is not long enough.
    Pending {
        /// The first evaluation at which it held.
        since: TimePoint,
    },
    /// It has held for long enough.
    Firing {
        /// The first evaluation at which it held.
        since: TimePoint,
        /// The first evaluation at which it no longer held, if it does not.
        failing_since: Option<TimePoint>,
    },
}

impl Alert {
    /// One evaluation. Says whether the alert fires.
    pub fn evaluate(&mut self, now: TimePoint, holds: bool, times: AlertTimes) -> bool {
        *self = match (*self, holds) {
            (Self::Inactive, true) => Self::pending_or_firing(now, now, times),
            (Self::Pending { since }, true) => Self::pending_or_firing(since, now, times),
            (Self::Firing { since, .. }, true) => Self::Firing {
                since,
                failing_since: None,
            },
            (Self::Inactive | Self::Pending { .. }, false) => Self::Inactive,
            (
                Self::Firing {
                    since,
                    failing_since,
                },
                false,
            ) => {
                let failing = failing_since.unwrap_or(now);
                if elapsed(failing, now) < times.keep_firing {
                    Self::Firing {
                        since,
                        failing_since: Some(failing),
                    }
                } else {
                    Self::Inactive
                }
            }
        };
        self.is_firing()
    }

    fn pending_or_firing(since: TimePoint, now: TimePoint, times: AlertTimes) -> Self {
        if elapsed(since, now) >= times.hold {
            Self::Firing {
                since,
                failing_since: None,
            }
        } else {
            Self::Pending { since }
        }
    }

    /// Whether it fires.
    pub const fn is_firing(self) -> bool {
        matches!(self, Self::Firing { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: AlertTimes = AlertTimes {
        hold: SimDuration::from_secs(300),
        keep_firing: SimDuration::ZERO,
    };

    /// The first evaluation in seconds at which it fires.
    fn fires_at(
        interval: i64,
        times: AlertTimes,
        holds: impl Fn(i64) -> bool,
    ) -> Option<(i64, Alert)> {
        let mut alert = Alert::default();
        (0..100).map(|step| step * interval).find_map(|second| {
            let fires = alert.evaluate(TimePoint::from_secs(second), holds(second), times);
            fires.then_some((second, alert))
        })
    }

    fn since(seconds: i64) -> Alert {
        Alert::Firing {
            since: TimePoint::from_secs(seconds),
            failing_since: None,
        }
    }

    #[test]
    fn fires_when_it_has_held_for_five_minutes() {
        assert_eq!(fires_at(60, FIVE_MINUTES, |_| true), Some((300, since(0))));
        // One evaluation at which it fails restarts the timer.
        assert_eq!(
            fires_at(60, FIVE_MINUTES, |second| second != 300),
            Some((660, since(360)))
        );
        // True from second 7 on, seen at 15.
        assert_eq!(
            fires_at(15, FIVE_MINUTES, |second| second >= 7),
            Some((315, since(15)))
        );
    }

    #[test]
    fn fires_at_once_without_for() {
        assert_eq!(
            fires_at(60, AlertTimes::default(), |second| second >= 120),
            Some((120, since(120)))
        );
    }

    #[test]
    fn goes_on_firing_for_a_while() {
        let times = AlertTimes {
            hold: SimDuration::ZERO,
            keep_firing: SimDuration::from_secs(120),
        };
        let mut alert = Alert::default();
        let mut at = |second, holds| alert.evaluate(TimePoint::from_secs(second), holds, times);
        assert!(at(340, true));
        assert!(at(400, false));
        assert!(at(460, false));
        assert!(!at(520, false));
    }
}
