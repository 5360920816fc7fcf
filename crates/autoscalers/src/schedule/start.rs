//! Calendar time of the run.

use crate::TimePoint;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// When the run begins, and by which clock on the wall people there live.
///
/// Controllers only know how long the run has been going on ([`TimePoint`]). A policy that
/// goes by the time of day is told with this what time of day that is, and so stays a function
/// of its parameters and of what it observes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunStart {
    /// [`TimePoint::ZERO`] in seconds since 1970-01-01T00:00Z.
    pub unix_seconds: i64,
    /// IANA name of the time zone: `Asia/Kolkata`.
    pub time_zone: String,
}

impl Default for RunStart {
    /// 2026-01-01T00:00Z, UTC.
    fn default() -> Self {
        Self {
            unix_seconds: 1_767_225_600,
            time_zone: "UTC".to_owned(),
        }
    }
}

/// The zone of this name, from the data that are built in, so that every machine decides alike.
pub(super) fn zone_named(name: &str) -> Option<TimeZone> {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
    database.get(name).ok()
}

impl RunStart {
    /// The time zone; `None` if there is no such zone.
    pub(crate) fn zone(&self) -> Option<TimeZone> {
        zone_named(&self.time_zone)
    }

    /// What the calendar and the clock show; `None` out of their range (years -9999 to 9999).
    pub(super) fn local(&self, at: TimePoint, zone: &TimeZone) -> Option<Zoned> {
        let nanos = i128::from(self.unix_seconds) * 1_000_000_000 + i128::from(at.as_nanos());
        let instant = Timestamp::from_nanosecond(nanos).ok()?;
        Some(instant.to_zoned(zone.clone()))
    }

    /// The time of the run at an instant.
    pub(super) fn time_point(&self, at: &Zoned) -> TimePoint {
        let nanos = at.timestamp().as_nanosecond() - i128::from(self.unix_seconds) * 1_000_000_000;
        let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
        TimePoint::from_nanos(i64::try_from(nanos).unwrap_or(limit))
    }

    /// The hour that the clock shows, 0 to 23.
    pub(crate) fn hour_of_day(&self, at: TimePoint) -> Option<u8> {
        let local = self.local(at, &self.zone()?)?;
        Some(local.hour().unsigned_abs())
    }
}
