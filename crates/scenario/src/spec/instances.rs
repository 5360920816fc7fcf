//! Pools of instances, and the configurations of their autoscalers.

use super::InstanceTypeSpec;
use flashcrowd_core::model::WarmState;
use flashcrowd_manifests::azure::AutoscaleSetting;
use flashcrowd_manifests::ec2::{
    AutoScalingGroup, MetricAlarm, ScalingPolicy, ScheduledAction, WarmPool,
};
use flashcrowd_manifests::gcp::AutoscalingPolicy;
use flashcrowd_manifests::oci::AutoScalingConfiguration;
use flashcrowd_units::{Ratio, SimDuration, Usd};
use flashcrowd_workload::ServiceTime;
use schemars::JsonSchema;
use serde::Deserialize;

/// Virtual machines behind a load balancer, which a service runs on in place of pods. What is not
/// said is as the cloud of the autoscaler has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstancesSpec {
    /// What the instances are: a type by name (`t3.large`), or `{ cpu: 4, memory: 16Gi }`.
    #[serde(rename = "type")]
    pub instance_type: InstanceTypeSpec,
    /// Whose defaults hold. By default those of the autoscaler's cloud, else those of EC2.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// From the request for an instance until its operating system has booted; `startup` comes on top. By
    /// default a lognormal of median and p95 75s and 150s (oci), 40s and 75s (ec2), 75s and 120s (azure_vmss,
    /// gcp_mig).
    #[serde(default)]
    pub boot: Option<ServiceTime>,
    /// How the load balancer finds out whether an instance can take requests.
    #[serde(default)]
    pub health_check: HealthCheckSpec,
    /// How long requests in flight may take to finish when an instance is taken out (connection draining,
    /// deregistration delay). By default 300s (ec2), else 0s: they are cut.
    #[serde(default)]
    pub drain: Option<SimDuration>,
    /// From there until the instance is gone; `{ lognormal: { median: 60s, p95: 120s } }` by default.
    #[serde(default)]
    pub termination: Option<ServiceTime>,
    /// Availability zones or fault domains that the instances are spread over; 1 by default.
    #[serde(default)]
    pub zones: Option<u32>,
    /// Share of the launches that fail for want of capacity; none by default.
    #[serde(default)]
    pub launch_failures: Option<Ratio>,
    /// From a failed launch until the next attempt; 60s by default.
    #[serde(default)]
    pub launch_retry: Option<SimDuration>,
    /// Replace instances that the health check finds unhealthy (EC2: health check type ELB, Azure: automatic
    /// repairs, Google Cloud: autohealing). By default only where the EC2 group says so.
    #[serde(default)]
    pub repair: Option<RepairSpec>,
    /// From the request until an instance of an EC2 warm pool runs; `{ lognormal: { median: 30s, p95: 40s } }` by
    /// default, 5s where they wait running.
    #[serde(default)]
    pub warm_start: Option<ServiceTime>,
    /// How the cloud measures instances.
    #[serde(default)]
    pub metrics: InstanceMetricsSpec,
    /// What an instance costs for an hour, in US dollars; otherwise the price file or the list price of the type
    /// says it.
    #[serde(default)]
    pub hour: Option<Usd>,
}

/// A cloud, by the name of its autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    /// Oracle Cloud Infrastructure: instance pools.
    Oci,
    /// Amazon Web Services: EC2 Auto Scaling groups.
    Ec2,
    /// Microsoft Azure: virtual machine scale sets.
    AzureVmss,
    /// Google Cloud: managed instance groups.
    GcpMig,
}

/// How the load balancer finds out whether an instance can take requests. Defaults by cloud: interval, timeout,
/// healthy and unhealthy threshold are 10s, 3s, 3, 3 (oci), 30s, 5s, 5, 2 (ec2), 5s, 5s, 1, 2 (azure_vmss) and
/// 5s, 5s, 2, 2 (gcp_mig).
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheckSpec {
    /// Between two checks.
    pub interval: Option<SimDuration>,
    /// An answer later than this is a failure.
    pub timeout: Option<SimDuration>,
    /// Successes in a row that bring an instance into service.
    pub healthy_threshold: Option<u32>,
    /// Failures in a row that take it out.
    pub unhealthy_threshold: Option<u32>,
}

/// How unhealthy instances are replaced.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairSpec {
    /// How long after its boot an instance is left alone; 300s by default, 10m on Azure.
    #[serde(default)]
    pub grace: Option<SimDuration>,
}

/// How the cloud measures instances.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InstanceMetricsSpec {
    /// Between two datapoints, each the mean of the time between; 60s by default.
    pub period: Option<SimDuration>,
    /// How long a datapoint takes to be seen; 60s by default.
    pub delay: Option<SimDuration>,
}

/// Autoscaling of an OCI instance pool.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OciSpec {
    /// The JSON of `oci autoscaling configuration create`, or the list of its `--policies`: a file relative
    /// to the scenario, or written out here.
    #[schemars(schema_with = "crate::schema::configuration")]
    pub configuration: AutoScalingConfiguration,
    /// Whether a rule that has fired keeps firing until as many minutes do not breach; false by default.
    #[serde(default)]
    pub alarm_latch: bool,
}

/// EC2 Auto Scaling.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ec2Spec {
    /// The JSON of the AWS command line: group, policies, alarms, scheduled actions and warm pool. A file or a
    /// list of files relative to the scenario, or `{ group, policies, alarms, scheduled_actions, warm_pool }`
    /// written out here.
    #[schemars(schema_with = "crate::schema::configuration")]
    pub configuration: Ec2Configuration,
}

/// What there is about an EC2 Auto Scaling group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ec2Configuration {
    /// `create-auto-scaling-group`.
    pub group: AutoScalingGroup,
    /// `put-scaling-policy`.
    #[serde(default)]
    pub policies: Vec<ScalingPolicy>,
    /// `cloudwatch put-metric-alarm`.
    #[serde(default)]
    pub alarms: Vec<MetricAlarm>,
    /// `put-scheduled-update-group-action`.
    #[serde(default)]
    pub scheduled_actions: Vec<ScheduledAction>,
    /// `put-warm-pool`.
    #[serde(default)]
    pub warm_pool: Option<WarmPool>,
}

impl Ec2Configuration {
    /// What the instances of its warm pool do while they wait.
    pub(crate) fn warm_state(&self) -> WarmState {
        use flashcrowd_manifests::ec2::PoolState;
        let state = self.warm_pool.as_ref().and_then(|pool| pool.pool_state);
        match state.unwrap_or_default() {
            PoolState::Stopped => WarmState::Stopped,
            PoolState::Hibernated => WarmState::Hibernated,
            PoolState::Running => WarmState::Running,
        }
    }
}

/// Autoscale of an Azure scale set.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AzureVmssSpec {
    /// The JSON of a `Microsoft.Insights/autoscaleSettings`: a file relative to the scenario, or written out
    /// here.
    #[schemars(schema_with = "crate::schema::configuration")]
    pub configuration: AutoscaleSetting,
}

/// The autoscaler of a Google Cloud managed instance group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GcpMigSpec {
    /// The JSON of an autoscaler or of its `autoscalingPolicy`: a file relative to the scenario, or written
    /// out here.
    #[schemars(schema_with = "crate::schema::configuration")]
    pub configuration: AutoscalingPolicy,
    /// Whether instances in their initialization period count where that prevents scaling in; true by default.
    #[serde(default)]
    pub initializing_counts_for_scale_in: Option<bool>,
}
