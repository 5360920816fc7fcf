//! Cron expressions on the clock of the run.

use super::start::RunStart;
use crate::TimePoint;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;

/// A cron expression of five fields in a time zone.
///
/// Days of the month and of the week that are both restricted match if either does. Where clocks
/// change it goes as in Vixie cron: a fixed time that is left out occurs right after the gap, one
/// that is repeated occurs once; `*` and steps go by what the clock shows. (KEDA's
/// cron scaler has rules of its own: what is left out does not occur, what is repeated occurs twice.)
#[derive(Debug, Clone)]
pub(super) struct CronSchedule {
    cron: Cron,
    start: RunStart,
    zone: TimeZone,
}

impl CronSchedule {
    /// Reads `minute hour day-of-month month day-of-week`.
    ///
    /// # Errors
    /// What is wrong with it; also if it never occurs, as the 30th of February.
    pub(super) fn parse(text: &str, start: &RunStart, zone: &TimeZone) -> Result<Self, String> {
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(format!(
                "is `{text}`: must have 5 fields (minute hour day-of-month month day-of-week), not {fields}"
            ));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(text)
            .map_err(|error| format!("is `{text}`: {error}"))?;
        let schedule = Self {
            cron,
            start: start.clone(),
            zone: zone.clone(),
        };
        match schedule.next(TimePoint::ZERO) {
            Some(_) => Ok(schedule),
            None => Err(format!("is `{text}`: never occurs")),
        }
    }

    /// The first occurrence after a time.
    pub(super) fn next(&self, after: TimePoint) -> Option<TimePoint> {
        let local = self.start.local(after, &self.zone)?;
        let next = self.cron.find_next_occurrence(&local, false).ok()?;
        Some(self.start.time_point(&next))
    }

    /// The last occurrence at or before a time.
    pub(super) fn previous(&self, until: TimePoint) -> Option<TimePoint> {
        let local = self.start.local(until, &self.zone)?;
        let previous = self.cron.find_previous_occurrence(&local, true).ok()?;
        Some(self.start.time_point(&previous))
    }
}

#[cfg(test)]
mod tests;
