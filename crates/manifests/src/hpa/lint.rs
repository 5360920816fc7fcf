//! What the API server accepts although it does not mean what it says.

use super::{HpaSpec, MetricSpec, MetricTarget, MetricTargetType};
use crate::Problem;

impl HpaSpec {
    /// Fields that are legal but contradict each other.
    ///
    /// * `target.type` names another field than the one that is set. For Object metrics the
    ///   controller then fails at every sync; for the others it ignores `type` and uses the field.
    /// * `target.type` is one that this kind of metric has no use for.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, metric) in self.metrics.iter().enumerate() {
            for (field, target, legal) in targets(metric) {
                let path = format!("spec.metrics[{index}].{field}.target.type");
                let written = target.target_type;
                if !legal.contains(&written) {
                    let legal = legal
                        .iter()
                        .map(|&kind| name(kind))
                        .collect::<Vec<_>>()
                        .join(" or ");
                    problems.push(Problem::new(
                        path,
                        format!("is {}: expected {legal}", name(written)),
                    ));
                } else if !is_set(target, written) {
                    let message = format!(
                        "is {}, but `{}` is not set",
                        name(written),
                        value_field(written)
                    );
                    problems.push(Problem::new(path, message));
                }
            }
        }
        problems
    }
}

type TargetUse<'a> = (&'static str, &'a MetricTarget, &'static [MetricTargetType]);

/// The targets of a metric with the types that make sense for them.
fn targets(metric: &MetricSpec) -> impl Iterator<Item = TargetUse<'_>> {
    const RESOURCE: &[MetricTargetType] = &[
        MetricTargetType::Utilization,
        MetricTargetType::AverageValue,
    ];
    const PODS: &[MetricTargetType] = &[MetricTargetType::AverageValue];
    const TOTAL: &[MetricTargetType] = &[MetricTargetType::Value, MetricTargetType::AverageValue];
    [
        metric
            .resource
            .as_ref()
            .map(|source| ("resource", &source.target, RESOURCE)),
        metric
            .container_resource
            .as_ref()
            .map(|source| ("containerResource", &source.target, RESOURCE)),
        metric
            .pods
            .as_ref()
            .map(|source| ("pods", &source.target, PODS)),
        metric
            .object
            .as_ref()
            .map(|source| ("object", &source.target, TOTAL)),
        metric
            .external
            .as_ref()
            .map(|source| ("external", &source.target, TOTAL)),
    ]
    .into_iter()
    .flatten()
}

fn is_set(target: &MetricTarget, target_type: MetricTargetType) -> bool {
    match target_type {
        MetricTargetType::Utilization => target.average_utilization.is_some(),
        MetricTargetType::Value => target.value.is_some(),
        MetricTargetType::AverageValue => target.average_value.is_some(),
    }
}

fn name(target_type: MetricTargetType) -> &'static str {
    match target_type {
        MetricTargetType::Utilization => "Utilization",
        MetricTargetType::Value => "Value",
        MetricTargetType::AverageValue => "AverageValue",
    }
}

fn value_field(target_type: MetricTargetType) -> &'static str {
    match target_type {
        MetricTargetType::Utilization => "averageUtilization",
        MetricTargetType::Value => "value",
        MetricTargetType::AverageValue => "averageValue",
    }
}
