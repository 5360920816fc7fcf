//! Seasonal-naive forecast: what it was at this time of day.
//!
//! # What it does
//! Time is cut into slots, for each of which the mean load is kept. The forecast for `lead` from now
//! is the median of the same slot in the last seasons, plus a margin. It stands in for the
//! predictive scaling of the clouds, whose models are not public.
//!
//! # When it hurts
//! Nothing is forecast before one season has passed, and nothing that is new: a sale is
//! invisible. With a season of a day, Monday is forecast from Sunday.
//!
//! # Parameters
//! * `season` (1d), `slot` (5m): the season has to be a whole number of slots.
//! * `seasons` (14): how many seasons back.
//! * `lead` (5m): how far ahead, about as long as a pod takes to start.
//! * `margin` (0%): added to the forecast.
//!
//! # Source
//! The textbook baseline; history, lead and margin are those that AWS, Azure and Google publish
//! for their services.

use crate::TimePoint;
use flashcrowd_units::{Ratio, SimDuration};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Parameters of the seasonal-naive forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SeasonalNaive {
    /// Length of a season.
    pub season: SimDuration,
    /// How many seasons back.
    pub seasons: u32,
    /// Resolution of the history.
    pub slot: SimDuration,
    /// How far ahead.
    pub lead: SimDuration,
    /// Added to the forecast.
    pub margin: Ratio,
}

impl Default for SeasonalNaive {
    fn default() -> Self {
        Self {
            season: SimDuration::from_secs(86_400),
            seasons: 14,
            slot: SimDuration::from_secs(300),
            lead: SimDuration::from_secs(300),
            margin: Ratio::ZERO,
        }
    }
}

/// Load by slot, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Slots(VecDeque<Slot>);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Slot {
    /// Slots since the start of the run.
    index: i64,
    sum: f64,
    count: u32,
}

impl SeasonalNaive {
    fn slot_of(&self, at: TimePoint) -> i64 {
        at.as_nanos()
            .div_euclid((self.slot.as_nanos() as i64).max(1))
    }

    fn slots_per_season(&self) -> i64 {
        (self.season.as_nanos() / self.slot.as_nanos().max(1)) as i64
    }

    /// Adds a load to the slot of now and forgets what is too old.
    pub(super) fn observe(&self, slots: &mut Slots, now: TimePoint, load: f64) {
        let index = self.slot_of(now);
        match slots.0.back_mut().filter(|last| last.index == index) {
            Some(last) => {
                last.sum += load;
                last.count += 1;
            }
            None => slots.0.push_back(Slot {
                index,
                sum: load,
                count: 1,
            }),
        }
        let oldest = index - self.slots_per_season() * i64::from(self.seasons);
        while slots.0.front().is_some_and(|slot| slot.index < oldest) {
            slots.0.pop_front();
        }
    }

    /// The load that is expected `lead` from now, margin included; `None` without a season of
    /// history.
    pub(super) fn forecast(&self, slots: &Slots, now: TimePoint) -> Option<f64> {
        let (current, target) = (self.slot_of(now), self.slot_of(now + self.lead));
        let past = |season: u32| {
            let index = target - self.slots_per_season() * i64::from(season);
            let place = slots
                .0
                .binary_search_by_key(&index, |slot| slot.index)
                .ok()?;
            let slot = slots.0[place];
            (index < current).then(|| slot.sum / f64::from(slot.count))
        };
        let mut loads: Vec<f64> = (1..=self.seasons).filter_map(past).collect();
        loads.sort_unstable_by(f64::total_cmp);
        let (low, high) = (loads.len().checked_sub(1)? / 2, loads.len() / 2);
        let median = f64::midpoint(*loads.get(low)?, *loads.get(high)?);
        Some(median * (1.0 + self.margin.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of 24 slots of an hour with one load each.
    #[test]
    fn the_median_of_the_same_hour() {
        let naive = SeasonalNaive {
            slot: SimDuration::from_secs(3600),
            lead: SimDuration::from_secs(7200),
            margin: Ratio::new(0.1).unwrap(),
            ..SeasonalNaive::default()
        };
        let mut slots = Slots::default();
        let at = |day: i64, hour: i64| TimePoint::from_secs((day * 24 + hour) * 3600 + 5);
        let daily = [100.0, 700.0, 130.0];
        assert_eq!(naive.forecast(&slots, at(0, 0)), None);
        for (day, load) in (0..).zip(daily) {
            for hour in 0..24 {
                let load = if hour == 8 { load } else { 1.0 };
                // Two values in a slot: their mean counts.
                naive.observe(&mut slots, at(day, hour), load - 0.5);
                naive.observe(&mut slots, at(day, hour), load + 0.5);
            }
        }
        let forecast = |day, hour| naive.forecast(&slots, at(day, hour)).unwrap();
        assert!(
            (forecast(3, 6) - 143.0).abs() < 1e-9,
            "median of the three, plus a tenth"
        );
        assert!((forecast(3, 7) - 1.1).abs() < 1e-9);
        // Two days: the mean of the two.
        assert!((forecast(2, 6) - 440.0).abs() < 1e-9);
    }
}
