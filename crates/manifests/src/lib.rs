//! Kubernetes kinds as plain types, with the API's own defaulting and validation.
//!
//! | Kind | API | Module |
//! |---|---|---|
//! | [`Deployment`] | `apps/v1` | [`deployment`] |
//! | [`HorizontalPodAutoscaler`] | `autoscaling/v2` | [`hpa`] |
//! | [`VerticalPodAutoscaler`] | `autoscaling.k8s.io/v1` | [`vpa`] |
//! | [`Service`] | `v1` | [`service`] |
//! | [`Ingress`] | `networking.k8s.io/v1` | [`ingress`] |
//! | [`PodDisruptionBudget`] | `policy/v1` | [`pod_disruption_budget`] |
//! | [`ScaledObject`] | `keda.sh/v1alpha1` | [`scaled_object`] |
//! | [`ScaledJob`] | `keda.sh/v1alpha1` | [`scaled_job`] |
//!
//! Beside them the autoscaling configurations of instance pools, as their clouds write them:
//! [`azure`], [`ec2`], [`gcp`], [`oci`], with [`CronExpression`] and [`IsoDuration`].
//!
//! Every field that the API knows is known here, so that a reader can report the others as
//! typing errors. Fields that nothing in flashcrowd depends on are kept as they were written
//! (`serde_json::Value`). The types mirror the file: what is optional there is an `Option` here,
//! and defaulting is a separate, explicit step. `null` counts as absent, as it does in the API.
//!
//! No type uses `flatten`, `untagged` or an internal tag: with those serde loses the position of
//! an error in the file.

pub mod azure;
mod cron;
pub mod deployment;
pub mod ec2;
pub mod gcp;
pub mod hpa;
pub mod ingress;
mod int_or_percent;
mod iso8601;
pub mod keda;
mod labels;
mod meta;
mod nullable;
pub mod oci;
pub mod pod;
pub mod pod_disruption_budget;
mod problem;
pub mod scaled_job;
pub mod scaled_object;
pub mod service;
pub mod vpa;

pub use cron::{CalendarDay, CronDialect, CronExpression};
pub use deployment::Deployment;
pub use hpa::HorizontalPodAutoscaler;
pub use ingress::Ingress;
pub use int_or_percent::{IntOrPercent, IntOrString};
pub use iso8601::IsoDuration;
pub use labels::{LabelSelector, LabelSelectorOperator, LabelSelectorRequirement};
pub use meta::{ObjectMeta, OwnerReference};
pub use pod::{Container, PodSpec, PodTemplateSpec, Probe};
pub use pod_disruption_budget::PodDisruptionBudget;
pub use problem::Problem;
pub use scaled_job::ScaledJob;
pub use scaled_object::ScaledObject;
pub use service::Service;
pub use vpa::VerticalPodAutoscaler;
