//! PodDisruptionBudgets, and what a loop has already used up of them.

use super::observation::DisruptionBudget;

/// What is left of the budgets.
#[derive(Debug)]
pub(super) struct RemainingBudgets<'a> {
    budgets: Vec<(&'a [usize], i64)>,
}

impl<'a> RemainingBudgets<'a> {
    pub(super) fn new(budgets: &[DisruptionBudget<'a>]) -> Self {
        let budgets = budgets
            .iter()
            .map(|it| (it.workloads, i64::from(it.allowed)));
        Self {
            budgets: budgets.collect(),
        }
    }

    /// Whether any budget is for pods of a workload.
    pub(super) fn covers(&self, workload: usize) -> bool {
        self.budgets
            .iter()
            .any(|(workloads, _)| workloads.contains(&workload))
    }

    /// Whether a pod of a workload may be disrupted.
    pub(super) fn allows(&self, workload: usize) -> bool {
        let mut covering = self.budgets.iter().filter(|(it, _)| it.contains(&workload));
        covering.all(|&(_, left)| left >= 1)
    }

    /// Whether pods of these workloads can all be disrupted at the same time.
    pub(super) fn allows_together(&self, pods: &[usize]) -> bool {
        self.budgets
            .iter()
            .all(|(workloads, left)| *left >= count(workloads, pods) || count(workloads, pods) == 0)
    }

    /// Uses up budgets.
    pub(super) fn use_up(&mut self, pods: &[usize]) {
        for (workloads, left) in &mut self.budgets {
            *left -= count(workloads, pods);
        }
    }
}

fn count(workloads: &[usize], pods: &[usize]) -> i64 {
    pods.iter().filter(|pod| workloads.contains(pod)).count() as i64
}
