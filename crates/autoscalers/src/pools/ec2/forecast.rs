//! Predictive scaling.
//!
//! The real forecast is a black box. This one is the median of the load in the same hour of the
//! last days, which is what a daily pattern looks like without its accidents.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How much is remembered \[hours\].
const HISTORY_HOURS: usize = 14 * 24;
/// How much has to be known for a forecast \[hours\].
const MIN_HISTORY_HOURS: usize = 24;
/// How far a forecast looks \[hours\].
const HORIZON_HOURS: i64 = 48;
/// How often it is made again \[hours\].
const REFRESH_HOURS: i64 = 6;

const HOUR_SECONDS: i64 = 3600;

/// The load by the hour, and what it will be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forecast {
    /// The mean load of hours that are over, oldest first; hours without data are not there.
    hours: VecDeque<(i64, f64)>,
    /// The hour that is going on, the sum of its samples and their number.
    filling: Option<(i64, f64, u32)>,
    /// The hour in which the forecast was last made.
    made: Option<i64>,
    /// The load of the hours to come.
    loads: Vec<(i64, f64)>,
}

impl Forecast {
    /// Takes in the load of the last minute and renews the forecast.
    pub(super) fn observe(&mut self, unix: i64, load: Option<f64>) {
        // A measurement looks back, so one on the full hour belongs to the last one.
        let hour = (unix - 1).div_euclid(HOUR_SECONDS);
        if let Some((filling, sum, count)) = self.filling
            && filling != hour
        {
            self.hours.push_back((filling, sum / f64::from(count)));
            let excess = self.hours.len().saturating_sub(HISTORY_HOURS);
            self.hours.drain(..excess);
            self.filling = None;
        }
        if let Some(load) = load {
            let (_, sum, count) = self.filling.unwrap_or((hour, 0.0, 0));
            self.filling = Some((hour, sum + load, count + 1));
        }
        let current = unix.div_euclid(HOUR_SECONDS);
        let is_due = self.made.is_none_or(|made| current - made >= REFRESH_HOURS);
        if is_due && self.hours.len() >= MIN_HISTORY_HOURS {
            self.made = Some(current);
            self.loads = (current..current + HORIZON_HOURS)
                .filter_map(|hour| Some((hour, self.usual(hour)?)))
                .collect();
        }
    }

    /// The median load of an hour of the day.
    fn usual(&self, hour: i64) -> Option<f64> {
        let same = self
            .hours
            .iter()
            .filter(|(other, _)| (hour - other) % 24 == 0);
        let mut loads: Vec<f64> = same.map(|(_, load)| *load).collect();
        loads.sort_by(f64::total_cmp);
        let (low, high) = (loads.len().checked_sub(1)? / 2, loads.len() / 2);
        Some(f64::midpoint(loads[low], loads[high]))
    }

    /// The highest load from now until some time later: that of the hour that is going on, or of
    /// the next one where it is near.
    pub(super) fn load(&self, unix: i64, ahead_seconds: i64) -> Option<f64> {
        let (first, last) = (
            unix.div_euclid(HOUR_SECONDS),
            (unix + ahead_seconds).div_euclid(HOUR_SECONDS),
        );
        let near = self
            .loads
            .iter()
            .filter(|(hour, _)| (first..=last).contains(hour));
        near.map(|(_, load)| *load).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day with a load of 100, but 900 from 08:00 to 09:00; one sample a minute.
    fn days(forecast: &mut Forecast, days: std::ops::Range<i64>, peak: f64) {
        for minute in days.start * 1440 + 1..=days.end * 1440 {
            let hour = (minute - 1).div_euclid(60).rem_euclid(24);
            forecast.observe(minute * 60, Some(if hour == 8 { peak } else { 100.0 }));
        }
    }

    #[test]
    fn a_day_is_needed_and_repeats() {
        let mut forecast = Forecast::default();
        days(&mut forecast, 0..1, 900.0);
        assert_eq!(forecast.load(86_400, 0), None);
        forecast.observe(86_460, Some(100.0));
        let at = |hour: i64, minute: i64| 86_400 + hour * 3600 + minute * 60;
        assert_eq!(forecast.load(at(7, 0), 300), Some(100.0));
        assert_eq!(forecast.load(at(7, 54), 300), Some(100.0));
        assert_eq!(forecast.load(at(7, 55), 300), Some(900.0));
        assert_eq!(forecast.load(at(8, 59), 0), Some(900.0));
        assert_eq!(forecast.load(at(9, 0), 0), Some(100.0));
        assert_eq!(forecast.load(at(48, 0), 0), None);
    }

    #[test]
    fn one_accident_does_not_change_the_median() {
        let mut forecast = Forecast::default();
        days(&mut forecast, 0..2, 900.0);
        days(&mut forecast, 2..3, 5000.0);
        days(&mut forecast, 3..4, 900.0);
        assert_eq!(forecast.load(4 * 86_400 + 8 * 3600, 0), Some(900.0));
    }
}
