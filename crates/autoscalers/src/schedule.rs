//! Replicas by the calendar: windows, actions at fixed times, bounds around another policy.
//!
//! # What it does
//! While a window is open its `min` and `max` hold; of several, the largest of each. Otherwise
//! those of the last action that set bounds hold, otherwise those of the policy. An
//! action that sets `replicas` does so once, as `kubectl scale` in a crontab or by hand in an
//! emergency. The number of replicas comes from the policy inside, if there is one, and
//! stays within the bounds of the moment.
//!
//! # When it hurts
//! `replicas: 10` at 8:00 on a service that another policy scales lasts until that policy syncs
//! again: set bounds instead. Pods that are asked for at 8:00 are ready when they have started:
//! schedule that much earlier. Lowering the maximum takes effect at once, past every
//! stabilization window. A calendar knows nothing of a day that is different. A schedule in UTC is
//! five and a half hours off in Kolkata, and one hour off in half of the year where clocks change.
//!
//! # Parameters
//! * `start`: calendar time of the start of the run, `unix_seconds` (2026-01-01T00:00Z), and
//!   `time_zone` (UTC), in which the expressions are meant.
//! * `replicas`: `min` and `max` outside of everything.
//! * `windows`: each `from`, `to` (cron expressions of five fields), `replicas` and `time_zone` (that
//!   of `start`).
//! * `actions`: each `at` (`cron: ...` or `elapsed: 90m`), `set` (`replicas: 10` once, or
//!   `bounds: { min, max }` until the next action that sets bounds) and `time_zone`.
//! * `policy` (none): the policy inside.
//!
//! # Source
//! Cron expressions as in Vixie cron, whose rules for changing clocks are those of the crate croner.
//! Bounds correspond to patching `minReplicas` and `maxReplicas`, or to scheduled actions of the clouds.

mod calendar;
mod cron;
pub(crate) mod replica_range;
mod start;

pub use replica_range::ReplicaRange;
pub use start::RunStart;

use crate::catalog::{InvalidPolicy, PolicySpec};
use crate::{
    Autoscaler, MetricQuery, Observation, Reason, RestoreError, SavedState, ScaleOutcome,
    ScalingDecision, TimePoint,
};
use calendar::Calendar;
use flashcrowd_manifests::Problem;
use flashcrowd_units::{Replicas, SimDuration};
use replica_range::Notes;
use serde::{Deserialize, Serialize};

/// Parameters of [`Schedule`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulePolicy {
    /// Calendar time of the start of the run, and the zone of the expressions.
    #[serde(default)]
    pub start: RunStart,
    /// Bounds outside of everything.
    pub replicas: ReplicaRange,
    /// Times with bounds of their own.
    #[serde(default)]
    pub windows: Vec<ScheduleWindow>,
    /// What happens at fixed times.
    #[serde(default)]
    pub actions: Vec<ScheduledAction>,
    /// The policy inside.
    #[serde(default)]
    pub policy: Option<Box<PolicySpec>>,
}

impl SchedulePolicy {
    /// What will not do what it seems to: replicas that are set on a service whose number a
    /// policy decides.
    pub fn lint(&self) -> Vec<Problem> {
        let actions = self.actions.iter().enumerate();
        let in_vain = actions.filter(|(_, action)| {
            self.policy.is_some() && matches!(action.set, Setting::Replicas(_))
        });
        let problem = |(index, _): (usize, &ScheduledAction)| {
            let message = "lasts until the policy inside syncs again: set `bounds`";
            Problem::new(format!("actions[{index}].set.replicas"), message)
        };
        in_vain.map(problem).collect()
    }
}

/// A time with bounds of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduleWindow {
    /// When it opens: a cron expression.
    pub from: String,
    /// When it closes: a cron expression.
    pub to: String,
    /// Bounds while it is open.
    pub replicas: ReplicaRange,
    /// The zone of the expressions, if not that of the run.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// Something that happens at fixed times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduledAction {
    /// When.
    pub at: ActionTime,
    /// What.
    pub set: Setting,
    /// The zone of the expression, if not that of the run.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// When an action happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionTime {
    /// Again and again: a cron expression of five fields.
    Cron(String),
    /// Once, so long after the start of the run.
    Elapsed(SimDuration),
}

/// What an action sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The number of replicas, once, within the bounds of the moment.
    Replicas(u32),
    /// The bounds, until another action sets them.
    Bounds(ReplicaRange),
}

/// See the [module documentation](self).
#[derive(Debug)]
pub struct Schedule {
    calendar: Calendar,
    inner: Option<Box<dyn Autoscaler>>,
    memory: Memory,
    /// The bounds with the times between which they hold: known from the calendar.
    bounds: Option<(TimePoint, Option<TimePoint>, ReplicaRange)>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// The last sync.
    synced: Option<TimePoint>,
    /// Whether the last decision came from the policy inside.
    is_inner: bool,
    current: Replicas,
    inner: Option<SavedState>,
}

impl Schedule {
    /// A schedule around a policy, which is what [`SchedulePolicy::policy`] asks for.
    ///
    /// # Errors
    /// If an expression, a zone or a range is not legal.
    pub fn new(
        policy: &SchedulePolicy,
        inner: Option<Box<dyn Autoscaler>>,
    ) -> Result<Self, InvalidPolicy> {
        let calendar = Calendar::new(policy).map_err(|problems| InvalidPolicy {
            policy: "schedule",
            problems,
        })?;
        Ok(Self {
            calendar,
            inner,
            memory: Memory::default(),
            bounds: None,
        })
    }

    /// The bounds that hold at a time.
    fn bounds(&mut self, now: TimePoint) -> ReplicaRange {
        match self.bounds {
            Some((since, until, range)) if since <= now && until.is_none_or(|it| now < it) => range,
            _ => {
                let range = self.calendar.bounds(now);
                self.bounds = Some((now, self.calendar.next_change(now), range));
                range
            }
        }
    }

    /// A decision of the policy inside, or none, kept within the bounds.
    fn bounded(mut decision: ScalingDecision, range: ReplicaRange) -> ScalingDecision {
        let (desired, limit) = range.limit(decision.desired.get());
        if limit.is_some() {
            let current = decision.current.get();
            if current > range.max {
                decision.reason = Reason::AboveMaxReplicas;
            } else if current < range.min {
                decision.reason = Reason::BelowMinReplicas;
            }
            decision.desired = Replicas(desired);
            decision.limited_by = limit;
        }
        decision
    }
}

impl Autoscaler for Schedule {
    fn queries(&self) -> Vec<MetricQuery> {
        self.inner.as_ref().map_or(Vec::new(), |it| it.queries())
    }

    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let range = self.bounds(now);
        let Some(scale) = observation.scale else {
            return ScalingDecision::hold(now, self.memory.current, Reason::ScaleUnavailable);
        };
        let current = scale.spec_replicas;
        self.memory.current = current;
        let synced = self.memory.synced.replace(now).unwrap_or(now);
        let set = self.calendar.set_between(synced, now);
        self.memory.is_inner = set.is_none() && self.inner.is_some();
        let mut notes = Notes::default();
        notes.note("min", range.min);
        notes.note("max", range.max);
        match (&mut self.inner, set) {
            (_, Some(number)) => {
                let reason = Reason::Other("scheduled".into());
                range.decide(now, current, number, reason, notes)
            }
            (Some(inner), None) => Self::bounded(inner.decide(observation), range),
            (None, None) => {
                let decision = ScalingDecision::hold(now, current, Reason::None);
                let steps = notes.into();
                Self::bounded(ScalingDecision { steps, ..decision }, range)
            }
        }
    }

    fn committed(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        if let Some(inner) = self.inner.as_mut().filter(|_| self.memory.is_inner) {
            inner.committed(decision, outcome);
        }
    }

    /// With a policy inside that leaves it to the driver, so does the schedule: it acts at the
    /// first sync after each change.
    fn next_wakeup(&self) -> Option<TimePoint> {
        let (_, change, _) = self.bounds?;
        match &self.inner {
            Some(inner) => {
                let wakeup = inner.next_wakeup()?;
                Some(change.map_or(wakeup, |change| wakeup.min(change)))
            }
            None => change,
        }
    }

    fn save(&self) -> SavedState {
        SavedState::of(&Memory {
            inner: self.inner.as_ref().map(|inner| inner.save()),
            ..self.memory.clone()
        })
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        let mut memory: Memory = state.read()?;
        match (&mut self.inner, memory.inner.take()) {
            (Some(inner), Some(state)) => inner.restore(&state)?,
            (None, None) => {}
            _ => return Err(RestoreError::other("one of the two has no policy inside")),
        }
        self.memory = memory;
        self.bounds = None;
        Ok(())
    }
}
