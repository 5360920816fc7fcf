//! The group itself, and what else can be put on it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An Auto Scaling group, as far as scaling looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AutoScalingGroup {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_name: Option<String>,
    /// The fewest instances.
    pub min_size: u32,
    /// The most instances.
    pub max_size: u32,
    /// The size that is set at first. What there is, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_capacity: Option<u32>,
    /// Cooldown of simple scaling \[s\]; 300 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_cooldown: Option<u32>,
    /// How long a new instance does not count \[s\]; the cooldown if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_instance_warmup: Option<u32>,
    /// How long health checks are ignored \[s\]. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period: Option<u32>,
    /// Who checks the health. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_type: Option<String>,
    /// What is launched. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_template: Option<Value>,
    /// Where. Not used.
    #[serde(
        default,
        rename = "VPCZoneIdentifier",
        skip_serializing_if = "Option::is_none"
    )]
    pub vpc_zone_identifier: Option<String>,
    /// Which load balancers. Not used.
    #[serde(
        default,
        rename = "TargetGroupARNs",
        skip_serializing_if = "Option::is_none"
    )]
    pub target_group_arns: Option<Value>,
    /// Tags. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Value>,
}

/// A change of the group by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScheduledAction {
    /// The group. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_name: Option<String>,
    /// Its name.
    pub scheduled_action_name: String,
    /// When it happens, or the earliest time of a recurrence: `2026-01-31T08:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// The latest time of a recurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Cron expression of five fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// Time zone of the recurrence; UTC if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The new minimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_size: Option<u32>,
    /// The new maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u32>,
    /// The new size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_capacity: Option<u32>,
}

/// Instances that have been initialised beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct WarmPool {
    /// The group. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_scaling_group_name: Option<String>,
    /// How many instances group and warm pool have together; `MaxSize` if absent or -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_group_prepared_capacity: Option<i64>,
    /// The fewest instances of the warm pool; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_size: Option<u32>,
    /// What its instances do while they wait; `Stopped` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_state: Option<PoolState>,
    /// Whether scaling in returns instances to it. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_reuse_policy: Option<Value>,
}

impl WarmPool {
    /// How many instances it holds while the group has this size: what is left up to the prepared
    /// capacity, at least its minimum.
    pub fn size(&self, desired_capacity: u32, max_size: u32) -> u32 {
        let prepared = self.max_group_prepared_capacity.unwrap_or(-1);
        let prepared = u32::try_from(prepared).unwrap_or(max_size);
        prepared
            .saturating_sub(desired_capacity)
            .max(self.min_size.unwrap_or(0))
    }
}

/// `PoolState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PoolState {
    /// Stopped: only the disk is paid for.
    #[default]
    Stopped,
    /// Running: paid for in full.
    Running,
    /// Hibernated: memory is on the disk.
    Hibernated,
}
