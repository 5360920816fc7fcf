//! What the API server fills in (`SetDefaults_HorizontalPodAutoscaler`).

use super::{
    Behavior, HpaSpec, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType, PolicyType,
    ResourceMetricSource, ScalingPolicy, ScalingRules, SelectPolicy,
};

/// Utilisation that an HPA without metrics keeps \[% of the CPU request\].
const DEFAULT_CPU_UTILIZATION: i32 = 80;

impl HpaSpec {
    /// This specification with everything filled in that the API server fills in.
    ///
    /// * `minReplicas` 1;
    /// * no metrics: CPU at 80 % of the request;
    /// * `behavior`, if there is one, field by field: up window 0 s, `Max`, 4 pods or 100 % in
    ///   15 s; down `Max`, 100 % in 15 s. The down window stays absent, which means the
    ///   controller's own flag. Without `behavior` nothing is filled in.
    #[must_use]
    pub fn defaulted(&self) -> Self {
        let mut spec = self.clone();
        spec.min_replicas.get_or_insert(1);
        if spec.metrics.is_empty() {
            spec.metrics.push(default_metric());
        }
        spec.behavior = spec.behavior.map(|behavior| Behavior {
            scale_up: Some(filled(behavior.scale_up, default_scale_up())),
            scale_down: Some(filled(behavior.scale_down, default_scale_down())),
        });
        spec
    }
}

fn filled(given: Option<ScalingRules>, default: ScalingRules) -> ScalingRules {
    let Some(given) = given else { return default };
    ScalingRules {
        stabilization_window_seconds: given
            .stabilization_window_seconds
            .or(default.stabilization_window_seconds),
        select_policy: given.select_policy.or(default.select_policy),
        policies: given.policies.or(default.policies),
        tolerance: given.tolerance,
    }
}

fn default_metric() -> MetricSpec {
    let target = MetricTarget {
        target_type: MetricTargetType::Utilization,
        value: None,
        average_value: None,
        average_utilization: Some(DEFAULT_CPU_UTILIZATION),
    };
    MetricSpec {
        source_type: MetricSourceType::Resource,
        resource: Some(ResourceMetricSource {
            name: "cpu".to_owned(),
            target,
        }),
        container_resource: None,
        pods: None,
        object: None,
        external: None,
    }
}

fn default_scale_up() -> ScalingRules {
    ScalingRules {
        stabilization_window_seconds: Some(0),
        select_policy: Some(SelectPolicy::Max),
        policies: Some(vec![
            ScalingPolicy {
                policy_type: PolicyType::Pods,
                value: 4,
                period_seconds: 15,
            },
            ScalingPolicy {
                policy_type: PolicyType::Percent,
                value: 100,
                period_seconds: 15,
            },
        ]),
        tolerance: None,
    }
}

fn default_scale_down() -> ScalingRules {
    ScalingRules {
        stabilization_window_seconds: None,
        select_policy: Some(SelectPolicy::Max),
        policies: Some(vec![ScalingPolicy {
            policy_type: PolicyType::Percent,
            value: 100,
            period_seconds: 15,
        }]),
        tolerance: None,
    }
}
