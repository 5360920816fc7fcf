//! The cron scaler: a number of replicas inside a window of local time.
//!
//! # What it does
//! The next start and the next end after now are compared: the window is open **unless** the start
//! comes first. So a weekday start with a daily end leaves it open all weekend, and a start that
//! never fires leaves it open for ever.
//!
//! # Source
//! `pkg/scalers/cron_scaler.go` of KEDA, with the schedules of robfig/cron v3.0.1: five fields, no
//! seconds, no `@daily`. The time zone data are those that are built into the program.

mod field;
mod schedule;
mod zone;

pub use schedule::Schedule;
pub use zone::Zone;

use super::fetch::Reading;
use crate::MilliValue;
use std::fmt;

/// A window of local time.
#[derive(Debug, Clone)]
pub struct CronWindow {
    start: Schedule,
    end: Schedule,
    desired: i64,
}

/// A cron trigger that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError {
    /// The field of the metadata.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for CronError {}

/// Whether the window is open, and what follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowState {
    /// The next start \[Unix seconds\]; `None` if there is none within five years.
    pub next_start: Option<i64>,
    /// The next end \[Unix seconds\]; `None` if there is none within five years.
    pub next_end: Option<i64>,
    /// Whether it is open.
    pub open: bool,
}

/// What the zero time of Go is in Unix seconds: what a schedule that never fires gives.
const NEVER: i64 = -62_135_596_800;

impl CronWindow {
    /// Reads the metadata of a trigger. An unknown time zone passes: KEDA notices only when it
    /// asks for the metric, see [`state`](Self::state).
    ///
    /// # Errors
    /// What KEDA refuses to build a scaler from.
    pub fn new(
        start: &str,
        end: &str,
        timezone: &str,
        desired_replicas: &str,
    ) -> Result<Self, CronError> {
        let error = |field, message: String| CronError { field, message };
        if timezone.is_empty() {
            return Err(error("timezone", "must be set".to_owned()));
        }
        let zone = Zone::of(timezone);
        let schedule = |field, text: &str| {
            Schedule::parse(text, &zone).map_err(|message| error(field, message))
        };
        let (start_schedule, end_schedule) = (schedule("start", start)?, schedule("end", end)?);
        if start == end {
            return Err(error(
                "end",
                format!("is `{end}`, as is start: must differ"),
            ));
        }
        let desired = desired_replicas
            .parse()
            .ok()
            .filter(|&desired: &i64| desired != 0)
            .ok_or_else(|| {
                let message = format!("is `{desired_replicas}`: must be a whole number but 0");
                error("desiredReplicas", message)
            })?;
        Ok(Self {
            start: start_schedule,
            end: end_schedule,
            desired,
        })
    }

    /// Whether the window is open at a time in Unix seconds, whose fraction does not matter.
    /// `None` if the time zone is not known.
    pub fn state(&self, unix_seconds: i64) -> Option<WindowState> {
        let now = unix_seconds;
        let next_start = self.start.next(now)?;
        let next_end = self.end.next(now)?;
        let (start, end) = (next_start.unwrap_or(NEVER), next_end.unwrap_or(NEVER));
        let open = if start < end {
            now > start && now < end
        } else {
            now > start || now < end
        };
        Some(WindowState {
            next_start,
            next_end,
            open,
        })
    }

    /// The metric: the wanted replicas while the window is open, else 0. `None` if the time zone
    /// is not known.
    pub fn reading(&self, unix_seconds: i64) -> Option<Reading> {
        let open = self.state(unix_seconds)?.open;
        let replicas = if open { self.desired.max(0) } else { 0 };
        Some(Reading {
            value: MilliValue::new(replicas.saturating_mul(1000)),
            active: open,
        })
    }
}

#[cfg(test)]
mod tests;
