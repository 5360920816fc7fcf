//! What people and timetables do to a running system: when, and step by step.

use super::{Action, NamedMetric};
use flashcrowd_autoscalers::threshold::Comparison;
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ServiceTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Actions that are taken one after the other, whenever something sets them off.
///
/// While a procedure runs it is not started again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Procedure {
    /// Its name in reports; random delays of its steps depend on it.
    pub name: String,
    /// What sets it off.
    pub when: Trigger,
    /// What is done, in order.
    pub steps: Vec<ProcedureStep>,
}

/// One action of a procedure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// How long after the step before it, or after the start of the procedure: a person reads the
    /// page, a script runs, a job is started.
    pub after: ServiceTime,
    /// What is done then.
    pub action: Action,
}

/// What sets a procedure off.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Trigger {
    /// Once, at this time.
    At(SimTime),
    /// By the calendar, again and again.
    Cron(CronTrigger),
    /// When a metric crosses a threshold and stays there.
    Threshold(ThresholdTrigger),
}

/// A timetable as a `CronJob` of Kubernetes keeps it.
///
/// Five fields; days of the month and of the week that are both restricted match if either does.
/// Where clocks change it goes as in robfig/cron v3, the library behind the `CronJob` controller: a
/// time that is left out does not occur that day, one that is repeated occurs twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CronTrigger {
    /// `minute hour day-of-month month day-of-week`.
    pub schedule: String,
    /// IANA name of the time zone: `Asia/Kolkata`.
    pub time_zone: String,
    /// The start of the run in seconds since 1970-01-01T00:00Z.
    pub start_unix_seconds: i64,
}

/// A rule of a monitoring system that pages somebody, or calls a webhook.
///
/// It goes by the timers of Prometheus alerts. The procedure starts when the alert begins to fire,
/// and again while it goes on firing as soon as `cooldown` has passed, if there is one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThresholdTrigger {
    /// What is compared. It is read every `resolution`; if that is the `interval`, at the
    /// evaluations themselves.
    pub metric: NamedMetric,
    /// With what, and how. A metric without a value does not fulfil it.
    pub comparison: Comparison,
    /// `for`: how long it has to hold, at every evaluation.
    pub hold: SimDuration,
    /// `keep_firing_for`: how long the alert goes on firing once the comparison fails.
    pub keep_firing: SimDuration,
    /// Between two evaluations. The phase is random, as that of a group of rules is.
    pub interval: SimDuration,
    /// After the start of the procedure no other one for this long; while the alert goes on
    /// firing, another one then. `None`: one for each time that the alert begins to fire.
    pub cooldown: Option<SimDuration>,
    /// Only the first time.
    pub once: bool,
}

impl fmt::Display for ThresholdTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, threshold) = match self.comparison {
            Comparison::Above(it) => (">", it),
            Comparison::AtLeast(it) => (">=", it),
            Comparison::Below(it) => ("<", it),
            Comparison::AtMost(it) => ("<=", it),
        };
        write!(f, "{} {sign} {threshold}", self.metric.name)?;
        if self.hold.is_zero() {
            return Ok(());
        }
        write!(f, " for {}", self.hold)
    }
}

impl fmt::Display for Trigger {
    /// Why a procedure starts: `at 5m`, `cron 0 8 * * * (UTC)`, `backend p95 > 1 for 5m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "at {at}"),
            Self::Cron(cron) => write!(f, "cron {} ({})", cron.schedule, cron.time_zone),
            Self::Threshold(threshold) => threshold.fmt(f),
        }
    }
}
