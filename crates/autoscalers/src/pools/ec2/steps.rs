//! Every intermediate number of one sync.

use super::AlarmState;
use crate::Limit;
use serde::Serialize;

/// What led to a decision of [`Ec2AutoScaling`](super::Ec2AutoScaling).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Ec2Steps {
    /// The minimum in force.
    pub min: u32,
    /// The maximum in force.
    pub max: u32,
    /// The alarms: those of target tracking first, then those of the configuration.
    pub alarms: Vec<Ec2AlarmStep>,
    /// What the policies propose.
    pub candidates: Vec<Ec2CandidateStep>,
    /// The largest capacity that a forecast asks for, whether it is used or not.
    pub forecast: Option<u32>,
    /// The capacity that a scheduled action or the start asks for.
    pub due: Option<u32>,
    /// How many instances the warm pool should have at the new capacity.
    pub warm_pool: Option<u32>,
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ec2AlarmStep {
    /// Its name.
    pub alarm: String,
    /// Its state.
    pub state: AlarmState,
    /// The last datapoint; `None` if nothing was reported.
    pub value: Option<f64>,
}

/// What one policy proposes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ec2CandidateStep {
    /// Its name.
    pub policy: String,
    /// The capacity, before the bounds.
    pub capacity: u32,
    /// What keeps it from counting.
    pub held_by: Option<Limit>,
}
