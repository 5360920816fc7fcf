//! `Deployment` (`apps/v1`).

mod rollout;

pub use rollout::Fenceposts;

use crate::nullable::or_default;
use crate::{IntOrPercent, LabelSelector, ObjectMeta, PodTemplateSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Replicas of a Deployment that names no number.
pub const DEFAULT_REPLICAS: i32 = 1;
/// How long a rollout may make no progress before it is reported as failed \[s\].
pub const DEFAULT_PROGRESS_DEADLINE_SECONDS: i32 = 600;

/// A `Deployment`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// `apps/v1`.
    #[serde(default)]
    pub api_version: String,
    /// `Deployment`.
    #[serde(default)]
    pub kind: String,
    /// Name, labels, annotations.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: DeploymentSpec,
    /// What the controller last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`Deployment`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentSpec {
    /// Number of pods; [`DEFAULT_REPLICAS`] if absent. Leave it out where an HPA decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Which pods belong to it.
    pub selector: LabelSelector,
    /// What the pods look like.
    pub template: PodTemplateSpec,
    /// How old pods are replaced by new ones.
    #[serde(default, deserialize_with = "or_default")]
    pub strategy: DeploymentStrategy,
    /// How long a pod must be ready to count as available \[s\]; 0 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ready_seconds: Option<i32>,
    /// How long a rollout may make no progress \[s\]; [`DEFAULT_PROGRESS_DEADLINE_SECONDS`] if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_deadline_seconds: Option<i32>,
    /// Whether rollouts are halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Old replica sets that are kept. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
}

/// `strategy` of a Deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStrategy {
    /// The kind of replacement.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub strategy_type: StrategyType,
    /// Limits of a rolling update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolling_update: Option<RollingUpdate>,
}

/// `type` of a [`DeploymentStrategy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StrategyType {
    /// A few at a time.
    #[default]
    RollingUpdate,
    /// All old pods go before the first new one comes.
    Recreate,
}

/// Limits of a rolling update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// Pods above the wanted number, rounded up; 25 % if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrPercent>,
    /// Pods below the wanted number, rounded down; 25 % if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
}
