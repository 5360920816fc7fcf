//! What triggers say, before and after fallback.

use crate::MilliValue;
use serde::{Deserialize, Serialize};

/// What a scaler says about its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The metric.
    pub value: MilliValue,
    /// Whether the source is above its activation threshold.
    pub active: bool,
}

/// What comes of asking one trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fetch {
    /// It is CPU or memory, which KEDA does not ask.
    Resource,
    /// It answered.
    Answered(Reading),
    /// It failed, was built anew, and then answered.
    AnsweredOnRetry(Reading),
    /// It failed twice.
    Failed,
}

impl Fetch {
    pub(super) fn reading(self) -> Option<Reading> {
        match self {
            Self::Answered(reading) | Self::AnsweredOnRetry(reading) => Some(reading),
            Self::Resource | Self::Failed => None,
        }
    }
}

/// What a trigger counts as, after fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It answered.
    Value(Reading),
    /// It failed too often; this value stands in for it, and it counts as active.
    Fallback(MilliValue),
    /// It failed too often; formulas see nil.
    Nil,
    /// It failed.
    Error,
}

impl Outcome {
    /// The metric; for nil the placeholder that KEDA puts there.
    pub fn value(self) -> Option<MilliValue> {
        match self {
            Self::Value(reading) => Some(reading.value),
            Self::Fallback(value) => Some(value),
            Self::Nil => Some(NIL_PLACEHOLDER),
            Self::Error => None,
        }
    }

    /// Whether it makes the object active.
    pub fn is_active(self) -> bool {
        match self {
            Self::Value(reading) => reading.active,
            Self::Fallback(_) => true,
            Self::Nil | Self::Error => false,
        }
    }
}

/// The value of a trigger that is nil.
const NIL_PLACEHOLDER: MilliValue = MilliValue::new(-1000);
