//! Hist: what was needed at this hour of the day.
//!
//! # What it does
//! For each hour of the day it keeps what the load needed, and provides the 90th percentile of it,
//! less the mean of the last five errors. If the load was too high in more than half of the last ten
//! evaluations and is so now, it goes to the need plus a twentieth.
//!
//! # When it hurts
//! The first day has no history, and a load that knows no time of day has none that helps. The
//! number moves when the hour does, not with the load; the correction by the last errors makes it
//! swing around.
//!
//! # Parameters
//! * `load`, `per_replica`, `replicas`, `interval` (1m): as for all of them.
//! * `tuning.start`: calendar time of the start of the run, `unix_seconds` (2026-01-01T00:00Z) and
//!   `time_zone` (UTC).
//! * `tuning.percentile` (90%), `tuning.history` (730): values kept for each hour.
//! * `tuning.reserve` (1.05), `tuning.tolerated_overload` (5): load beyond the capacity that is no
//!   reason to react.
//!
//! # Source
//! B. Urgaonkar et al., *Agile dynamic provisioning of multi-tier Internet applications*, TAAS 2008,
//! as in `Histogram.py` of ahmedaley/Autoscalers. That code shortens the list of errors to four
//! before it looks for six, so its reaction never happens, and drops the smallest value of an
//! hour instead of the oldest; here errors and reaction have lists of their own, and the oldest goes.

use super::{Evaluation, ResearchPolicy, ResearchRule};
use crate::schedule::RunStart;
use crate::schedule::replica_range::whole_replicas;
use flashcrowd_units::Ratio;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Parameters of [`Hist`].
pub type HistPolicy = ResearchPolicy<HistTuning>;

/// The constants of Hist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HistTuning {
    /// Calendar time of the start of the run.
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub start: RunStart,
    /// The percentile that is provided.
    pub percentile: Ratio,
    /// Values kept for each hour.
    pub history: usize,
    /// Factor on what is needed when it reacts.
    pub reserve: f64,
    /// Load beyond the capacity that is no reason to react.
    pub tolerated_overload: f64,
}

impl Default for HistTuning {
    fn default() -> Self {
        Self {
            start: RunStart::default(),
            percentile: Ratio::new(0.9).expect("0.9 is a share"),
            history: 730,
            reserve: 1.05,
            tolerated_overload: 5.0,
        }
    }
}

const ERRORS: usize = 5;
const REACTION: usize = 10;

/// See the [module documentation](self).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hist {
    /// Replicas that were needed, by hour of the day, oldest first.
    hours: [VecDeque<u32>; 24],
    /// Replicas in excess at the last evaluations.
    errors: VecDeque<f64>,
    /// Whether there were too few, at the last evaluations.
    short: VecDeque<bool>,
}

impl Hist {
    /// The percentile of the hour, or what there is, less the mean error; a fifth of it where
    /// nothing would be left.
    fn predict(&self, hour: usize, current: u32, tuning: &HistTuning) -> f64 {
        let error = if self.errors.len() == ERRORS {
            self.errors.iter().sum::<f64>() / ERRORS as f64
        } else {
            0.0
        };
        let mut sorted: Vec<u32> = self.hours[hour].iter().copied().collect();
        sorted.sort_unstable();
        let place = (sorted.len() as f64 * tuning.percentile.get()) as usize;
        let base = f64::from(sorted.get(place).copied().unwrap_or(current));
        if base - error > 0.0 {
            base - error
        } else {
            base - error / 5.0
        }
    }
}

fn push<T>(list: &mut VecDeque<T>, value: T, most: usize) {
    list.push_back(value);
    while list.len() > most {
        list.pop_front();
    }
}

impl ResearchRule for Hist {
    type Tuning = HistTuning;
    const NAME: &'static str = "hist";

    fn problems(tuning: &HistTuning) -> Vec<(&'static str, &'static str)> {
        let checks = [
            (
                tuning.start.zone().is_none(),
                ("start.time_zone", "is not a time zone"),
            ),
            (
                tuning.percentile.get() >= 1.0,
                ("percentile", "must be less than 100%"),
            ),
            (tuning.history == 0, ("history", "must be at least 1")),
            (
                !tuning.reserve.is_finite() || tuning.reserve < 1.0,
                ("reserve", "must be a finite number of at least 1"),
            ),
            (
                !tuning.tolerated_overload.is_finite(),
                ("tolerated_overload", "must be a finite number"),
            ),
        ];
        let bad = checks.into_iter().filter(|&(is_bad, _)| is_bad);
        bad.map(|(_, problem)| problem).collect()
    }

    fn evaluate(
        &mut self,
        it: &Evaluation,
        tuning: &HistTuning,
    ) -> (u32, Vec<(&'static str, f64)>) {
        let needed = it.needed();
        let error = f64::from(it.current) - f64::from(needed);
        push(&mut self.errors, error, ERRORS);
        push(&mut self.short, error < 0.0, REACTION);
        let hour = usize::from(tuning.start.hour_of_day(it.now).unwrap_or(0));
        let predicted = self.predict(hour, it.current, tuning);
        push(&mut self.hours[hour], needed, tuning.history);
        let mut wanted = whole_replicas(predicted);
        let short = self.short.iter().filter(|&&it| it).count();
        if short > REACTION / 2 {
            if it.overload() > tuning.tolerated_overload.max(0.0) {
                wanted = whole_replicas(it.load / it.per_replica * tuning.reserve);
            }
            self.errors.clear();
            self.short.clear();
        }
        (
            wanted,
            vec![("predicted", predicted), ("short", short as f64)],
        )
    }
}
