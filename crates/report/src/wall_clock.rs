//! Simulated time as people in the scenario's time zone read it.

use flashcrowd_units::{SimDuration, SimTime};
use jiff::{SignedDuration, Zoned};

/// The calendar of a run: local times for points in simulated time.
#[derive(Debug, Clone)]
pub struct WallClock {
    start: Zoned,
    with_date: bool,
}

impl WallClock {
    /// A run that begins at `start` and lasts `duration`. Where it leaves its first day, short
    /// times carry the date.
    pub fn new(start: Zoned, duration: SimDuration) -> Self {
        let mut clock = Self {
            start,
            with_date: false,
        };
        let end = clock.at(SimTime::ZERO + duration);
        clock.with_date = end.date() != clock.start.date();
        clock
    }

    /// The local time at `time`; the end of the calendar where that lies past it.
    pub fn at(&self, time: SimTime) -> Zoned {
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        self.start.saturating_add(SignedDuration::from_nanos(nanos))
    }

    /// `09:14`, or `29 Nov 00:14` where the run has more than one day.
    pub fn short(&self, time: SimTime) -> String {
        let format = if self.with_date {
            "%-d %b %H:%M"
        } else {
            "%H:%M"
        };
        self.at(time).strftime(format).to_string()
    }

    /// `2025-11-28T09:14:15.250+05:30`.
    pub fn timestamp(&self, time: SimTime) -> String {
        self.at(time)
            .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
            .to_string()
    }

    /// `Fri 28 Nov 2025 06:00 Asia/Kolkata`: when the run begins.
    pub fn beginning(&self) -> String {
        let zone = self.start.time_zone().iana_name().unwrap_or("");
        let zone = if zone.is_empty() {
            self.start.strftime("%:z").to_string()
        } else {
            zone.to_owned()
        };
        format!("{} {zone}", self.start.strftime("%a %-d %b %Y %H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(start: &str, hours: u64) -> WallClock {
        WallClock::new(start.parse().unwrap(), SimDuration::from_secs(hours * 3600))
    }

    #[test]
    fn local_times_are_those_of_the_zone() {
        let clock = clock("2025-11-28T06:00[Asia/Kolkata]", 6);
        assert_eq!(clock.short(SimTime::from_secs(11_640)), "09:14");
        assert_eq!(
            clock.timestamp(SimTime::from_millis(250)),
            "2025-11-28T06:00:00.250+05:30"
        );
        assert_eq!(clock.beginning(), "Fri 28 Nov 2025 06:00 Asia/Kolkata");
    }

    #[test]
    fn a_run_past_midnight_shows_the_date() {
        let clock = clock("2025-11-28T22:00[UTC]", 6);
        assert_eq!(clock.short(SimTime::from_secs(3 * 3600)), "29 Nov 01:00");
    }

    #[test]
    fn clocks_change_with_the_zone() {
        // New York leaves summer time on 2 November 2025 at 02:00.
        let clock = clock("2025-11-02T00:30[America/New_York]", 3);
        assert_eq!(
            clock.timestamp(SimTime::from_secs(2 * 3600)),
            "2025-11-02T01:30:00.000-05:00"
        );
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        let clock = clock("9999-12-30T00:00[UTC]", 1);
        assert!(clock.timestamp(SimTime::NEVER).starts_with("9999-12-3"));
    }
}
