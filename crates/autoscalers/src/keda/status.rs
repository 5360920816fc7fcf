//! The status of a ScaledObject or ScaledJob.

use crate::{ConditionStatus, TimePoint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One condition: a status and a reason in KEDA's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its status.
    pub status: ConditionStatus,
    /// Why; empty until somebody has set it.
    pub reason: Arc<str>,
}

impl Condition {
    pub(super) fn new(status: ConditionStatus, reason: &str) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    pub(super) fn holds(reason: &str) -> Self {
        Self::new(ConditionStatus::True, reason)
    }

    pub(super) fn fails(reason: &str) -> Self {
        Self::new(ConditionStatus::False, reason)
    }
}

impl fmt::Display for Condition {
    /// `T:ScalerActive`: the first letter of the status and the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            ConditionStatus::True => 'T',
            ConditionStatus::False => 'F',
            ConditionStatus::Unknown => 'U',
        };
        write!(f, "{status}:{}", self.reason)
    }
}

/// All conditions of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Whether KEDA can do its work.
    pub ready: Condition,
    /// Whether a trigger is active.
    pub active: Condition,
    /// Whether a trigger falls back.
    pub fallback: Condition,
    /// Whether an annotation has paused the object.
    pub paused: Condition,
    /// Whether the HPA of the object works; `None` until that has been known once.
    pub hpa_active: Option<Condition>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            ready: Condition::new(ConditionStatus::Unknown, ""),
            active: Condition::new(ConditionStatus::Unknown, ""),
            fallback: Condition::new(ConditionStatus::Unknown, ""),
            paused: Condition::fails(""),
            hpa_active: None,
        }
    }
}

impl Conditions {
    /// The conditions that are set, with their types.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Condition)> {
        [
            ("Ready", Some(&self.ready)),
            ("Active", Some(&self.active)),
            ("Fallback", Some(&self.fallback)),
            ("Paused", Some(&self.paused)),
            ("HPAActive", self.hpa_active.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, condition)| Some((name, condition?)))
    }
}

/// How often a trigger has failed in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Failures since the last success.
    pub failures: u32,
    /// Whether the last fetch failed. KEDA stores it beside the number, and with stale copies the
    /// two can disagree.
    pub failing: bool,
}

/// `status` of a ScaledObject, as far as KEDA decides by it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ObjectStatus {
    /// Conditions.
    pub conditions: Conditions,
    /// When the object was last active, in whole seconds.
    pub last_active: Option<TimePoint>,
    /// Failure counters by trigger. Kept only while there is a valid fallback.
    pub health: BTreeMap<usize, Health>,
    /// Which external triggers were active at the last poll.
    pub activity: BTreeMap<usize, bool>,
}
