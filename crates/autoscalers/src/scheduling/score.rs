//! Which of the nodes that take a pod is the best: the scores of the default profile.
//!
//! | Plugin | Weight | Score |
//! |---|---|---|
//! | `TaintToleration` | 3 | fewest untolerated `PreferNoSchedule` taints |
//! | `PodTopologySpread` | 2 | fewest pods of the same workload on the host (the defaults of the cluster: `ScheduleAnyway`, skew 3) |
//! | `NodeResourcesFit` | 1 | `LeastAllocated`: mean share of CPU and memory that stays free |
//! | `NodeResourcesBalancedAllocation` | 1 | shares of CPU and memory close to each other |
//!
//! Spread over zones, image locality and preferred affinity give every node the same here.
//!
//! Source: kube-scheduler v1.36 `noderesources/{least_allocated,balanced_allocation}.go`,
//! `podtopologyspread/scoring.go`, `tainttoleration`, and its default plugin weights.

use super::filter::{Unfit, short_of};
use super::shape::{NodeShape, PodShape, TaintEffect};
use flashcrowd_units::math;
use serde::{Deserialize, Serialize};

/// What a pod without a CPU request counts for in `LeastAllocated` \[millicores\].
const DEFAULT_CPU: u64 = 100;
/// The same for memory \[bytes\].
const DEFAULT_MEMORY: u64 = 200 << 20;
/// The skew over hosts that the cluster's default constraints allow.
const HOST_MAX_SKEW: f64 = 3.0;

/// What the pods on a node take from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeLoad {
    /// CPU requests \[millicores\].
    pub cpu: u64,
    /// Memory requests \[bytes\].
    pub memory: u64,
    /// The same with 100m for each pod that requests no CPU \[millicores\].
    pub scored_cpu: u64,
    /// The same with 200 MiB for each pod that requests no memory \[bytes\].
    pub scored_memory: u64,
    /// Pods.
    pub pods: u32,
}

impl NodeLoad {
    /// A pod has been bound.
    pub fn add(&mut self, pod: &PodShape) {
        let (cpu, memory) = scored(pod);
        self.cpu += pod.cpu.get();
        self.memory += pod.memory.get();
        self.scored_cpu += cpu;
        self.scored_memory += memory;
        self.pods += 1;
    }

    /// A pod that was bound has gone.
    ///
    /// # Panics
    /// If it was not there.
    pub fn remove(&mut self, pod: &PodShape) {
        let (cpu, memory) = scored(pod);
        self.cpu -= pod.cpu.get();
        self.memory -= pod.memory.get();
        self.scored_cpu -= cpu;
        self.scored_memory -= memory;
        self.pods -= 1;
    }
}

/// A node that the scheduler considers for a pod.
#[derive(Debug, Clone, Copy)]
pub struct NodeCandidate<'a> {
    /// What it looks like.
    pub shape: &'a NodeShape,
    /// What is on it.
    pub load: NodeLoad,
    /// Pods of the same workload on it that are not terminating.
    pub same_workload: u32,
}

fn scored(pod: &PodShape) -> (u64, u64) {
    let or = |request: u64, default: u64| if request == 0 { default } else { request };
    (
        or(pod.cpu.get(), DEFAULT_CPU),
        or(pod.memory.get(), DEFAULT_MEMORY),
    )
}

/// Whether a node takes a pod: taints, selector, pod slots, requests, one pod per host.
///
/// # Errors
/// The first filter that says no.
pub fn fit(pod: &PodShape, node: &NodeCandidate<'_>) -> Result<(), Unfit> {
    if !pod.tolerates(&node.shape.taints) {
        return Err(Unfit::UntoleratedTaint);
    }
    if !pod.selects(&node.shape.labels) {
        return Err(Unfit::NodeSelector);
    }
    let used = (node.load.cpu, node.load.memory);
    short_of(pod, &node.shape.allocatable, used, node.load.pods as usize)?;
    if pod.one_per_node && node.same_workload > 0 {
        return Err(Unfit::AntiAffinity);
    }
    Ok(())
}

/// The weighted score of each node that takes the pod; the highest wins, a draw decides ties.
pub fn scores(pod: &PodShape, nodes: &[NodeCandidate<'_>]) -> Vec<i64> {
    let untolerated = |node: &NodeCandidate<'_>| {
        let taints = node.shape.taints.iter();
        let prefer = taints.filter(|taint| taint.effect == TaintEffect::PreferNoSchedule);
        prefer
            .filter(|taint| !pod.tolerations.iter().any(|it| it.tolerates(taint)))
            .count() as i64
    };
    let most_untolerated = nodes.iter().map(untolerated).max().unwrap_or(0);
    let weight = math::ln(nodes.len() as f64 + 2.0);
    let crowd = |node: &NodeCandidate<'_>| {
        (f64::from(node.same_workload) * weight + (HOST_MAX_SKEW - 1.0)).round() as i64
    };
    let least_crowd = nodes.iter().map(crowd).min().unwrap_or(0);
    let most_crowd = nodes.iter().map(crowd).max().unwrap_or(0);
    let score = |node: &NodeCandidate<'_>| {
        let taints = if most_untolerated == 0 {
            100
        } else {
            100 - 100 * untolerated(node) / most_untolerated
        };
        let spread = if most_crowd == 0 {
            100
        } else {
            100 * (most_crowd + least_crowd - crowd(node)) / most_crowd
        };
        3 * taints + 2 * spread + least_allocated(pod, node) + balanced_allocation(pod, node)
    };
    nodes.iter().map(score).collect()
}

/// Mean over CPU and memory of what stays free, in whole percent each.
pub fn least_allocated(pod: &PodShape, node: &NodeCandidate<'_>) -> i64 {
    let (cpu, memory) = scored(pod);
    let allocatable = &node.shape.allocatable;
    let free = |requested: u64, allocatable: u64| {
        if requested > allocatable {
            return 0;
        }
        let free = u128::from(allocatable - requested) * 100;
        free.checked_div(u128::from(allocatable)).unwrap_or(0) as i64
    };
    let cpu = free(node.load.scored_cpu + cpu, allocatable.cpu.get());
    let memory = free(node.load.scored_memory + memory, allocatable.memory.get());
    i64::midpoint(cpu, memory)
}

/// How close the shares of CPU and memory are. A pod without requests gets nothing for it.
pub fn balanced_allocation(pod: &PodShape, node: &NodeCandidate<'_>) -> i64 {
    if pod.cpu.get() == 0 && pod.memory.get() == 0 {
        return 0;
    }
    let allocatable = &node.shape.allocatable;
    let share = |requested: u64, allocatable: u64| {
        if allocatable == 0 {
            return 1.0;
        }
        (requested as f64 / allocatable as f64).min(1.0)
    };
    let cpu = share(node.load.cpu + pod.cpu.get(), allocatable.cpu.get());
    let memory = share(
        node.load.memory + pod.memory.get(),
        allocatable.memory.get(),
    );
    ((1.0 - (cpu - memory).abs() / 2.0) * 100.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduling::NodeResources;
    use flashcrowd_units::{Bytes, Millicores};

    const GIB: u64 = 1 << 30;

    fn pod(cpu: u64, memory: u64) -> PodShape {
        PodShape {
            cpu: Millicores::new(cpu),
            memory: Bytes::new(memory),
            ..PodShape::default()
        }
    }

    fn node(cpu: u64, memory: u64) -> NodeShape {
        NodeShape {
            allocatable: NodeResources {
                cpu: Millicores::new(cpu),
                memory: Bytes::new(memory),
                pods: 110,
            },
            ..NodeShape::default()
        }
    }

    fn candidate<'a>(shape: &'a NodeShape, on_it: &[PodShape]) -> NodeCandidate<'a> {
        let mut load = NodeLoad::default();
        for pod in on_it {
            load.add(pod);
        }
        NodeCandidate {
            shape,
            load,
            same_workload: 0,
        }
    }

    /// Vector 10 of the reference: (4000 - 2000) / 4000 = 50, (8 - 3) / 8 = 62, mean 56; and
    /// 1 - |0.5 - 0.375| / 2 = 0.9375.
    #[test]
    fn agrees_with_the_worked_example_of_the_reference() {
        let shape = node(4000, 8 * GIB);
        let node = candidate(&shape, &[pod(1000, 2 * GIB)]);
        let pod = pod(1000, GIB);
        assert_eq!(least_allocated(&pod, &node), 56);
        assert_eq!(balanced_allocation(&pod, &node), 93);
    }

    /// 100m and 200 MiB stand for what is not said: (1000 - 200) / 1000 = 80 and
    /// (1000 - 400) / 1000 = 60 after another pod of that kind.
    #[test]
    fn pods_without_requests_count_with_defaults_in_the_score_only() {
        let shape = node(1000, 1000 << 20);
        let empty = pod(0, 0);
        let node = candidate(&shape, std::slice::from_ref(&empty));
        assert_eq!((node.load.cpu, node.load.memory), (0, 0));
        assert_eq!(least_allocated(&empty, &node), 70);
        assert_eq!(balanced_allocation(&empty, &node), 0);
    }

    /// Two nodes, ln(2 + 2) = 1.386: one pod of the workload makes round(1.386 + 2) = 3 against
    /// round(2) = 2. So 100 * (3 + 2 - 3) / 3 = 66 against 100: twice 34 points less.
    #[test]
    fn pods_of_a_workload_avoid_each_other() {
        let shape = node(4000, 8 * GIB);
        let alone = candidate(&shape, &[]);
        let beside = NodeCandidate {
            same_workload: 1,
            ..alone
        };
        let found = scores(&pod(100, GIB), &[beside, alone]);
        assert_eq!(found[1] - found[0], 2 * (100 - 66));
    }

    #[test]
    fn exactly_full_fits_and_one_more_does_not() {
        let shape = node(1000, GIB);
        let half = pod(500, GIB / 2);
        let one = candidate(&shape, std::slice::from_ref(&half));
        assert_eq!(fit(&half, &one), Ok(()));
        let two = candidate(&shape, &[half.clone(), half.clone()]);
        let short = Unfit::Resources {
            pods: false,
            cpu: true,
            memory: true,
        };
        assert_eq!(fit(&half, &two), Err(short));
        assert_eq!(fit(&pod(0, 0), &two), Ok(()));
    }
}
