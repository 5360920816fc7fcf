//! Scaling up: options, choice, execution.

use super::ClusterAutoscalerFlags;
use super::decision::{NoScaleUp, ScaleUpOption, ScaleUpResult, ScaleUpSteps, SizeChange};
use super::estimator::{Candidate, EquivalenceGroup, Estimate, estimate};
use super::expander::{Surroundings, filter};
use super::observation::{ClusterObservation, TieBreak};
use super::provider::Provider;
use super::quota::Quota;
use super::registry::Registry;
use super::similar::{Share, are_similar, balance};
use super::template::Template;
use crate::scheduling::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts of the autoscaler that take part in scaling up.
pub(super) struct ScaleUp<'r, 'o, 's> {
    pub(super) seen: &'r ClusterObservation<'o>,
    pub(super) flags: &'r ClusterAutoscalerFlags,
    pub(super) registry: &'r mut Registry,
    pub(super) provider: &'r mut Provider,
    pub(super) templates: &'r [Template],
    pub(super) snapshot: &'r mut Snapshot<'s>,
}

/// Pods of one kind, and which groups can help them.
struct Waiting {
    pods: EquivalenceGroup,
    /// Groups whose nodes take them.
    helped_by: Vec<usize>,
    rejected: BTreeMap<usize, Vec<&'static str>>,
}

impl ScaleUp<'_, '_, '_> {
    /// Tries to help pods.
    pub(super) fn run(&mut self, pods: &[Candidate]) -> (ScaleUpResult, ScaleUpSteps) {
        let quota = Quota::to_add(&self.flags.limits, self.snapshot);
        let mut waiting = self.group(pods);
        let (valid, skipped) = self.valid_groups(&quota);
        for &group in &valid {
            self.find_helped(group, &mut waiting);
        }
        let mut steps = ScaleUpSteps::default();
        let options: Vec<Estimate> = valid
            .iter()
            .map(|&group| self.option(group, &valid, &waiting))
            .filter(|option| option.nodes > 0 && !option.pods.is_empty())
            .collect();
        steps.options = options.iter().map(shown).collect();
        if options.is_empty() {
            steps.remaining = remaining(&waiting, skipped);
            return (ScaleUpResult::NoOptionsAvailable, steps);
        }
        let best = self.choose(&options, &mut steps);
        steps.triggered = best.pods.iter().map(|pod| pod.id).collect();
        let plan = self.plan(best, &valid, &waiting, &quota);
        let executed = plan.is_some_and(|plan| self.execute(plan, &mut steps));
        if !executed {
            let refused = steps.refused.unwrap_or(best.group);
            for waiting in &mut waiting {
                if let Some(at) = waiting.helped_by.iter().position(|&it| it == refused) {
                    waiting.helped_by.remove(at);
                    waiting
                        .rejected
                        .insert(refused, vec!["scale-up execution failed"]);
                }
            }
            steps.remaining = remaining(&waiting, skipped);
            return (ScaleUpResult::Error, steps);
        }
        self.registry.recalculate(self.provider);
        let awaits =
            |it: &&Waiting| !it.helped_by.is_empty() && it.rejected.contains_key(&best.group);
        steps.awaiting = waiting
            .iter()
            .filter(awaits)
            .flat_map(|it| it.pods.pods.iter().copied())
            .collect();
        steps.remaining = remaining(&waiting, skipped);
        (ScaleUpResult::Successful, steps)
    }

    /// Makes groups that are below their minimum grow. `None` if there is none.
    pub(super) fn grow_to_min_size(&mut self) -> Option<(bool, Vec<SizeChange>)> {
        let quota = Quota::to_add(&self.flags.limits, self.snapshot);
        let mut plan = Vec::new();
        for (group, view) in self.seen.groups.iter().enumerate() {
            let current = self.provider.target(group);
            let shape = self
                .snapshot
                .feasibility()
                .shape(self.templates[group].shape);
            if current >= view.min
                || !self.registry.is_safe(group, self.seen.now, self.flags)
                || quota.check(shape, 1).is_err()
            {
                continue;
            }
            let wanted = quota.allowed(shape, view.min - current);
            if let Some(nodes) = self.within_max_nodes(wanted) {
                plan.push(Share {
                    group,
                    current,
                    new: current + nodes,
                    max: view.max,
                });
            }
        }
        if plan.is_empty() {
            return None;
        }
        let mut steps = ScaleUpSteps::default();
        let succeeded = self.execute(plan, &mut steps);
        if succeeded {
            self.registry.recalculate(self.provider);
        }
        Some((succeeded, steps.changes))
    }

    /// Groups pods that are alike, in order of their first pods. A pod that nothing replaces is on
    /// its own.
    fn group(&self, pods: &[Candidate]) -> Vec<Waiting> {
        let mut groups: Vec<Waiting> = Vec::new();
        let mut by_workload: BTreeMap<usize, usize> = BTreeMap::new();
        for &Candidate { id, workload } in pods {
            let is_replicated = self.seen.workloads[workload].workload.owner.is_replicated();
            let known = by_workload.get(&workload).filter(|_| is_replicated);
            if let Some(&index) = known {
                groups[index].pods.pods.push(id);
                continue;
            }
            by_workload.insert(workload, groups.len());
            groups.push(Waiting {
                pods: EquivalenceGroup {
                    workload,
                    pods: vec![id],
                },
                helped_by: Vec::new(),
                rejected: BTreeMap::new(),
            });
        }
        groups
    }

    /// Groups that may grow, and why the others may not.
    fn valid_groups(&self, quota: &Quota) -> (Vec<usize>, BTreeMap<usize, String>) {
        let mut valid = Vec::new();
        let mut skipped = BTreeMap::new();
        for (group, view) in self.seen.groups.iter().enumerate() {
            let shape = self
                .snapshot
                .feasibility()
                .shape(self.templates[group].shape);
            let reason = if !self.registry.is_healthy(group, self.flags) {
                "not ready for scale-up".to_owned()
            } else if self.registry.backoff.holds(group, self.seen.now) {
                "in backoff after failed scale-up".to_owned()
            } else if self.provider.target(group) >= view.max {
                "max node group size reached".to_owned()
            } else if let Err((exceeded, _)) = quota.check(shape, 1) {
                exceeded.reason()
            } else {
                valid.push(group);
                continue;
            };
            skipped.insert(group, reason);
        }
        (valid, skipped)
    }

    /// Which pods an empty node of the group would take.
    fn find_helped(&self, group: usize, waiting: &mut [Waiting]) {
        let fit = self.snapshot.feasibility();
        for waiting in waiting {
            match self.templates[group].check(waiting.pods.workload, fit) {
                Ok(()) => waiting.helped_by.push(group),
                Err(unfit) => {
                    waiting.rejected.insert(group, unfit.reasons());
                }
            }
        }
    }

    fn option(&mut self, group: usize, valid: &[usize], waiting: &[Waiting]) -> Estimate {
        let helped: Vec<&EquivalenceGroup> = waiting
            .iter()
            .filter(|it| it.helped_by.contains(&group))
            .map(|it| &it.pods)
            .collect();
        let similar = self.similar_groups(group, valid, waiting);
        let template = &self.templates[group];
        let (nodes, pods) = match self.node_limit(group, &similar) {
            _ if helped.is_empty() => (0, Vec::new()),
            Limit::None => (0, Vec::new()),
            Limit::UpTo(limit) => estimate(self.snapshot, template, &helped, Some(limit)),
        };
        Estimate {
            group,
            shape: template.shape,
            nodes,
            pods,
            similar,
        }
    }

    /// Groups that could share the nodes: similar, valid, and able to help the same pods.
    fn similar_groups(&self, group: usize, valid: &[usize], waiting: &[Waiting]) -> Vec<usize> {
        let helps_any = waiting.iter().any(|it| it.helped_by.contains(&group));
        if !self.flags.balance_similar_node_groups || !helps_any {
            return Vec::new();
        }
        let fit = self.snapshot.feasibility();
        let is_similar = |other: usize| {
            let (one, other) = (&self.templates[group], &self.templates[other]);
            are_similar(one, other, fit, &self.flags.balancing_ignored_labels)
        };
        let helps_all = |other: usize| {
            let mut helped = waiting.iter().filter(|it| it.helped_by.contains(&group));
            helped.all(|it| it.helped_by.contains(&other))
        };
        let others = valid.iter().copied().filter(|&other| other != group);
        others
            .filter(|&other| is_similar(other) && helps_all(other))
            .collect()
    }

    /// How many nodes an estimate may add.
    fn node_limit(&self, group: usize, similar: &[usize]) -> Limit {
        let free = |&group: &usize| {
            self.seen.groups[group]
                .max
                .saturating_sub(self.provider.target(group))
        };
        let mut limit: u32 = similar.iter().chain([&group]).map(free).sum();
        if self.flags.max_nodes_per_scale_up > 0 {
            limit = limit.min(self.flags.max_nodes_per_scale_up);
        }
        if self.flags.max_nodes_total > 0 {
            let left = self
                .flags
                .max_nodes_total
                .saturating_sub(self.snapshot.len() as u32);
            limit = limit.min(left);
        }
        if limit == 0 {
            Limit::None
        } else {
            Limit::UpTo(limit)
        }
    }

    /// Asks the expanders, and draws among what is left.
    fn choose<'e>(&self, options: &'e [Estimate], steps: &mut ScaleUpSteps) -> &'e Estimate {
        let around = Surroundings {
            fit: self.snapshot.feasibility(),
            groups: self
                .seen
                .groups
                .iter()
                .map(|it| (it.id, it.price))
                .collect(),
            nodes: self.seen.nodes.len(),
            priorities: self.flags.priorities.as_ref(),
        };
        let best = filter(&self.flags.expanders, options, &around);
        steps.best = best.iter().map(|it| it.group).collect();
        let index = match self.seen.tie_break {
            TieBreak::Draw(number) => (number % best.len() as u64) as usize,
            TieBreak::Group(group) => best.iter().position(|it| it.group == group).unwrap_or(0),
        };
        steps.chosen = Some(best[index].group);
        best[index]
    }

    /// The nodes of an option, capped and spread. `None` if the cluster is full.
    fn plan(
        &self,
        best: &Estimate,
        valid: &[usize],
        waiting: &[Waiting],
        quota: &Quota,
    ) -> Option<Vec<Share>> {
        let nodes = self.within_max_nodes(best.nodes)?;
        let nodes = quota.allowed(self.snapshot.feasibility().shape(best.shape), nodes);
        let similar = self.similar_groups(best.group, valid, waiting);
        let share = |group: usize| {
            let current = self.provider.target(group);
            Share {
                group,
                current,
                new: current,
                max: self.seen.groups[group].max,
            }
        };
        let groups = std::iter::once(best.group).chain(similar).map(share);
        Some(balance(groups, nodes))
    }

    /// So many nodes, or fewer if the cluster may not have more. `None` if it may have none.
    fn within_max_nodes(&self, nodes: u32) -> Option<u32> {
        match self.flags.max_nodes_total {
            0 => Some(nodes),
            total => {
                let left = total.saturating_sub(self.snapshot.len() as u32);
                (left > 0).then(|| nodes.min(left))
            }
        }
    }

    /// Increases groups until one is refused. Returns whether all have grown.
    fn execute(&mut self, plan: Vec<Share>, steps: &mut ScaleUpSteps) -> bool {
        let now = self.seen.now;
        for Share {
            group,
            current: from,
            new: to,
            ..
        } in plan
        {
            if !self.provider.increase(group, to - from) {
                self.registry.backoff.failed(group, now, self.flags);
                steps.refused = Some(group);
                return false;
            }
            self.registry.requested(group, to - from, now, self.flags);
            steps.changes.push(SizeChange { group, from, to });
        }
        true
    }
}

/// How many nodes an estimate may add.
enum Limit {
    None,
    UpTo(u32),
}

fn shown(option: &Estimate) -> ScaleUpOption {
    ScaleUpOption {
        group: option.group,
        nodes: option.nodes,
        pods: option.pods.len(),
        similar: option.similar.clone(),
    }
}

/// Pods that no group can help, those with the same reasons together.
fn remaining(waiting: &[Waiting], skipped: BTreeMap<usize, String>) -> Vec<NoScaleUp> {
    let skipped = Arc::new(skipped);
    let mut rows: Vec<NoScaleUp> = Vec::new();
    for it in waiting.iter().filter(|it| it.helped_by.is_empty()) {
        match rows.iter_mut().find(|row| row.rejected == it.rejected) {
            Some(row) => row.pods.extend(&it.pods.pods),
            None => rows.push(NoScaleUp {
                pods: it.pods.pods.clone(),
                rejected: it.rejected.clone(),
                skipped: Arc::clone(&skipped),
            }),
        }
    }
    rows
}
