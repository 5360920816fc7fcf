//! HPAs with every kind of behaviour.

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_autoscalers::catalog::HpaPolicy;
use flashcrowd_autoscalers::hpa::HpaFlags;
use flashcrowd_manifests::hpa::{
    Behavior, HpaSpec, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType, PolicyType,
    ResourceMetricSource, ScalingPolicy, ScalingRules, SelectPolicy,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn rules() -> impl Strategy<Value = ScalingRules> {
    let policy_type = select(vec![PolicyType::Pods, PolicyType::Percent]);
    let policy = (policy_type, 1..150i32, select(vec![15, 30, 60, 120])).prop_map(
        |(policy_type, value, period_seconds)| {
            let value = if policy_type == PolicyType::Pods {
                1 + value / 40
            } else {
                value
            };
            ScalingPolicy {
                policy_type,
                value,
                period_seconds,
            }
        },
    );
    let pick = select(vec![
        SelectPolicy::Max,
        SelectPolicy::Min,
        SelectPolicy::Disabled,
    ]);
    (of(0..120i32), of(pick), of(vec(policy, 1..4))).prop_map(
        |(window, select_policy, policies)| ScalingRules {
            stabilization_window_seconds: window,
            select_policy,
            policies,
            tolerance: None,
        },
    )
}

pub(super) fn hpa() -> impl Strategy<Value = PolicySpec> {
    let behavior = of(
        (of(rules()), of(rules())).prop_map(|(scale_up, scale_down)| Behavior {
            scale_up,
            scale_down,
        }),
    );
    (1..3i32, 0..8i32, 10..90i32, behavior, any::<bool>()).prop_map(
        |(min, more, target, behavior, memory)| {
            let (name, target) = if memory {
                let value = (101 << 20).to_string().parse().expect("a quantity");
                let target_type = MetricTargetType::AverageValue;
                (
                    "memory",
                    MetricTarget {
                        target_type,
                        value: None,
                        average_value: Some(value),
                        average_utilization: None,
                    },
                )
            } else {
                let target_type = MetricTargetType::Utilization;
                (
                    "cpu",
                    MetricTarget {
                        target_type,
                        value: None,
                        average_value: None,
                        average_utilization: Some(target),
                    },
                )
            };
            let metric = MetricSpec {
                source_type: MetricSourceType::Resource,
                resource: Some(ResourceMetricSource {
                    name: name.to_owned(),
                    target,
                }),
                container_resource: None,
                pods: None,
                object: None,
                external: None,
            };
            let spec = HpaSpec {
                scale_target_ref: flashcrowd_manifests::hpa::CrossVersionObjectReference::default(),
                min_replicas: Some(min),
                max_replicas: min + more,
                metrics: vec![metric],
                behavior,
            };
            PolicySpec::Hpa(HpaPolicy {
                spec,
                flags: HpaFlags::default(),
            })
        },
    )
}
