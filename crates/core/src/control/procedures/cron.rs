//! The timetable of a CronJob on the clock of the run.

use crate::model::CronTrigger;
use flashcrowd_autoscalers::keda::cron::{Schedule, Zone};
use flashcrowd_units::SimTime;

const NANOS: i64 = 1_000_000_000;

/// When a cron expression occurs. KEDA and the CronJob controller read it with the same library
/// (robfig/cron v3), so it is the same code here.
pub(super) struct Timetable {
    schedule: Schedule,
    start: i64,
}

impl Timetable {
    /// Reads the expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(cron: &CronTrigger) -> Result<Self, String> {
        let zone = Zone::of(&cron.time_zone);
        if !zone.is_known() {
            return Err(format!("no such time zone: {}", cron.time_zone));
        }
        if cron.schedule.contains("TZ=") {
            return Err("a time zone belongs into time_zone".to_owned());
        }
        Ok(Self {
            schedule: Schedule::parse(&cron.schedule, &zone)?,
            start: cron.start_unix_seconds,
        })
    }

    /// The first occurrence after a time of the run, or the first one of all, that of the start
    /// included.
    pub(super) fn next(&self, after: Option<SimTime>) -> Option<SimTime> {
        let seconds = match after {
            // Occurrences are whole seconds.
            Some(after) => self.start + after.as_nanos() as i64 / NANOS,
            None => self.start - 1,
        };
        let next = self.schedule.next(seconds)??;
        let since = u64::try_from(next - self.start).ok()?;
        Some(SimTime::from_secs(since))
    }
}
