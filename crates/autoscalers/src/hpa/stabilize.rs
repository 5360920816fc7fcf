//! Stabilization: recent recommendations outlive a new one.
//!
//! Source: `stabilizeRecommendation` and `stabilizeRecommendationWithBehaviors`.

use super::history::{History, Recommendation};
use crate::TimePoint;
use flashcrowd_units::SimDuration;

/// Without `behavior`: the highest recommendation of the window, one exactly one window old
/// included. The way up is never delayed, since the new one is among them.
pub(super) fn by_flag(
    history: &mut History,
    proposal: i32,
    now: TimePoint,
    window: SimDuration,
) -> i32 {
    let cutoff = now - window;
    let recent = history.recommendations.iter().filter(|it| it.at >= cutoff);
    let highest = recent.map(|it| it.replicas).fold(proposal, i32::max);
    history.record(
        Recommendation {
            replicas: proposal,
            at: now,
        },
        |it| it.at < cutoff,
    );
    highest
}

/// With `behavior`: as close to the current number as the lowest recommendation of the up window
/// and the highest one of the down window allow. One exactly one window old is out, for both.
pub(super) fn by_behavior(
    history: &mut History,
    current: i32,
    proposal: i32,
    now: TimePoint,
    up_window: SimDuration,
    down_window: SimDuration,
) -> i32 {
    let (up_cutoff, down_cutoff) = (now - up_window, now - down_window);
    let (mut lowest, mut highest) = (proposal, proposal);
    for recommendation in &history.recommendations {
        if recommendation.at > up_cutoff {
            lowest = lowest.min(recommendation.replicas);
        }
        if recommendation.at > down_cutoff {
            highest = highest.max(recommendation.replicas);
        }
    }
    let new = Recommendation {
        replicas: proposal,
        at: now,
    };
    history.record(new, |it| it.at < up_cutoff && it.at < down_cutoff);
    current.max(lowest).min(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> TimePoint {
        TimePoint::from_secs(seconds)
    }

    fn history(recommendations: &[(i32, i64)]) -> History {
        let recommendations = recommendations.iter();
        History {
            recommendations: recommendations
                .map(|&(replicas, seconds)| Recommendation {
                    replicas,
                    at: at(seconds),
                })
                .collect(),
            ..History::default()
        }
    }

    const WINDOW: SimDuration = SimDuration::from_secs(300);

    #[test]
    fn the_flag_window_is_closed() {
        assert_eq!(by_flag(&mut history(&[(8, 0)]), 3, at(300), WINDOW), 8);
        let mut old = history(&[(8, 0), (5, 1)]);
        assert_eq!(by_flag(&mut old, 3, at(301), WINDOW), 5);
        assert_eq!(old, history(&[(3, 301), (5, 1)]));
    }

    #[test]
    fn behavior_windows_are_open() {
        let down = |now| {
            by_behavior(
                &mut history(&[(8, 0)]),
                8,
                3,
                at(now),
                SimDuration::ZERO,
                WINDOW,
            )
        };
        assert_eq!((down(299), down(300)), (8, 3));
        let up = |now| {
            by_behavior(
                &mut history(&[(2, 0)]),
                2,
                9,
                at(now),
                WINDOW,
                SimDuration::ZERO,
            )
        };
        assert_eq!((up(299), up(300)), (2, 9));
    }

    #[test]
    fn only_what_both_windows_have_left_behind_is_overwritten() {
        let mut old = history(&[(8, 0)]);
        by_behavior(&mut old, 8, 3, at(60), SimDuration::ZERO, WINDOW);
        assert_eq!(old, history(&[(8, 0), (3, 60)]));
        by_behavior(&mut old, 8, 4, at(301), SimDuration::ZERO, WINDOW);
        assert_eq!(old, history(&[(4, 301), (3, 60)]));
    }
}
