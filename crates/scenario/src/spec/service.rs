//! A service.

use super::{
    AutoscalerSpec, InstancesSpec, LoadBalancerSpec, MemorySpec, PlacementSpec, PodSpec,
    ProbesSpec, StepSpec,
};
use flashcrowd_core::model::{CpuModel, CpuScheduling, OnSigterm};
use flashcrowd_manifests::IntOrPercent;
use flashcrowd_manifests::vpa::VpaSpec;
use flashcrowd_units::{SimDuration, Usd};
use flashcrowd_workload::ServiceTime;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// A Deployment with a Service in front of it and, if wanted, an autoscaler; or a ScaledJob that works off a
/// queue. What is given here wins over the manifests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Kubernetes manifests, read as they are: Deployment, HorizontalPodAutoscaler,
    /// ScaledObject, ScaledJob, VerticalPodAutoscaler, Service, Ingress. Paths are relative to the scenario.
    #[serde(default)]
    pub manifests: Vec<ManifestSpec>,
    /// Name of the Deployment in the manifests, if they have several and none is named like the service.
    #[serde(default)]
    pub deployment: Option<String>,
    /// Virtual machines to run on in place of pods: an instance pool, an Auto Scaling group, a scale set. None
    /// by default: the service is a Deployment.
    #[serde(default)]
    pub instances: Option<InstancesSpec>,
    /// CPU and memory of a pod.
    #[serde(default)]
    pub pod: PodSpec,
    /// Which nodes the pods may use, where there are node groups.
    #[serde(default)]
    pub placement: PlacementSpec,
    /// Pods at the start of the run, all of them ready. By default what the manifest says, else
    /// the autoscaler's minimum, else 1.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// From the start of the container until the application listens; 5s by default.
    #[serde(default)]
    pub startup: Option<ServiceTime>,
    /// Cores that the process can use at once, whatever its limit: 1 for Node. By default all
    /// cores of the node.
    #[serde(default)]
    pub threads: Option<u32>,
    /// Which requests the CPU runs: `event_loop`, one after the other on each of the `threads` (the default where
    /// `threads` is 1), or `time_shared`, all at once.
    #[serde(default)]
    #[schemars(with = "Option<SchedulingName>")]
    pub scheduling: Option<CpuScheduling>,
    /// How the CPU limit is enforced: `cfs`, by a quota for every 100 ms as the kernel does it (the default
    /// where a limit is set), or `shared`, as a machine of that size.
    #[serde(default)]
    #[schemars(with = "Option<CpuModelName>")]
    pub cpu_model: Option<CpuModel>,
    /// Requests that the process works on at once (worker threads, connections). No bound by default.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Requests that wait in the process beyond those; one more is refused. No bound by default.
    #[serde(default)]
    pub backlog: Option<u32>,
    /// The working set of the application.
    #[serde(default)]
    pub memory: MemorySpec,
    /// Probes of the container.
    #[serde(default)]
    pub probes: ProbesSpec,
    /// How long the preStop hook takes; 0 by default.
    #[serde(default)]
    pub pre_stop: Option<SimDuration>,
    /// From the deletion of a pod until it is killed, preStop included; 30s by default.
    #[serde(default)]
    pub grace_period: Option<SimDuration>,
    /// What the application does when it is told to stop: `drain` (finish what it has, the
    /// default), `exit` at once, or `ignore` it until it is killed.
    #[serde(default)]
    #[schemars(with = "Option<OnSigtermName>")]
    pub on_sigterm: Option<OnSigterm>,
    /// From the creation of a pod until it is bound to a node; 20ms by default.
    #[serde(default)]
    pub scheduling_delay: Option<ServiceTime>,
    /// From there until the container starts: sandbox, volumes, image; 2s by default, the image
    /// being on the node.
    #[serde(default)]
    pub pull: Option<ServiceTime>,
    /// How a new pod template is rolled out.
    #[serde(default)]
    pub rollout: Option<RolloutSpec>,
    /// What stands in front of the pods.
    #[serde(default)]
    pub load_balancer: LoadBalancerSpec,
    /// Who changes the number of pods. Fields given here replace those of the manifest's HPA one
    /// by one; `null` takes it away.
    #[serde(default)]
    pub autoscaler: Option<AutoscalerSpec>,
    /// Who changes what pods request: the fields of `spec` of a VerticalPodAutoscaler, verbatim. Where a manifest
    /// has one, only what differs from it; `null` takes it away.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::vpa")]
    pub vpa: Option<VpaSpec>,
    /// Of a ScaledJob: messages that a pod takes before it ends; 1 by default, or any number where `until_idle`
    /// ends it.
    #[serde(default)]
    pub messages_per_job: Option<u32>,
    /// Of a ScaledJob: a pod ends when it has been without a message for so long. By default it waits for
    /// its messages however long they take to come.
    #[serde(default)]
    pub until_idle: Option<SimDuration>,
    /// What a request does, by the name of the endpoint: a list of steps. May be left out where the
    /// pods work off a queue.
    #[serde(default)]
    pub endpoints: IndexMap<String, Vec<StepSpec>>,
    /// What one pod costs for an hour of existence, in US dollars; otherwise the price file says it.
    #[serde(default)]
    pub pod_hour: Option<Usd>,
}

/// A manifest: a file, or an object written out here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSpec {
    /// A YAML file of one or more documents.
    File(String),
    /// An object. Its content is read by kind, apart from the scenario.
    Object,
}

impl<'de> Deserialize<'de> for ManifestSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FileOrObject;

        impl<'de> de::Visitor<'de> for FileOrObject {
            type Value = ManifestSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a manifest, or the manifest itself")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<ManifestSpec, E> {
                Ok(ManifestSpec::File(path.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<ManifestSpec, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(ManifestSpec::Object)
            }
        }

        deserializer.deserialize_any(FileOrObject)
    }
}

impl JsonSchema for ManifestSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Manifest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The path of a Kubernetes manifest, relative to the scenario, or an object written out here.",
            "oneOf": [
                { "type": "string" },
                { "type": "object", "required": ["apiVersion", "kind"] }
            ]
        })
    }
}

/// How a new pod template is rolled out.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolloutSpec {
    /// New pods beside old ones.
    RollingUpdate(RollingUpdateSpec),
    /// All old pods first.
    Recreate,
}

/// A rolling update.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RollingUpdateSpec {
    /// Pods above the desired number; 25% by default, rounded up.
    #[schemars(schema_with = "crate::schema::int_or_percent")]
    pub max_surge: IntOrPercent,
    /// Pods below the desired number; 25% by default, rounded down.
    #[schemars(schema_with = "crate::schema::int_or_percent")]
    pub max_unavailable: IntOrPercent,
    /// How long a pod must be ready before it counts as available; 0 by default.
    pub min_ready: SimDuration,
}

impl Default for RollingUpdateSpec {
    /// The defaults of the Kubernetes API.
    fn default() -> Self {
        Self {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
            min_ready: SimDuration::ZERO,
        }
    }
}

/// Mirrors the names of [`CpuScheduling`], which knows nothing of schemas.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "exists for its schema")]
enum SchedulingName {
    /// All requests share the cores, as threads do.
    TimeShared,
    /// Each CPU burst runs to its end on one of the threads, in order of arrival.
    EventLoop,
}

/// Mirrors the names of [`CpuModel`].
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "exists for its schema")]
enum CpuModelName {
    /// By the kernel's bandwidth control: a quota for every 100 ms.
    Cfs,
    /// As a smooth share: a machine whose size is the limit.
    Shared,
}

/// Mirrors the names of [`OnSigterm`].
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "exists for its schema")]
enum OnSigtermName {
    /// Stops listening, finishes what it has, exits.
    Drain,
    /// Exits at once; what is in flight is lost.
    Exit,
    /// Takes no notice and is killed at the end of the grace period.
    Ignore,
}
