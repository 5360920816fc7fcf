//! The HPA that KEDA makes for a ScaledObject (`controllers/keda/hpa.go`).

use super::source::Source;
use super::{MetricName, Pausing};
use crate::MilliValue;
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::hpa::{
    Behavior, ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource,
    HpaSpec, MetricIdentifier, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType,
    ResourceMetricSource, SelectPolicy,
};
use flashcrowd_manifests::keda::ScaleTrigger;
use flashcrowd_manifests::scaled_object::{ScaledObjectSpec, ScalingModifiers};
use flashcrowd_units::Quantity;

/// Name of the metric that a formula makes.
const COMPOSITE: &str = "composite-metric";

/// The specification of the HPA, and for each of its metrics what KEDA is asked for; `None` for
/// cpu and memory.
pub(super) struct MadeHpa {
    pub(super) spec: HpaSpec,
    pub(super) names: Vec<Option<MetricName>>,
}

/// `sources` are those of the external triggers, by index.
pub(super) fn make(
    spec: &ScaledObjectSpec,
    sources: &[Option<Source>],
    pausing: Pausing,
) -> Result<MadeHpa, Problem> {
    let mut metrics = Vec::new();
    let mut names = Vec::new();
    let modifiers = spec.scaling_modifiers();
    if let Some(modifiers) = modifiers {
        metrics.push(composite(modifiers)?);
        names.push(Some(MetricName::Composite));
    }
    for (index, (trigger, source)) in spec.triggers.iter().zip(sources).enumerate() {
        match source {
            None => {
                metrics.push(resource(trigger, index)?);
                names.push(None);
            }
            Some(source) if modifiers.is_none() => {
                metrics.push(external(&source.metric, source.target, trigger.metric_type));
                names.push(Some(MetricName::Trigger(index)));
            }
            // The formula stands for it.
            Some(_) => {}
        }
    }
    let target = &spec.scale_target_ref;
    let or = |text: &Option<String>, default: &str| text.as_deref().unwrap_or(default).to_owned();
    Ok(MadeHpa {
        spec: HpaSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: or(&target.api_version, "apps/v1"),
                kind: or(&target.kind, "Deployment"),
                name: target.name.clone(),
            },
            // 0 to 1 is KEDA's own business.
            min_replicas: Some(spec.min_replica_count().max(1)),
            max_replicas: spec.max_replica_count(),
            metrics,
            behavior: behavior(spec, pausing),
        },
        names,
    })
}

/// Directions that an annotation pauses are disabled.
fn behavior(spec: &ScaledObjectSpec, pausing: Pausing) -> Option<Behavior> {
    let config = spec
        .advanced
        .as_ref()
        .and_then(|advanced| advanced.horizontal_pod_autoscaler_config.as_ref());
    let behavior = config.and_then(|config| config.behavior.clone());
    if !pausing.scale_in && !pausing.scale_out {
        return behavior;
    }
    let mut behavior = behavior.unwrap_or_default();
    if pausing.scale_in {
        let rules = behavior.scale_down.get_or_insert_default();
        rules.select_policy = Some(SelectPolicy::Disabled);
    }
    if pausing.scale_out {
        let rules = behavior.scale_up.get_or_insert_default();
        rules.select_policy = Some(SelectPolicy::Disabled);
    }
    Some(behavior)
}

fn composite(modifiers: &ScalingModifiers) -> Result<MetricSpec, Problem> {
    let target = modifiers.target.parse::<f64>().map_err(|_| Problem {
        path: "spec.advanced.scalingModifiers.target".to_owned(),
        message: "must specify a number greater than 0".to_owned(),
    })?;
    let target = MilliValue::new((target * 1000.0) as i64);
    Ok(external(COMPOSITE, target, modifiers.metric_type))
}

fn external(name: &str, target: MilliValue, how: Option<MetricTargetType>) -> MetricSpec {
    let target = Quantity::from_milli(target.get());
    let plain = how == Some(MetricTargetType::Value);
    MetricSpec {
        external: Some(ExternalMetricSource {
            metric: MetricIdentifier {
                name: name.to_owned(),
                selector: None,
            },
            target: MetricTarget {
                target_type: if plain {
                    MetricTargetType::Value
                } else {
                    MetricTargetType::AverageValue
                },
                value: plain.then_some(target),
                average_value: (!plain).then_some(target),
                average_utilization: None,
            },
        }),
        ..metric(MetricSourceType::External)
    }
}

/// cpu or memory, of the pods or of one container.
fn resource(trigger: &ScaleTrigger, index: usize) -> Result<MetricSpec, Problem> {
    let path = format!("spec.triggers[{index}].metadata.value");
    let value = trigger.metadata.get("value").map_or("", String::as_str);
    let wrong = |expected: &str| Problem {
        path: path.clone(),
        message: format!("is `{value}`: must be {expected}"),
    };
    let target_type = trigger.metric_type.unwrap_or(MetricTargetType::Utilization);
    let mut target = MetricTarget {
        target_type,
        value: None,
        average_value: None,
        average_utilization: None,
    };
    if target_type == MetricTargetType::Utilization {
        let percent = value
            .parse()
            .map_err(|_| wrong("a whole number of percent"))?;
        target.average_utilization = Some(percent);
    } else {
        target.average_value = Some(value.parse().map_err(|_| wrong("a quantity"))?);
    }
    let name = trigger.trigger_type.clone();
    Ok(match trigger.metadata.get("containerName") {
        Some(container) => MetricSpec {
            container_resource: Some(ContainerResourceMetricSource {
                name,
                container: container.clone(),
                target,
            }),
            ..metric(MetricSourceType::ContainerResource)
        },
        None => MetricSpec {
            resource: Some(ResourceMetricSource { name, target }),
            ..metric(MetricSourceType::Resource)
        },
    })
}

fn metric(source_type: MetricSourceType) -> MetricSpec {
    MetricSpec {
        source_type,
        resource: None,
        container_resource: None,
        pods: None,
        object: None,
        external: None,
    }
}
