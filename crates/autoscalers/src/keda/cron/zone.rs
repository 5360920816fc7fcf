//! Local time, and how it becomes an instant again.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::OnceLock;

/// A time zone by its IANA name, which may turn out to be none.
#[derive(Debug, Clone)]
pub struct Zone(Option<TimeZone>);

/// The zones that are built in, so that every machine decides alike.
fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

impl Zone {
    /// The zone of this name.
    pub fn of(name: &str) -> Self {
        Self(match name {
            "" | "UTC" => Some(TimeZone::UTC),
            name => database().get(name).ok(),
        })
    }

    /// Whether there is such a zone.
    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Local time at an instant \[Unix seconds\]; `None` if the zone is not known or the instant
    /// is out of every calendar.
    pub(super) fn local(&self, instant: i64) -> Option<Local> {
        let zone = self.0.clone()?;
        let offset = offset(&zone, instant)?;
        let clock = clock(instant + offset)?;
        Some(Local {
            zone,
            instant,
            clock,
        })
    }
}

/// Seconds to be added to UTC at an instant.
fn offset(zone: &TimeZone, instant: i64) -> Option<i64> {
    let instant = Timestamp::from_second(instant).ok()?;
    Some(i64::from(zone.to_offset(instant).seconds()))
}

/// What a clock shows that counts seconds without a zone.
fn clock(seconds: i64) -> Option<DateTime> {
    let instant = Timestamp::from_second(seconds).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}

/// An instant with what the clocks on the wall show then.
#[derive(Debug, Clone)]
pub(super) struct Local {
    zone: TimeZone,
    instant: i64,
    clock: DateTime,
}

impl Local {
    pub(super) fn instant(&self) -> i64 {
        self.instant
    }

    pub(super) fn year(&self) -> i16 {
        self.clock.year()
    }

    pub(super) fn month(&self) -> u32 {
        self.clock.month().unsigned_abs().into()
    }

    pub(super) fn day(&self) -> u32 {
        self.clock.day().unsigned_abs().into()
    }

    /// 0 is Sunday.
    pub(super) fn weekday(&self) -> u32 {
        let days = self.clock.weekday().since(Weekday::Sunday);
        days.unsigned_abs().into()
    }

    pub(super) fn hour(&self) -> u32 {
        self.clock.hour().unsigned_abs().into()
    }

    pub(super) fn minute(&self) -> u32 {
        self.clock.minute().unsigned_abs().into()
    }

    pub(super) fn second(&self) -> u32 {
        self.clock.second().unsigned_abs().into()
    }

    pub(super) fn start_of_month(&self) -> Self {
        self.at(self.clock.date().first_of_month(), 0, 0, 0)
    }

    pub(super) fn start_of_day(&self) -> Self {
        self.at(self.clock.date(), 0, 0, 0)
    }

    pub(super) fn start_of_hour(&self) -> Self {
        self.at(self.clock.date(), self.clock.hour(), 0, 0)
    }

    /// The same clock time a calendar month later. A day that the month does not have becomes one
    /// of the month after it.
    pub(super) fn next_month(&self) -> Self {
        let date = self.clock.date();
        let first = date.last_of_month().tomorrow().unwrap_or(Date::MAX);
        self.at_clock(shifted(first, i64::from(date.day()) - 1))
    }

    /// The same clock time a calendar day later.
    pub(super) fn next_day(&self) -> Self {
        self.at_clock(shifted(self.clock.date(), 1))
    }

    /// What robfig/cron does after a day, for zones whose clocks change at midnight.
    pub(super) fn back_to_midnight(self) -> Self {
        match i64::from(self.hour()) {
            0 => self,
            hour if hour > 12 => self.after((24 - hour) * 3600),
            hour => self.after(-hour * 3600),
        }
    }

    /// So many seconds later, as a stopwatch counts them.
    pub(super) fn after(&self, seconds: i64) -> Self {
        self.with_instant(self.instant + seconds)
    }

    /// Down to a multiple of so many seconds.
    pub(super) fn truncated(&self, seconds: i64) -> Self {
        self.with_instant(self.instant.div_euclid(seconds) * seconds)
    }

    fn at_clock(&self, date: Date) -> Self {
        let clock = self.clock;
        self.at(date, clock.hour(), clock.minute(), clock.second())
    }

    /// The instant of a local time, as Go's `time.Date` finds it: with the offset that holds at
    /// that local time less the offset that would hold were it UTC. That decides which instant a
    /// time has that is left out or repeated.
    fn at(&self, date: Date, hour: i8, minute: i8, second: i8) -> Self {
        let local = date.at(hour, minute, second, 0);
        let Ok(as_utc) = TimeZone::UTC.to_timestamp(local) else {
            return self.clone();
        };
        let as_utc = as_utc.as_second();
        let first = offset(&self.zone, as_utc).unwrap_or(0);
        let second = if first == 0 {
            0
        } else {
            offset(&self.zone, as_utc - first).unwrap_or(first)
        };
        self.with_instant(as_utc - second)
    }

    /// Past the end of the calendar time stands still, which ends every search by its year.
    fn with_instant(&self, instant: i64) -> Self {
        Zone(Some(self.zone.clone()))
            .local(instant)
            .unwrap_or_else(|| self.clone())
    }
}

/// So many days later.
fn shifted(date: Date, days: i64) -> Date {
    let span = jiff::Span::new().days(days);
    date.saturating_add(span)
}
