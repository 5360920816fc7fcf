//! `HorizontalPodAutoscaler` (`autoscaling/v2`).
//!
//! The types mirror the API. [`HpaSpec::defaulted`] fills in what the API server fills in,
//! [`HpaSpec::validate`] refuses what it refuses, and [`HpaSpec::lint`] names what it accepts
//! although the controller cannot work with it.
//! Source: `pkg/apis/autoscaling/v2/defaults.go` and `pkg/apis/autoscaling/validation` of
//! Kubernetes v1.36.

mod behavior;
mod defaults;
mod lint;
mod metric;
mod validate;

pub use behavior::{Behavior, PolicyType, ScalingPolicy, ScalingRules, SelectPolicy};
pub use metric::{
    ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource,
    MetricIdentifier, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType,
    ObjectMetricSource, PodsMetricSource, ResourceMetricSource,
};

use crate::ObjectMeta;
use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A `HorizontalPodAutoscaler`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HorizontalPodAutoscaler {
    /// `autoscaling/v2`.
    #[serde(default)]
    pub api_version: String,
    /// `HorizontalPodAutoscaler`.
    #[serde(default)]
    pub kind: String,
    /// Name, labels, annotations.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: HpaSpec,
    /// What the controller last reported. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`HorizontalPodAutoscaler`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HpaSpec {
    /// The workload that is scaled. Where the workload is known otherwise it may be left out;
    /// [`validate`](Self::validate) says so.
    #[serde(default, deserialize_with = "or_default")]
    pub scale_target_ref: CrossVersionObjectReference,
    /// Lower bound \[pods\]; 1 if absent. 0 needs the feature gate `HPAScaleToZero`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// Upper bound \[pods\].
    pub max_replicas: i32,
    /// What is measured, and how much of it is wanted. The largest proposal wins; CPU at 80 % of
    /// the request if there is none.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub metrics: Vec<MetricSpec>,
    /// How fast the number may change. Absent is not the same as empty: without it the controller
    /// follows older rules (no event history, at most twice the replicas at each sync).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<Behavior>,
}

#[cfg(test)]
mod tests;
