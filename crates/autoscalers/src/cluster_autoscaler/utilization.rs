//! How much of a node is requested.

use super::ScaleDownFlags;
use super::observation::{ClusterObservation, OwnerKind};
use crate::scheduling::SnapshotNode;

/// Requested CPU and memory as fractions of allocatable. With the ignore flags, pods of that kind
/// are left out on both sides.
pub(super) fn utilization(
    node: &SnapshotNode,
    seen: &ClusterObservation<'_>,
    flags: &ScaleDownFlags,
) -> (f64, f64) {
    let allocatable = &seen.shapes[node.shape].allocatable;
    let mut ignored = (0, 0);
    for pod in &node.pods {
        let workload = seen.workloads[pod.workload].workload;
        let is_ignored = match workload.owner {
            OwnerKind::DaemonSet => flags.ignore_daemon_sets_utilization,
            OwnerKind::Mirror => flags.ignore_mirror_pods_utilization,
            _ => false,
        };
        if is_ignored {
            ignored.0 += workload.pod.cpu.get();
            ignored.1 += workload.pod.memory.get();
        }
    }
    let fraction = |requested: u64, ignored: u64, allocatable: u64| {
        (requested - ignored) as f64 / (allocatable as f64 - ignored as f64)
    };
    (
        fraction(node.requested.0, ignored.0, allocatable.cpu.get()),
        fraction(node.requested.1, ignored.1, allocatable.memory.get()),
    )
}

#[cfg(test)]
mod tests {
    use crate::cluster_autoscaler::ClusterAutoscalerFlags;

    /// The vectors of the reference page: 1900m and 7000 MiB of 4000m and 13622 MiB are 0.514,
    /// not eligible; 2000m and 6000 MiB are exactly 0.5, eligible.
    #[test]
    fn the_threshold_itself_is_eligible() {
        let threshold = ClusterAutoscalerFlags::default()
            .scale_down
            .utilization_threshold;
        let used = |cpu: f64, memory: f64| f64::max(cpu / 4000.0, memory / 13622.0);
        assert!(used(1900.0, 7000.0) > threshold);
        assert!(used(2000.0, 6000.0) <= threshold);
    }
}
