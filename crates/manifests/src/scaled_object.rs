//! `ScaledObject` (`keda.sh/v1alpha1`): a workload that KEDA scales.
//!
//! The types mirror the API. What is optional there is an `Option` here; the methods of
//! [`ScaledObjectSpec`] give the defaults, [`ScaledObjectSpec::validate`] refuses what KEDA's
//! admission webhook and reconciler refuse.
//! Source: `apis/keda/v1alpha1/scaledobject_types.go` and `scaledobject_webhook.go` of KEDA 2.20.

mod advanced;
mod validate;

pub use advanced::{Advanced, HorizontalPodAutoscalerConfig, ScalingModifiers};

use crate::ObjectMeta;
use crate::keda::{DEFAULT_MAX_REPLICA_COUNT, DEFAULT_POLLING_INTERVAL, ScaleTrigger};
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long nothing must have been active before the last replicas go \[s\].
pub const DEFAULT_COOLDOWN_PERIOD: i32 = 300;

/// A `ScaledObject`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObject {
    /// `keda.sh/v1alpha1`.
    #[serde(default)]
    pub api_version: String,
    /// `ScaledObject`.
    #[serde(default)]
    pub kind: String,
    /// Name, labels, annotations; annotations can pause it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: ScaledObjectSpec,
    /// What KEDA last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`ScaledObject`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObjectSpec {
    /// The workload that is scaled. Where the workload is known otherwise it may be left out;
    /// [`validate`](Self::validate) says so.
    #[serde(default, deserialize_with = "or_default")]
    pub scale_target_ref: ScaleTarget,
    /// How often the triggers are polled \[s\]; [`DEFAULT_POLLING_INTERVAL`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval: Option<i32>,
    /// How long after its creation an object that was never active keeps its replicas \[s\]; 0 if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_cooldown_period: Option<i32>,
    /// How long after the last activity the last replicas stay \[s\];
    /// [`DEFAULT_COOLDOWN_PERIOD`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_period: Option<i32>,
    /// Replicas while nothing is active, if that is to be fewer than `minReplicaCount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_replica_count: Option<i32>,
    /// Lower bound \[pods\]; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replica_count: Option<i32>,
    /// Upper bound \[pods\]; [`DEFAULT_MAX_REPLICA_COUNT`] if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replica_count: Option<i32>,
    /// The HPA's behavior, a formula over the triggers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced: Option<Advanced>,
    /// What is looked at.
    pub triggers: Vec<ScaleTrigger>,
    /// What to do when a trigger keeps failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// `scaleTargetRef` of a [`ScaledObjectSpec`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaleTarget {
    /// API group and version; `apps/v1` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind; `Deployment` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name, in the namespace of the ScaledObject.
    pub name: String,
    /// The container whose environment scalers read. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_source_container_name: Option<String>,
}

/// What stands in for a trigger that keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fallback {
    /// Failures in a row that are still passed on as errors; one more and it falls back.
    pub failure_threshold: i32,
    /// Replicas that the failing trigger then asks for, as far as `behavior` uses them.
    pub replicas: i32,
    /// How `replicas` and the current number make the number asked for.
    #[serde(default, deserialize_with = "or_default")]
    pub behavior: FallbackBehavior,
}

/// `behavior` of a [`Fallback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FallbackBehavior {
    /// `replicas`, whatever there is.
    #[default]
    Static,
    /// An empty text, which objects from before the field have: as [`Static`](Self::Static), but
    /// the number of replicas is read all the same, and the fallback fails if it cannot be.
    #[serde(rename = "")]
    Unset,
    /// What there is.
    CurrentReplicas,
    /// What there is, if that is more than `replicas`.
    CurrentReplicasIfHigher,
    /// What there is, if that is less than `replicas`.
    CurrentReplicasIfLower,
    /// The failing trigger is nil in the formula of `scalingModifiers`.
    ScalingModifiers,
}

impl ScaledObjectSpec {
    /// How often the triggers are polled \[s\].
    pub fn polling_interval(&self) -> i32 {
        self.polling_interval.unwrap_or(DEFAULT_POLLING_INTERVAL)
    }

    /// How long after the last activity the last replicas stay \[s\].
    pub fn cooldown_period(&self) -> i32 {
        self.cooldown_period.unwrap_or(DEFAULT_COOLDOWN_PERIOD)
    }

    /// Lower bound \[pods\].
    pub fn min_replica_count(&self) -> i32 {
        self.min_replica_count.unwrap_or(0)
    }

    /// Upper bound \[pods\].
    pub fn max_replica_count(&self) -> i32 {
        self.max_replica_count.unwrap_or(DEFAULT_MAX_REPLICA_COUNT)
    }

    /// The formula over the triggers, if there is one (`IsUsingModifiers`).
    pub fn scaling_modifiers(&self) -> Option<&ScalingModifiers> {
        let modifiers = self.advanced.as_ref()?.scaling_modifiers.as_ref()?;
        (*modifiers != ScalingModifiers::default()).then_some(modifiers)
    }
}

#[cfg(test)]
mod tests;
