//! Scaling that keeps changing its mind.

use flashcrowd_units::{Replicas, SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// A change of the number of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingEvent {
    /// When it happened.
    pub at: SimTime,
    /// The replicas before.
    pub from: Replicas,
    /// The replicas after.
    pub to: Replicas,
}

/// A stretch of time in which scaling kept turning round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlappingRun {
    /// The first event that was taken back.
    pub start: SimTime,
    /// The last event that took one back.
    pub end: SimTime,
    /// How often the direction changed from `start` to `end`.
    pub direction_changes: u32,
    /// The most direction changes within one window, counting both of its ends.
    pub peak: u32,
}

/// The runs of direction changes in scaling events that are in order of time.
///
/// A direction changes where an event goes the other way than the one before it and follows it
/// within `window`: up and soon down again, or the reverse. Direction changes that follow one
/// another within `window` make one run. An event that changes nothing is none.
///
/// Autoscalers turn round once after every peak, so a run of one or two is normal; it is for the
/// caller to say from how many on it is flapping.
///
/// # Panics
/// If the events are not in order of time.
pub fn flapping(events: &[ScalingEvent], window: SimDuration) -> Vec<FlappingRun> {
    let mut runs = Vec::new();
    let mut turns: Vec<SimTime> = Vec::new();
    let mut start = SimTime::ZERO;
    let mut previous: Option<&ScalingEvent> = None;
    for event in events.iter().filter(|event| event.from != event.to) {
        if let Some(before) = previous.replace(event)
            && (before.from < before.to) != (event.from < event.to)
            && event.at - before.at <= window
        {
            if turns.last().is_some_and(|last| event.at - *last > window) {
                runs.push(run(start, &turns, window));
                turns.clear();
            }
            if turns.is_empty() {
                start = before.at;
            }
            turns.push(event.at);
        }
    }
    if !turns.is_empty() {
        runs.push(run(start, &turns, window));
    }
    runs
}

fn run(start: SimTime, turns: &[SimTime], window: SimDuration) -> FlappingRun {
    let mut oldest = 0;
    let mut peak = 0;
    for (index, turn) in turns.iter().enumerate() {
        while *turn - turns[oldest] > window {
            oldest += 1;
        }
        peak = peak.max(index - oldest + 1);
    }
    FlappingRun {
        start,
        end: turns[turns.len() - 1],
        direction_changes: turns.len() as u32,
        peak: peak as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Events from times in seconds and the replicas after each, starting from 5.
    fn events(steps: &[(u64, u32)]) -> Vec<ScalingEvent> {
        let mut from = Replicas(5);
        let event = |&(at, to): &(u64, u32)| ScalingEvent {
            at: SimTime::from_secs(at),
            from: std::mem::replace(&mut from, Replicas(to)),
            to: Replicas(to),
        };
        steps.iter().map(event).collect()
    }

    fn runs(steps: &[(u64, u32)], window_secs: u64) -> Vec<(u64, u64, u32, u32)> {
        let runs = flapping(&events(steps), SimDuration::from_secs(window_secs));
        let secs = |at: SimTime| at.as_nanos() / 1_000_000_000;
        let numbers = |run: FlappingRun| {
            (
                secs(run.start),
                secs(run.end),
                run.direction_changes,
                run.peak,
            )
        };
        runs.into_iter().map(numbers).collect()
    }

    #[test]
    fn steady_growth_does_not_flap() {
        assert_eq!(runs(&[], 60), []);
        assert_eq!(runs(&[(0, 6), (10, 7), (20, 9)], 60), []);
        assert_eq!(runs(&[(0, 4), (10, 2), (20, 1)], 60), []);
    }

    #[test]
    fn a_late_turn_is_no_change_of_mind() {
        assert_eq!(runs(&[(0, 9), (61, 5)], 60), []);
        assert_eq!(runs(&[(0, 9), (60, 5)], 60), [(0, 60, 1, 1)]);
    }

    #[test]
    fn up_down_up_down() {
        assert_eq!(
            runs(&[(0, 9), (30, 5), (60, 9), (90, 5)], 60),
            [(0, 90, 3, 3)]
        );
        // No more than two of the three changes lie within 30 s of each other.
        assert_eq!(
            runs(&[(0, 9), (30, 5), (60, 9), (90, 5)], 30),
            [(0, 90, 3, 2)]
        );
    }

    #[test]
    fn pauses_separate_runs() {
        let steps = [(0, 9), (10, 5), (500, 9), (510, 5), (520, 9)];
        assert_eq!(runs(&steps, 60), [(0, 10, 1, 1), (500, 520, 2, 2)]);
    }

    #[test]
    fn steps_in_one_direction_and_empty_events_do_not_end_a_run() {
        assert_eq!(
            runs(&[(0, 9), (10, 5), (20, 4), (25, 4), (30, 8)], 60),
            [(0, 30, 2, 2)]
        );
    }

    proptest! {
        /// Against the definition, for all pairs of neighbours.
        #[test]
        fn counts_every_turn_once(waits in prop::collection::vec((0u64..100, 0u32..4), 0..40), window in 0u64..120) {
            let mut at = 0;
            let steps: Vec<_> = waits.into_iter().map(|(wait, to)| { at += wait; (at, to) }).collect();
            let events = events(&steps);
            let real: Vec<_> = events.iter().filter(|event| event.from != event.to).collect();
            let turned = real.windows(2).filter(|pair| {
                let up = |event: &ScalingEvent| event.to > event.from;
                up(pair[0]) != up(pair[1]) && (pair[1].at - pair[0].at) <= SimDuration::from_secs(window)
            });
            let runs = flapping(&events, SimDuration::from_secs(window));
            prop_assert_eq!(runs.iter().map(|run| run.direction_changes as usize).sum::<usize>(), turned.count());
            for run in &runs {
                prop_assert!(run.start <= run.end && run.peak >= 1 && run.peak <= run.direction_changes);
            }
            for pair in runs.windows(2) {
                prop_assert!(pair[1].end - pair[0].end > SimDuration::from_secs(window));
            }
        }
    }
}
