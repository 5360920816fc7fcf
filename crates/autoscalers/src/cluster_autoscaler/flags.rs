//! Command-line flags of the cluster autoscaler.

use super::expander::{Expander, PriorityMap};
use flashcrowd_units::{Bytes, SimDuration};
use serde::{Deserialize, Serialize};

/// Flags of the cluster autoscaler that decide anything here, with the defaults of version 1.36.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterAutoscalerFlags {
    /// `--scan-interval`: time from one loop to the next.
    pub scan_interval: SimDuration,
    /// `--max-nodes-total`; 0 is no limit.
    pub max_nodes_total: u32,
    /// `--max-nodes-per-scaleup`; 0 is no limit.
    pub max_nodes_per_scale_up: u32,
    /// `--new-pod-scale-up-delay`: younger pods are not helped.
    pub new_pod_scale_up_delay: SimDuration,
    /// `--max-node-provision-time`: how long an instance may take to register.
    pub max_node_provision_time: SimDuration,
    /// `--max-node-startup-time`: until this age a node that is not ready counts as not started.
    pub max_node_startup_time: SimDuration,
    /// `--expander`: the chain of them; a draw among what is left.
    pub expanders: Vec<Expander>,
    /// The map of [`Expander::Priority`]; `None` if there is none or it is not valid.
    pub priorities: Option<PriorityMap>,
    /// `--balance-similar-node-groups`.
    pub balance_similar_node_groups: bool,
    /// `--balancing-ignore-label`: labels that similar groups may differ in, beside those for
    /// host, zone and region.
    pub balancing_ignored_labels: Vec<String>,
    /// `--enforce-node-group-min-size`.
    pub enforce_node_group_min_size: bool,
    /// `--force-ds`: count all suitable DaemonSets for new nodes, even if the node that serves as
    /// their template does not run them.
    pub force_daemon_sets: bool,
    /// `--expendable-pods-priority-cutoff`: pods below never count.
    pub expendable_pods_priority_cutoff: i32,
    /// `--cores-total` and `--memory-total`.
    pub limits: ResourceLimits,
    /// `--ok-total-unready-count`: so many unready nodes are always tolerated.
    pub ok_total_unready_count: u32,
    /// `--max-total-unready-percentage`: beyond this the cluster is left alone \[%\].
    pub max_total_unready_percentage: f64,
    /// `--initial-node-group-backoff-duration`.
    pub initial_backoff: SimDuration,
    /// `--max-node-group-backoff-duration`.
    pub max_backoff: SimDuration,
    /// `--node-group-backoff-reset-timeout`.
    pub backoff_reset_timeout: SimDuration,
    /// Scaling down.
    pub scale_down: ScaleDownFlags,
}

/// Flags about scaling down.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScaleDownFlags {
    /// `--scale-down-enabled`.
    pub enabled: bool,
    /// `--scale-down-unready-enabled`.
    pub unready_enabled: bool,
    /// `--scale-down-unneeded-time`: how long a node has to be unneeded.
    pub unneeded_time: SimDuration,
    /// `--scale-down-unready-time`: the same for one that is not ready.
    pub unready_time: SimDuration,
    /// `--scale-down-utilization-threshold`: above it a node is needed.
    pub utilization_threshold: f64,
    /// `--scale-down-delay-after-add`.
    pub delay_after_add: SimDuration,
    /// `--scale-down-delay-after-delete`.
    pub delay_after_delete: SimDuration,
    /// `--scale-down-delay-after-failure`.
    pub delay_after_failure: SimDuration,
    /// `--unremovable-node-recheck-timeout`.
    pub unremovable_node_recheck_timeout: SimDuration,
    /// `--max-scale-down-parallelism`: deletions at a time.
    pub max_parallelism: u32,
    /// `--max-drain-parallelism`: deletions of nodes with pods at a time.
    pub max_drain_parallelism: u32,
    /// `--node-delete-delay-after-taint`.
    pub node_delete_delay_after_taint: SimDuration,
    /// `--ignore-daemonsets-utilization`.
    pub ignore_daemon_sets_utilization: bool,
    /// `--ignore-mirror-pods-utilization`.
    pub ignore_mirror_pods_utilization: bool,
    /// `--skip-nodes-with-system-pods`.
    pub skip_nodes_with_system_pods: bool,
    /// `--skip-nodes-with-local-storage`.
    pub skip_nodes_with_local_storage: bool,
    /// `--skip-nodes-with-custom-controller-pods`.
    pub skip_nodes_with_custom_controller_pods: bool,
    /// `--min-replica-count`: ReplicaSets that want fewer pods are not disturbed.
    pub min_replica_count: u32,
    /// `--blocking-system-pod-distruption-timeout` (sic): older system pods block no more.
    pub blocking_system_pod_timeout: SimDuration,
}

/// Least and most resources of the whole cluster. The least only stops scaling down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceLimits {
    /// Cores, least and most.
    pub cores: (u64, u64),
    /// Memory, least and most.
    pub memory: (Bytes, Bytes),
}

impl Default for ResourceLimits {
    /// 0 to 320 000 cores, 0 to 6 400 000 GiB.
    fn default() -> Self {
        Self {
            cores: (0, 320_000),
            memory: (Bytes::new(0), Bytes::new(6_400_000 << 30)),
        }
    }
}

impl Default for ClusterAutoscalerFlags {
    fn default() -> Self {
        let minutes = |minutes: u64| SimDuration::from_secs(60 * minutes);
        Self {
            scan_interval: SimDuration::from_secs(10),
            max_nodes_total: 0,
            max_nodes_per_scale_up: 1000,
            new_pod_scale_up_delay: SimDuration::ZERO,
            max_node_provision_time: minutes(15),
            max_node_startup_time: minutes(15),
            expanders: vec![Expander::LeastWaste],
            priorities: None,
            balance_similar_node_groups: false,
            balancing_ignored_labels: Vec::new(),
            enforce_node_group_min_size: false,
            force_daemon_sets: false,
            expendable_pods_priority_cutoff: -10,
            limits: ResourceLimits::default(),
            ok_total_unready_count: 3,
            max_total_unready_percentage: 45.0,
            initial_backoff: minutes(5),
            max_backoff: minutes(30),
            backoff_reset_timeout: minutes(180),
            scale_down: ScaleDownFlags::default(),
        }
    }
}

impl Default for ScaleDownFlags {
    fn default() -> Self {
        let minutes = |minutes: u64| SimDuration::from_secs(60 * minutes);
        Self {
            enabled: true,
            unready_enabled: true,
            unneeded_time: minutes(10),
            unready_time: minutes(20),
            utilization_threshold: 0.5,
            delay_after_add: minutes(10),
            delay_after_delete: SimDuration::ZERO,
            delay_after_failure: minutes(3),
            unremovable_node_recheck_timeout: minutes(5),
            max_parallelism: 10,
            max_drain_parallelism: 1,
            node_delete_delay_after_taint: SimDuration::from_secs(5),
            ignore_daemon_sets_utilization: false,
            ignore_mirror_pods_utilization: false,
            skip_nodes_with_system_pods: true,
            skip_nodes_with_local_storage: true,
            skip_nodes_with_custom_controller_pods: true,
            min_replica_count: 0,
            blocking_system_pod_timeout: minutes(60),
        }
    }
}
