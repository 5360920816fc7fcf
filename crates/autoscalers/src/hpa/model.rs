//! The specification as it is meant: defaulted, checked, nothing optional.

use super::{HpaFlags, Tolerance};
use crate::{MetricQuery, MilliValue, ResourceName};
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::hpa::{
    Behavior, HpaSpec, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType, PolicyType,
    ScalingPolicy, ScalingRules, SelectPolicy,
};
use flashcrowd_units::SimDuration;
use std::sync::Arc;

/// An HPA specification that the controller can follow.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) min: i32,
    pub(super) max: i32,
    pub(super) metrics: Vec<Metric>,
    pub(super) queries: Vec<MetricQuery>,
    /// Whether a metric exists without pods: an Object or External one.
    pub(super) has_outside_metric: bool,
    pub(super) behavior: Option<Directions>,
    pub(super) tolerance: Tolerance,
}

/// One metric: its name in the controller's words, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Metric {
    pub(super) name: Arc<str>,
    pub(super) source: Source,
}

/// Where a metric comes from, and how much of it is wanted.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Resource {
        resource: ResourceName,
        target: PodTarget,
    },
    ContainerResource {
        resource: ResourceName,
        container: String,
        target: PodTarget,
    },
    Pods {
        target: MilliValue,
    },
    Object {
        target: TotalTarget,
    },
    External {
        target: TotalTarget,
    },
}

/// What a metric of pods should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum PodTarget {
    /// Percent of the request.
    Utilization(i32),
    /// The value per pod.
    Average(MilliValue),
}

/// What a metric of the whole should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum TotalTarget {
    /// The value itself, in proportion to the ready pods.
    Value(MilliValue),
    /// The value per replica.
    Average(MilliValue),
    /// `type` asks for a field that is not set: the controller fails at every sync.
    Unset,
}

/// Rules for both directions.
#[derive(Debug, Clone)]
pub(super) struct Directions {
    pub(super) up: Rules,
    pub(super) down: Rules,
}

/// Rules for one direction.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) window: SimDuration,
    pub(super) select: SelectPolicy,
    pub(super) policies: Vec<ScalingPolicy>,
}

impl Rules {
    /// The longest period of a policy; scale events that are older are of no use to this
    /// direction.
    pub(super) fn longest_period(&self) -> SimDuration {
        self.policies.iter().map(period).max().unwrap_or_default()
    }
}

/// The period of a policy.
pub(super) fn period(policy: &ScalingPolicy) -> SimDuration {
    SimDuration::from_secs(policy.period_seconds.max(0).unsigned_abs().into())
}

impl Model {
    /// Checks and defaults a specification. `scaleTargetRef` is not looked at.
    pub(super) fn new(spec: &HpaSpec, flags: &HpaFlags) -> Result<Self, Vec<Problem>> {
        let mut problems = spec.validate(flags.gates.scale_to_zero);
        problems.retain(|problem| !problem.path.starts_with("spec.scaleTargetRef"));
        let spec = spec.defaulted();
        let mut metrics = Vec::with_capacity(spec.metrics.len());
        for (index, metric) in spec.metrics.iter().enumerate() {
            match Metric::new(metric) {
                Ok(metric) => metrics.push(metric),
                Err(unknown) if problems.is_empty() => problems.push(Problem {
                    path: format!("spec.metrics[{index}]"),
                    message: unknown,
                }),
                Err(_) => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let outside = |metric: &Metric| {
            matches!(
                metric.source,
                Source::Object { .. } | Source::External { .. }
            )
        };
        Ok(Self {
            min: spec.min_replicas.unwrap_or(1),
            max: spec.max_replicas,
            has_outside_metric: metrics.iter().any(outside),
            metrics,
            queries: spec.metrics.iter().map(query).collect(),
            tolerance: tolerance(spec.behavior.as_ref(), flags),
            behavior: spec.behavior.as_ref().map(|behavior| Directions {
                up: rules(behavior.scale_up.as_ref(), SimDuration::ZERO),
                down: rules(
                    behavior.scale_down.as_ref(),
                    whole_seconds(flags.downscale_stabilization),
                ),
            }),
        })
    }
}

fn rules(rules: Option<&ScalingRules>, default_window: SimDuration) -> Rules {
    let window = rules.and_then(|rules| rules.stabilization_window_seconds);
    Rules {
        window: window.map_or(default_window, |seconds| {
            SimDuration::from_secs(seconds.unsigned_abs().into())
        }),
        select: rules
            .and_then(|rules| rules.select_policy)
            .unwrap_or_default(),
        policies: rules
            .and_then(|rules| rules.policies.clone())
            .unwrap_or_default(),
    }
}

/// The flag goes into `stabilizationWindowSeconds`, an integer, and loses its fraction there.
fn whole_seconds(duration: SimDuration) -> SimDuration {
    SimDuration::from_secs(duration.as_nanos() / 1_000_000_000)
}

fn tolerance(behavior: Option<&Behavior>, flags: &HpaFlags) -> Tolerance {
    let configured = |rules: Option<&ScalingRules>| {
        let tolerance = rules
            .and_then(|rules| rules.tolerance)
            .filter(|_| flags.gates.configurable_tolerance);
        tolerance.map_or(flags.tolerance, flashcrowd_units::Quantity::to_f64)
    };
    Tolerance {
        scale_down: configured(behavior.and_then(|behavior| behavior.scale_down.as_ref())),
        scale_up: configured(behavior.and_then(|behavior| behavior.scale_up.as_ref())),
    }
}

impl Metric {
    /// `Err` says what cannot be simulated about it.
    fn new(spec: &MetricSpec) -> Result<Self, String> {
        let missing = || "must populate information for the given metric source".to_owned();
        let (name, source) = match spec.source_type {
            MetricSourceType::Resource => {
                let source = spec.resource.as_ref().ok_or_else(missing)?;
                let (resource, target) = (resource(&source.name)?, pod_target(&source.target)?);
                (
                    resource_metric_name(&source.name, target),
                    Source::Resource { resource, target },
                )
            }
            MetricSourceType::ContainerResource => {
                let source = spec.container_resource.as_ref().ok_or_else(missing)?;
                let (resource, target) = (resource(&source.name)?, pod_target(&source.target)?);
                let container = source.container.clone();
                let name = resource_metric_name(&source.name, target);
                (
                    name,
                    Source::ContainerResource {
                        resource,
                        container,
                        target,
                    },
                )
            }
            MetricSourceType::Pods => {
                let source = spec.pods.as_ref().ok_or_else(missing)?;
                let target = source.target.average_value.ok_or_else(missing)?.into();
                (
                    format!("pods metric {}", source.metric.name),
                    Source::Pods { target },
                )
            }
            MetricSourceType::Object => {
                let source = spec.object.as_ref().ok_or_else(missing)?;
                let name = format!(
                    "{} metric {}",
                    source.described_object.kind, source.metric.name
                );
                (
                    name,
                    Source::Object {
                        target: object_target(&source.target),
                    },
                )
            }
            MetricSourceType::External => {
                let source = spec.external.as_ref().ok_or_else(missing)?;
                let name = format!("external metric {}", source.metric.name);
                (
                    name,
                    Source::External {
                        target: external_target(&source.target),
                    },
                )
            }
        };
        Ok(Self {
            name: name.into(),
            source,
        })
    }
}

fn resource(name: &str) -> Result<ResourceName, String> {
    match name {
        "cpu" => Ok(ResourceName::Cpu),
        "memory" => Ok(ResourceName::Memory),
        other => Err(format!(
            "resource `{other}` is not simulated, only cpu and memory are"
        )),
    }
}

fn resource_metric_name(resource: &str, target: PodTarget) -> String {
    match target {
        PodTarget::Utilization(_) => {
            format!("{resource} resource utilization (percentage of request)")
        }
        PodTarget::Average(_) => format!("{resource} resource"),
    }
}

/// For pods the field that is set decides, not `type`.
fn pod_target(target: &MetricTarget) -> Result<PodTarget, String> {
    match (target.average_value, target.average_utilization) {
        (Some(value), _) => Ok(PodTarget::Average(value.into())),
        (None, Some(percent)) => Ok(PodTarget::Utilization(percent)),
        (None, None) => {
            Err("must set either a target raw value or a target utilization".to_owned())
        }
    }
}

/// For objects `type` decides.
fn object_target(target: &MetricTarget) -> TotalTarget {
    let total = match target.target_type {
        MetricTargetType::Value => target.value.map(|value| TotalTarget::Value(value.into())),
        MetricTargetType::AverageValue => target
            .average_value
            .map(|value| TotalTarget::Average(value.into())),
        MetricTargetType::Utilization => None,
    };
    total.unwrap_or(TotalTarget::Unset)
}

/// For external metrics the field that is set decides.
fn external_target(target: &MetricTarget) -> TotalTarget {
    match (target.average_value, target.value) {
        (Some(value), _) => TotalTarget::Average(value.into()),
        (None, Some(value)) => TotalTarget::Value(value.into()),
        (None, None) => TotalTarget::Unset,
    }
}

fn query(metric: &MetricSpec) -> MetricQuery {
    if let Some(source) = &metric.pods {
        MetricQuery::Pods {
            name: source.metric.name.clone(),
            selector: source.metric.selector.clone(),
        }
    } else if let Some(source) = &metric.object {
        MetricQuery::Object {
            name: source.metric.name.clone(),
            selector: source.metric.selector.clone(),
            object: source.described_object.clone(),
        }
    } else if let Some(source) = &metric.external {
        MetricQuery::External {
            name: source.metric.name.clone(),
            selector: source.metric.selector.clone(),
        }
    } else {
        MetricQuery::Resources
    }
}

/// Whether a policy counts pods; the other kind counts percent.
pub(super) fn counts_pods(policy: &ScalingPolicy) -> bool {
    policy.policy_type == PolicyType::Pods
}
