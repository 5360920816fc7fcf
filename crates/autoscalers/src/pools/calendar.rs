//! Calendar time: when schedules occur.
//!
//! Local times that a change of clocks leaves out are moved on by the length of the gap; of those
//! that occur twice the first counts. The time zone data are those that are built into the
//! program, so that every machine decides alike.

use crate::TimePoint;
use flashcrowd_manifests::{CalendarDay, CronExpression};
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A time zone.
#[derive(Debug, Clone)]
pub(super) struct Zone(TimeZone);

impl Zone {
    pub(super) const UTC: Self = Self(TimeZone::UTC);

    /// A zone by its name in the IANA data or in Windows, of which the most used ones are known.
    pub(super) fn of(name: &str) -> Option<Self> {
        static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
        if name.eq_ignore_ascii_case("UTC") {
            return Some(Self::UTC);
        }
        let windows = WINDOWS_ZONES.iter().find(|(windows, _)| *windows == name);
        let iana = windows.map_or(name, |(_, iana)| iana);
        let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
        database.get(iana).ok().map(Self)
    }

    /// The instant of a local time \[Unix seconds\].
    pub(super) fn instant(&self, local: DateTime) -> Option<i64> {
        let instant = self.0.to_ambiguous_timestamp(local).compatible();
        instant.ok().map(Timestamp::as_second)
    }

    /// The local date of an instant; `None` if it is out of the calendar.
    fn date(&self, unix: i64) -> Option<Date> {
        let instant = Timestamp::from_second(unix).ok()?;
        Some(self.0.to_datetime(instant).date())
    }

    /// The latest occurrence of a schedule at or before a time, if it is not before another one
    /// \[Unix seconds\].
    pub(super) fn latest(
        &self,
        expression: &CronExpression,
        until: i64,
        not_before: i64,
    ) -> Option<i64> {
        if until < not_before {
            return None;
        }
        let (mut date, first) = (self.date(until)?, self.date(not_before)?);
        while date >= first {
            if expression.matches_day(calendar_day(date)) {
                let occurrences = expression.times_descending().filter_map(|(hour, minute)| {
                    self.instant(date.at(hour as i8, minute as i8, 0, 0))
                });
                if let Some(latest) = occurrences.into_iter().find(|&at| at <= until) {
                    return (latest >= not_before).then_some(latest);
                }
            }
            date = date.checked_sub(1.day()).ok()?;
        }
        None
    }
}

/// The zones of Windows that are met most.
const WINDOWS_ZONES: [(&str, &str); 18] = [
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Standard Time", "America/Chicago"),
    ("China Standard Time", "Asia/Shanghai"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Eastern Standard Time", "America/New_York"),
    ("FLE Standard Time", "Europe/Kyiv"),
    ("GMT Standard Time", "Europe/London"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("W. Europe Standard Time", "Europe/Berlin"),
];

fn calendar_day(date: Date) -> CalendarDay {
    CalendarDay {
        year: date.year(),
        month: date.month() as u8,
        day: date.day() as u8,
        weekday: date.weekday().to_sunday_zero_offset() as u8,
        days_in_month: date.days_in_month() as u8,
    }
}

/// A time at which schedules were last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LastLook(Option<i64>);

impl LastLook {
    /// The first second that has not been looked at. The first look sees its own second.
    pub(super) fn advance(&mut self, unix: i64) -> i64 {
        let first = self.0.map_or(unix, |last| last.saturating_add(1));
        self.0 = Some(unix);
        first
    }
}

/// What the clock on the wall shows \[Unix seconds\], rounded down.
pub(super) fn unix_seconds(epoch: i64, now: TimePoint) -> i64 {
    epoch.saturating_add(now.as_nanos().div_euclid(1_000_000_000))
}

/// A text such as `2026-01-31T08:00:00Z` as Unix seconds.
pub(super) fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A text such as `2026-01-31T08:00:00` as a local time. A zone at its end is not looked at.
pub(super) fn local_time(text: &str) -> Option<DateTime> {
    text.trim_end_matches(['Z', 'z']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_manifests::CronDialect;

    fn latest(zone: &str, cron: &str, until: &str) -> Option<String> {
        let expression = CronExpression::parse(cron, CronDialect::Standard).expect("it is legal");
        let until = instant(until).expect("it is a time");
        let zone = Zone::of(zone).expect("it is a zone");
        let found = zone.latest(&expression, until, until - 8 * 86_400)?;
        Some(
            Timestamp::from_second(found)
                .expect("it is in the calendar")
                .to_string(),
        )
    }

    #[test]
    fn the_latest_occurrence_is_found() {
        let found = latest("UTC", "0 8 * * 1-5", "2026-01-04T12:00:00Z");
        assert_eq!(found.as_deref(), Some("2026-01-02T08:00:00Z"));
        let found = latest("UTC", "0 8 * * *", "2026-01-04T08:00:00Z");
        assert_eq!(found.as_deref(), Some("2026-01-04T08:00:00Z"));
        // 08:00 in India is 02:30 UTC.
        let found = latest("India Standard Time", "0 8 * * *", "2026-01-04T02:29:59Z");
        assert_eq!(found.as_deref(), Some("2026-01-03T02:30:00Z"));
        assert_eq!(latest("UTC", "0 8 1 6 *", "2026-01-04T08:00:00Z"), None);
    }

    #[test]
    fn times_in_the_gap_move_on_and_double_ones_occur_first() {
        // Zurich: 02:00 to 03:00 is missing on 29 March 2026, and comes twice on 25 October.
        let found = latest("Europe/Zurich", "30 2 * * *", "2026-03-29T12:00:00Z");
        assert_eq!(found.as_deref(), Some("2026-03-29T01:30:00Z"));
        let found = latest("Europe/Zurich", "30 2 * * *", "2026-10-25T12:00:00Z");
        assert_eq!(found.as_deref(), Some("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn every_second_is_looked_at_once() {
        let mut look = LastLook::default();
        assert_eq!(look.advance(100), 100);
        assert_eq!(look.advance(160), 101);
        assert_eq!(look.advance(160), 161);
    }

    #[test]
    fn windows_zones_exist() {
        for (windows, _) in WINDOWS_ZONES {
            assert!(Zone::of(windows).is_some(), "{windows}");
        }
        assert!(Zone::of("Mars/Olympus").is_none());
    }
}
