//! What the API server refuses (`ValidateHorizontalPodAutoscaler`).

use super::{
    Behavior, ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource,
    HpaSpec, MetricIdentifier, MetricSourceType, MetricSpec, MetricTarget, ObjectMetricSource,
    PodsMetricSource, ScalingPolicy, ScalingRules,
};
use crate::Problem;
use flashcrowd_units::Quantity;

/// The longest policy period \[s\].
pub(super) const MAX_PERIOD_SECONDS: i32 = 1800;
/// The longest stabilization window \[s\].
pub(super) const MAX_STABILIZATION_WINDOW_SECONDS: i32 = 3600;

const ZERO: Quantity = Quantity::from_units(0);

impl HpaSpec {
    /// Everything that the API server would refuse, with field paths from `spec` on.
    ///
    /// `scale_to_zero` is the feature gate `HPAScaleToZero`, which allows `minReplicas: 0`.
    pub fn validate(&self, scale_to_zero: bool) -> Vec<Problem> {
        let mut problems = Problems::default();
        let lowest = i32::from(!scale_to_zero);
        if let Some(min) = self.min_replicas {
            if min < lowest {
                problems.add(
                    "spec.minReplicas",
                    format!("is {min}: must be greater than or equal to {lowest}"),
                );
            }
            if self.max_replicas < min {
                problems.add(
                    "spec.maxReplicas",
                    format!(
                        "is {}: must be greater than or equal to `minReplicas` ({min})",
                        self.max_replicas
                    ),
                );
            }
        }
        if self.max_replicas < 1 {
            problems.add(
                "spec.maxReplicas",
                format!("is {}: must be greater than 0", self.max_replicas),
            );
        }
        problems.reference(&self.scale_target_ref, "spec.scaleTargetRef");
        for (index, metric) in self.metrics.iter().enumerate() {
            problems.metric(metric, &format!("spec.metrics[{index}]"));
        }
        let outside = |metric: &MetricSpec| metric.object.is_some() || metric.external.is_some();
        if self.min_replicas == Some(0) && !self.metrics.iter().any(outside) {
            problems.add(
                "spec.metrics",
                "must specify at least one Object or External metric to support scaling to zero replicas",
            );
        }
        if let Some(behavior) = &self.behavior {
            problems.behavior(behavior);
        }
        problems.0
    }
}

/// Collects problems; one method for each part of the object.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(path, message));
    }

    fn reference(&mut self, reference: &CrossVersionObjectReference, path: &str) {
        self.path_segment(
            &reference.kind,
            &format!("{path}.kind"),
            "must specify a kind",
        );
        self.path_segment(
            &reference.name,
            &format!("{path}.name"),
            "must specify a name",
        );
    }

    /// A name that becomes part of a URL (`IsValidPathSegmentName`).
    fn path_segment(&mut self, name: &str, path: &str, missing: &str) {
        if name.is_empty() {
            self.add(path, missing);
        } else if name == "." || name == ".." {
            self.add(path, format!("may not be '{name}'"));
        }
        for illegal in ['/', '%'] {
            if name.contains(illegal) {
                self.add(path, format!("is `{name}`: may not contain '{illegal}'"));
            }
        }
    }

    fn metric(&mut self, metric: &MetricSpec, path: &str) {
        let expected = source_field(metric.source_type);
        let present = [
            ("object", metric.object.is_some()),
            ("pods", metric.pods.is_some()),
            ("resource", metric.resource.is_some()),
            ("containerResource", metric.container_resource.is_some()),
            ("external", metric.external.is_some()),
        ];
        for (field, is_present) in present {
            if field == expected && !is_present {
                self.add(
                    format!("{path}.{field}"),
                    "must populate information for the given metric source",
                );
            } else if field != expected && is_present {
                self.add(
                    format!("{path}.{field}"),
                    format!(
                        "must populate the given metric source only: `type` asks for `{expected}`"
                    ),
                );
            }
        }
        let path = format!("{path}.{expected}");
        match metric.source_type {
            MetricSourceType::Resource => {
                if let Some(source) = &metric.resource {
                    self.resource(&source.name, &source.target, &path);
                }
            }
            MetricSourceType::ContainerResource => {
                if let Some(ContainerResourceMetricSource {
                    name,
                    container,
                    target,
                }) = &metric.container_resource
                {
                    if container.is_empty() {
                        self.add(format!("{path}.container"), "must specify a container");
                    }
                    self.resource(name, target, &path);
                }
            }
            MetricSourceType::Pods => {
                metric
                    .pods
                    .iter()
                    .for_each(|source| self.pods(source, &path));
            }
            MetricSourceType::Object => {
                metric
                    .object
                    .iter()
                    .for_each(|source| self.object(source, &path));
            }
            MetricSourceType::External => {
                metric
                    .external
                    .iter()
                    .for_each(|source| self.external(source, &path));
            }
        }
    }

    fn resource(&mut self, name: &str, target: &MetricTarget, path: &str) {
        if name.is_empty() {
            self.add(format!("{path}.name"), "must specify a resource name");
        }
        self.target(target, path);
        match (target.average_utilization, target.average_value) {
            (None, None) => self.add(
                format!("{path}.target.averageUtilization"),
                "must set either a target raw value or a target utilization",
            ),
            (Some(_), Some(_)) => self.add(
                format!("{path}.target.averageValue"),
                "may not set both a target raw value and a target utilization",
            ),
            _ => {}
        }
    }

    fn pods(&mut self, source: &PodsMetricSource, path: &str) {
        self.identifier(&source.metric, path);
        self.target(&source.target, path);
        if source.target.average_value.is_none() {
            self.add(
                format!("{path}.target.averageValue"),
                "must specify a positive target averageValue",
            );
        }
    }

    fn object(&mut self, source: &ObjectMetricSource, path: &str) {
        self.reference(&source.described_object, &format!("{path}.describedObject"));
        self.identifier(&source.metric, path);
        self.target(&source.target, path);
        if source.target.value.is_none() && source.target.average_value.is_none() {
            self.add(
                format!("{path}.target.averageValue"),
                "must set either a target value or averageValue",
            );
        }
    }

    fn external(&mut self, source: &ExternalMetricSource, path: &str) {
        self.identifier(&source.metric, path);
        self.target(&source.target, path);
        match (source.target.value, source.target.average_value) {
            (None, None) => self.add(
                format!("{path}.target.averageValue"),
                "must set either a target value for metric or a per-pod target",
            ),
            (Some(_), Some(_)) => self.add(
                format!("{path}.target.value"),
                "may not set both a target value for metric and a per-pod target",
            ),
            _ => {}
        }
    }

    fn identifier(&mut self, metric: &MetricIdentifier, path: &str) {
        self.path_segment(
            &metric.name,
            &format!("{path}.metric.name"),
            "must specify a metric name",
        );
    }

    fn target(&mut self, target: &MetricTarget, path: &str) {
        for (field, quantity) in [
            ("value", target.value),
            ("averageValue", target.average_value),
        ] {
            if let Some(quantity) = quantity.filter(|&quantity| quantity <= ZERO) {
                self.add(
                    format!("{path}.target.{field}"),
                    format!("is {quantity}: must be positive"),
                );
            }
        }
        if let Some(percent) = target.average_utilization.filter(|&percent| percent < 1) {
            self.add(
                format!("{path}.target.averageUtilization"),
                format!("is {percent}: must be greater than 0"),
            );
        }
    }

    fn behavior(&mut self, behavior: &Behavior) {
        let directions = [
            ("scaleUp", &behavior.scale_up),
            ("scaleDown", &behavior.scale_down),
        ];
        for (field, rules) in directions {
            if let Some(rules) = rules {
                self.rules(rules, &format!("spec.behavior.{field}"));
            }
        }
    }

    fn rules(&mut self, rules: &ScalingRules, path: &str) {
        if let Some(window) = rules.stabilization_window_seconds
            && !(0..=MAX_STABILIZATION_WINDOW_SECONDS).contains(&window)
        {
            self.add(
                format!("{path}.stabilizationWindowSeconds"),
                format!("is {window}: must be from 0 to {MAX_STABILIZATION_WINDOW_SECONDS}"),
            );
        }
        // An absent list is filled in by defaulting; an empty one stays and is refused.
        if rules.policies.as_ref().is_some_and(Vec::is_empty) {
            self.add(
                format!("{path}.policies"),
                "must specify at least one policy",
            );
        }
        for (index, policy) in rules.policies.iter().flatten().enumerate() {
            self.policy(*policy, &format!("{path}.policies[{index}]"));
        }
        if let Some(tolerance) = rules.tolerance.filter(|&tolerance| tolerance < ZERO) {
            self.add(
                format!("{path}.tolerance"),
                format!("is {tolerance}: must be greater than or equal to 0"),
            );
        }
    }

    fn policy(&mut self, policy: ScalingPolicy, path: &str) {
        if policy.value < 1 {
            self.add(
                format!("{path}.value"),
                format!("is {}: must be greater than 0", policy.value),
            );
        }
        if !(1..=MAX_PERIOD_SECONDS).contains(&policy.period_seconds) {
            self.add(
                format!("{path}.periodSeconds"),
                format!(
                    "is {}: must be from 1 to {MAX_PERIOD_SECONDS}",
                    policy.period_seconds
                ),
            );
        }
    }
}

/// The field that a metric of this type fills.
fn source_field(source_type: MetricSourceType) -> &'static str {
    match source_type {
        MetricSourceType::Resource => "resource",
        MetricSourceType::ContainerResource => "containerResource",
        MetricSourceType::Pods => "pods",
        MetricSourceType::Object => "object",
        MetricSourceType::External => "external",
    }
}
