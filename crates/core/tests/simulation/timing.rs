//! Actions and requests at given times.

use crate::systems::workload;
use flashcrowd_core::model::{Action, TimedAction, Workload};
use flashcrowd_units::{Rate, SimDuration, SimTime};
use flashcrowd_workload::{ArrivalProcess, RateShape, Step};

pub(crate) fn at(seconds: u64, action: Action) -> TimedAction {
    TimedAction {
        at: SimTime::from_secs(seconds),
        action,
    }
}

/// Clients like a metronome: the first one after one period.
pub(crate) fn metronome(per_second: f64) -> Workload {
    Workload {
        process: ArrivalProcess::Deterministic,
        ..workload("clients", per_second, 0)
    }
}

/// One client, at this time.
pub(crate) fn once(seconds: u64) -> Workload {
    let step = |millis, rate| Step {
        at: SimDuration::from_millis(millis),
        rate: Rate::per_second(rate).expect("a rate"),
    };
    // One in half a second, the next one would come after the end.
    let millis = seconds * 1_000;
    let only = vec![
        step(0, 0.0),
        step(millis - 500, 2.0),
        step(millis + 250, 0.0),
    ];
    Workload {
        rate: RateShape::Steps(only),
        ..metronome(0.0)
    }
}
