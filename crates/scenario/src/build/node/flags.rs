//! Flags of the cluster autoscaler.

use crate::build::Context;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::ClusterAutoscalerSpec;
use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterAutoscalerFlags, Expander, PriorityMap, ScaleDownFlags,
};
use flashcrowd_core::model::NodeGroup;
use flashcrowd_units::{Ratio, SimDuration};
use std::collections::BTreeMap;

const EXPANDERS: [&str; 6] = [
    "random",
    "most-pods",
    "least-waste",
    "least-nodes",
    "price",
    "priority",
];

fn base() -> FieldPath {
    super::base().join("autoscaler").join("cluster_autoscaler")
}

pub(super) fn flags(
    context: &Context<'_>,
    spec: &ClusterAutoscalerSpec,
    groups: &[NodeGroup],
    problems: &mut Problems,
) -> ClusterAutoscalerFlags {
    let default = ClusterAutoscalerFlags::default();
    let expanders = spec
        .expander
        .as_ref()
        .map_or(default.expanders.clone(), |chain| {
            expanders(context, chain, problems)
        });
    let mut check = context.check(problems);
    if spec.scan_interval.is_some_and(SimDuration::is_zero) {
        check.invalid(
            &base().join("scan_interval"),
            "loops need some time between them",
            "above 0s, as 10s",
        );
    }
    let most: u32 = groups.iter().map(|group| group.max).sum();
    if let Some(total) = spec.max_nodes_total.filter(|total| *total > most) {
        check.warn(
            Code::Ineffective,
            &base().join("max_nodes_total"),
            format!("{total} nodes are never reached: the groups have {most} at most"),
            "raise `max` of the groups, or lower this",
        );
    }
    ClusterAutoscalerFlags {
        scan_interval: spec.scan_interval.unwrap_or(default.scan_interval),
        max_nodes_total: spec.max_nodes_total.unwrap_or(default.max_nodes_total),
        new_pod_scale_up_delay: spec
            .new_pod_scale_up_delay
            .unwrap_or(default.new_pod_scale_up_delay),
        max_node_provision_time: spec
            .max_node_provision_time
            .unwrap_or(default.max_node_provision_time),
        expanders,
        priorities: priorities(context, spec, problems),
        balance_similar_node_groups: spec
            .balance_similar_node_groups
            .unwrap_or(default.balance_similar_node_groups),
        enforce_node_group_min_size: spec
            .enforce_node_group_min_size
            .unwrap_or(default.enforce_node_group_min_size),
        scale_down: scale_down(spec),
        ..default
    }
}

fn scale_down(spec: &ClusterAutoscalerSpec) -> ScaleDownFlags {
    let default = ScaleDownFlags::default();
    ScaleDownFlags {
        enabled: spec.scale_down_enabled.unwrap_or(default.enabled),
        unneeded_time: spec
            .scale_down_unneeded_time
            .unwrap_or(default.unneeded_time),
        unready_time: spec.scale_down_unready_time.unwrap_or(default.unready_time),
        utilization_threshold: spec
            .scale_down_utilization_threshold
            .map_or(default.utilization_threshold, Ratio::get),
        delay_after_add: spec
            .scale_down_delay_after_add
            .unwrap_or(default.delay_after_add),
        delay_after_delete: spec
            .scale_down_delay_after_delete
            .unwrap_or(default.delay_after_delete),
        delay_after_failure: spec
            .scale_down_delay_after_failure
            .unwrap_or(default.delay_after_failure),
        max_parallelism: spec
            .max_scale_down_parallelism
            .unwrap_or(default.max_parallelism),
        max_drain_parallelism: spec
            .max_drain_parallelism
            .unwrap_or(default.max_drain_parallelism),
        skip_nodes_with_local_storage: spec
            .skip_nodes_with_local_storage
            .unwrap_or(default.skip_nodes_with_local_storage),
        skip_nodes_with_system_pods: spec
            .skip_nodes_with_system_pods
            .unwrap_or(default.skip_nodes_with_system_pods),
        min_replica_count: spec.min_replica_count.unwrap_or(default.min_replica_count),
        ..default
    }
}

fn expanders(context: &Context<'_>, chain: &str, problems: &mut Problems) -> Vec<Expander> {
    let mut found = Vec::new();
    for name in chain.split(',').map(str::trim) {
        match Expander::from_name(name) {
            Some(expander) => found.push(expander),
            None => context.check(problems).report(
                Code::UnknownChoice,
                &base().join("expander"),
                format!("there is no expander `{name}`"),
                |problem| problem.names(name, &EXPANDERS),
            ),
        }
    }
    found
}

fn priorities(
    context: &Context<'_>,
    spec: &ClusterAutoscalerSpec,
    problems: &mut Problems,
) -> Option<PriorityMap> {
    let path = base().join("priorities");
    let mut patterns = BTreeMap::new();
    for (priority, list) in spec.priorities.as_ref()? {
        match priority.parse::<i64>() {
            Ok(number) => drop(patterns.insert(number, list.clone())),
            Err(_) => context.check(problems).report_key(
                Code::InvalidValue,
                &path.join(priority),
                format!("`{priority}` is not a priority"),
                |problem| problem.legal("a whole number"),
            ),
        }
    }
    let map = PriorityMap::new(&patterns);
    if let Err(error) = &map {
        let path = path.join(&error.priority.to_string());
        let legal = "a regular expression, such as `.*spot.*`";
        context
            .check(problems)
            .invalid(&path, error.to_string(), legal);
    }
    map.ok()
}
