//! The controller of a manifest, and what it is fed with.

use super::bind::{self, BindErrors, Feeds};
use super::drive::{Options, recorded};
use super::history::MetricHistory;
use flashcrowd_autoscalers::catalog::HpaPolicy;
use flashcrowd_autoscalers::keda::{InvalidKeda, Keda, KedaPolicy};
use flashcrowd_autoscalers::pools::{Ec2AutoScaling, Ec2Policy, InvalidPool, OciPolicy, OciPool};
use flashcrowd_autoscalers::{
    Autoscaler, Catalog, CatalogError, PodRequests, PolicySpec, ResourceName,
};
use flashcrowd_manifests::HorizontalPodAutoscaler;
use flashcrowd_manifests::ScaledObject;
use flashcrowd_manifests::oci::{AutoScalingConfiguration, Capacity, PolicyType};
use flashcrowd_scenario::ScalerManifest;
use flashcrowd_units::{SimDuration, SimTime};

/// How long after its end a minute is seen, unless it is said.
const PUBLISH_DELAY: SimDuration = SimDuration::from_secs(60);

/// A dry run that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DryRunError {
    /// The history lacks metrics.
    #[error(transparent)]
    Bind(#[from] BindErrors),
    /// The controller refuses its specification.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// KEDA refuses the ScaledObject.
    #[error(transparent)]
    Keda(#[from] InvalidKeda),
    /// The cloud refuses the configuration.
    #[error(transparent)]
    Pool(#[from] InvalidPool),
}

/// A controller that is ready to be asked.
pub(super) struct Controller {
    pub(super) policy: PolicySpec,
    pub(super) autoscaler: Box<dyn Autoscaler>,
    pub(super) feeds: Feeds,
    /// Replicas at the beginning.
    pub(super) found: u32,
    /// From a decision to the instances being in service. `None` for pods that are ready at once
    /// and as good as old ones.
    pub(super) startup: Option<SimDuration>,
}

impl Controller {
    pub(super) fn new(
        manifest: &ScalerManifest,
        requests: Option<&PodRequests>,
        history: &MetricHistory,
        options: &Options,
    ) -> Result<Self, DryRunError> {
        let known = options
            .replicas
            .or_else(|| recorded(history, SimTime::ZERO));
        let (policy, feeds, found, is_pool) = match manifest {
            ScalerManifest::Hpa(hpa) => {
                let (policy, feeds) = of_hpa(hpa, requests, history, options)?;
                let minimum = hpa.spec.min_replicas.unwrap_or(1);
                (policy, feeds, known.unwrap_or(positive(minimum)), false)
            }
            ScalerManifest::ScaledObject(object) => {
                let (policy, feeds) = of_keda(object, requests, history, options)?;
                // That of the HPA is never 0; to 0 and back is KEDA's own business.
                let minimum = object.spec.min_replica_count();
                (policy, feeds, known.unwrap_or(positive(minimum)), false)
            }
            ScalerManifest::Oci(configuration) => {
                let (policy, feeds, found) = of_oci(configuration, known, history, options)?;
                (policy, feeds, found, true)
            }
            ScalerManifest::Ec2(group) => {
                let (policy, feeds, found) = of_ec2(group, known, history, options)?;
                (policy, feeds, found, true)
            }
        };
        Ok(Self {
            autoscaler: Catalog::standard().build(&policy)?,
            policy,
            feeds,
            found,
            startup: options
                .startup
                .or_else(|| is_pool.then_some(SimDuration::ZERO)),
        })
    }
}

fn positive(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn of_hpa(
    hpa: &HorizontalPodAutoscaler,
    requests: Option<&PodRequests>,
    history: &MetricHistory,
    options: &Options,
) -> Result<(PolicySpec, Feeds), DryRunError> {
    let feeds = bind::hpa(&hpa.spec.defaulted(), requests, history)?;
    let policy = HpaPolicy {
        spec: hpa.spec.clone(),
        flags: options.flags,
    };
    Ok((PolicySpec::Hpa(policy), feeds))
}

fn of_keda(
    object: &ScaledObject,
    requests: Option<&PodRequests>,
    history: &MetricHistory,
    options: &Options,
) -> Result<(PolicySpec, Feeds), DryRunError> {
    let policy = KedaPolicy {
        spec: object.spec.clone(),
        annotations: object.metadata.annotations.clone(),
        flags: options.flags,
        epoch_unix_seconds: epoch(history),
    };
    let keda = Keda::new(&policy)?;
    let feeds = bind::keda(&object.spec.triggers, &keda, requests, history)?;
    Ok((PolicySpec::Keda(policy), feeds))
}

fn of_oci(
    configuration: &AutoScalingConfiguration,
    known: Option<u32>,
    history: &MetricHistory,
    options: &Options,
) -> Result<(PolicySpec, Feeds, u32), DryRunError> {
    let capacity = configuration
        .policies
        .iter()
        .find(|policy| policy.policy_type() == PolicyType::Threshold)
        .and_then(|policy| policy.capacity)
        .unwrap_or_default();
    let found = known.or(capacity.initial).or(capacity.min).unwrap_or(1);
    let policy = OciPolicy {
        configuration: in_force(configuration, found),
        publish_delay: options.publish_delay.unwrap_or(PUBLISH_DELAY),
        alarm_latch: false,
        epoch_unix_seconds: epoch(history),
    };
    let pool = OciPool::new(&policy)?;
    // Those of the agent are means of the instances; other queries are whatever was recorded.
    let is_per_instance = |metric: &str| resource(metric).is_some();
    let feeds = bind::pool(
        &pool.queries(),
        &pool.resources(),
        &is_per_instance,
        history,
    )?;
    Ok((PolicySpec::Oci(policy), feeds, found))
}

/// The configuration as it is once its initial size has been set.
fn in_force(configuration: &AutoScalingConfiguration, found: u32) -> AutoScalingConfiguration {
    let mut configuration = configuration.clone();
    for policy in &mut configuration.policies {
        if policy.policy_type() == PolicyType::Threshold
            && let Some(Capacity {
                min: Some(min),
                max: Some(max),
                initial: Some(initial),
            }) = &mut policy.capacity
        {
            *initial = found.clamp(*min, (*max).max(*min));
        }
    }
    configuration
}

fn of_ec2(
    group: &Ec2Policy,
    known: Option<u32>,
    history: &MetricHistory,
    options: &Options,
) -> Result<(PolicySpec, Feeds, u32), DryRunError> {
    let mut policy = group.clone();
    let desired = policy.group.desired_capacity.take();
    let found = known.or(desired).unwrap_or(policy.group.min_size);
    policy.epoch_unix_seconds = epoch(history);
    if let Some(delay) = options.publish_delay {
        policy.publish_delay = delay;
    }
    let scaling = Ec2AutoScaling::new(&policy)?;
    // What a target is tracked by is the mean of the instances; what an alarm looks at need not be.
    let tracked: Vec<&str> = policy
        .policies
        .iter()
        .filter_map(|it| it.target_tracking_configuration.as_ref())
        .filter_map(|tracking| {
            let customized = tracking.customized_metric_specification.as_ref();
            let predefined = tracking.predefined_metric_specification.as_ref();
            customized
                .and_then(|it| it.metric_name.as_deref())
                .or_else(|| predefined.map(|it| it.predefined_metric_type.as_str()))
        })
        .collect();
    let is_per_instance = |metric: &str| tracked.contains(&metric);
    let (queries, resources) = (scaling.queries(), scaling.resources());
    let feeds = bind::pool(&queries, &resources, &is_per_instance, history)?;
    Ok((PolicySpec::Ec2(policy), feeds, found))
}

/// The resource of the instances that a metric of the cloud's agent is about.
fn resource(metric: &str) -> Option<ResourceName> {
    match metric {
        "CpuUtilization" => Some(ResourceName::Cpu),
        "MemoryUtilization" => Some(ResourceName::Memory),
        _ => None,
    }
}

fn epoch(history: &MetricHistory) -> i64 {
    history.start.timestamp().as_second()
}
