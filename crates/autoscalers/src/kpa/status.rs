//! The status of a revision's autoscaler (`PodAutoscaler`).

use crate::TimePoint;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The condition Active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveCondition {
    /// Its status.
    pub status: ActiveStatus,
    /// Since when status and reason are what they are, in whole seconds.
    pub since: TimePoint,
}

/// Status and reason of the condition Active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActiveStatus {
    /// Unknown: nobody has looked yet.
    Initial,
    /// Unknown: requests wait while pods start.
    Queued,
    /// True.
    Active,
    /// False: there is no traffic.
    NoTraffic,
    /// False: it has not started in time.
    TimedOut,
}

impl ActiveStatus {
    /// Whether the status is Unknown.
    pub fn is_activating(self) -> bool {
        matches!(self, Self::Initial | Self::Queued)
    }

    /// Whether the status is False.
    pub fn is_inactive(self) -> bool {
        matches!(self, Self::NoTraffic | Self::TimedOut)
    }
}

impl fmt::Display for ActiveStatus {
    /// `U:Queued`: the first letter of the status and the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initial => "U:",
            Self::Queued => "U:Queued",
            Self::Active => "T:",
            Self::NoTraffic => "F:NoTraffic",
            Self::TimedOut => "F:TimedOut",
        })
    }
}

/// Whether requests go to the pods or through the activator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServeMode {
    /// To the pods.
    Serve,
    /// Through the activator.
    Proxy,
}

/// What a reconcile keeps in the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleStatus {
    /// The condition Active.
    pub active: ActiveCondition,
    /// Whether the initial scale has been reached once.
    pub initialized: bool,
    /// The last number that was wanted; -1 if none was known.
    pub desired_scale: Option<i32>,
}
