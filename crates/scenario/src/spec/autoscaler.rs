//! Who changes the number of pods.

use super::{AzureVmssSpec, Ec2Spec, GcpMigSpec, OciSpec};
use flashcrowd_autoscalers::catalog::CustomPolicy;
use flashcrowd_autoscalers::kpa::KpaConfig;
use flashcrowd_autoscalers::predictive::PredictivePolicy;
use flashcrowd_autoscalers::research::adapt::AdaptPolicy;
use flashcrowd_autoscalers::research::conpaas::ConPaasPolicy;
use flashcrowd_autoscalers::research::hist::HistPolicy;
use flashcrowd_autoscalers::research::react::ReactPolicy;
use flashcrowd_autoscalers::research::reg::RegPolicy;
use flashcrowd_autoscalers::schedule::{ReplicaRange, ScheduleWindow, ScheduledAction};
use flashcrowd_autoscalers::threshold::ThresholdPolicy;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_manifests::scaled_job::ScaledJobSpec;
use flashcrowd_manifests::scaled_object::ScaledObjectSpec;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who changes the number of pods. docs/policies.md says what each of them does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each service, and it is read once"
)]
pub enum AutoscalerSpec {
    /// A HorizontalPodAutoscaler: the fields of its `spec` in `autoscaling/v2`, verbatim. Where a
    /// manifest has one, only what differs from it.
    Hpa(#[schemars(schema_with = "crate::schema::hpa")] HpaSpec),
    /// KEDA: the fields of `spec` of a ScaledObject in `keda.sh/v1alpha1`, verbatim. Where a manifest has
    /// one, only what differs from it.
    Keda(#[schemars(schema_with = "crate::schema::keda")] ScaledObjectSpec),
    /// KEDA makes Jobs instead of scaling a Deployment: the fields of `spec` of a ScaledJob in
    /// `keda.sh/v1alpha1`, verbatim. Where a manifest has one, only what differs from it.
    ScaledJob(#[schemars(schema_with = "crate::schema::scaled_job")] ScaledJobSpec),
    /// The Knative Pod Autoscaler, with the activator in front: settings of the revision and of the cluster.
    Kpa(#[schemars(schema_with = "crate::schema::kpa")] KpaConfig),
    /// Autoscaling of an OCI instance pool.
    Oci(OciSpec),
    /// EC2 Auto Scaling.
    Ec2(Ec2Spec),
    /// Autoscale of an Azure scale set.
    AzureVmss(AzureVmssSpec),
    /// The autoscaler of a Google Cloud managed instance group.
    GcpMig(GcpMigSpec),
    /// Rules with thresholds that have to hold for some time.
    Threshold(ThresholdPolicy),
    /// Replicas by the calendar, alone or around another policy.
    Schedule(ScheduleSpec),
    /// Forecasts: Holt-Winters, linear regression, the last seasons.
    Predictive(PredictivePolicy),
    /// React (Chieu et al. 2009): as many as the load needs now.
    React(ReactPolicy),
    /// Adapt (Ali-Eldin et al. 2012): follows the speed at which the load changes.
    Adapt(AdaptPolicy),
    /// Hist (Urgaonkar et al. 2008): a percentile of what the hour of the day needed before.
    Hist(HistPolicy),
    /// Reg (Iqbal et al. 2011): regression on the way down, reaction on the way up.
    Reg(RegPolicy),
    /// ConPaaS (Fernandez et al. 2014): the forecast that was best lately.
    #[serde(rename = "conpaas")]
    ConPaas(ConPaasPolicy),
    /// An autoscaler that the embedding program has registered.
    Custom(#[schemars(schema_with = "crate::schema::custom")] CustomPolicy),
}

/// Replicas by the calendar, which is that of the scenario's `start`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Bounds outside of every window.
    pub replicas: ReplicaRange,
    /// Times with bounds of their own.
    #[serde(default)]
    pub windows: Vec<ScheduleWindow>,
    /// What is set at fixed times.
    #[serde(default)]
    pub actions: Vec<ScheduledAction>,
    /// The policy inside, written as an `autoscaler` is; without one the number changes only with
    /// the bounds.
    #[serde(default)]
    pub policy: Option<Box<AutoscalerSpec>>,
}
