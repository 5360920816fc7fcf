//! The updater: which of the pods that run are evicted or resized now.
//!
//! At every pass: groups with too few pods are left alone; of the others the pods that may be
//! disrupted are looked at one by one; those that are far enough from the recommendation are
//! sorted, pods that need more first; and so many of them are taken as the group can spare.
//!
//! Source: `pkg/updater` (`logic`, `priority`, `restriction`) of vertical-pod-autoscaler 1.7.

mod decision;
mod disruption;
mod flags;
mod in_place;
mod observation;
mod priority;

pub use decision::{PodVerdict, Resize, UpdateAction, UpdateDecision, Verdict};
pub use flags::UpdaterFlags;
pub use observation::{
    ReplicaGroup, ResizeState, UpdaterContainer, UpdaterObservation, UpdaterPod,
};
pub use priority::UpdatePriority;

use super::{InvalidVpa, PodContainer, admit};
use crate::{PodId, PodPhase, RestoreError, SavedState, TimePoint};
use disruption::Group;
use flashcrowd_manifests::vpa::{UpdateMode, VpaSpec};
use in_place::InPlace;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See the [module](super).
#[derive(Debug, Clone)]
pub struct VpaUpdater {
    spec: VpaSpec,
    flags: UpdaterFlags,
    memory: Memory,
}

/// What a checkpoint has to keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// When a pod was first seen being resized. A later resize of the same pod counts from there
    /// too, as upstream never forgets it.
    resizing_since: BTreeMap<PodId, TimePoint>,
}

/// A pod that lives, with what is found about it in the course of a pass.
struct Candidate<'a> {
    pod: &'a UpdaterPod<'a>,
    group: usize,
    priority: Option<UpdatePriority>,
    verdict: Option<Verdict>,
}

impl VpaUpdater {
    /// An updater that has just started.
    ///
    /// `targetRef` is not looked at: whose pods these are is the driver's business.
    ///
    /// # Errors
    /// If the admission webhook would refuse the specification.
    pub fn new(spec: &VpaSpec, flags: UpdaterFlags) -> Result<Self, InvalidVpa> {
        InvalidVpa::check(spec, flags.gates)?;
        Ok(Self {
            spec: spec.clone(),
            flags,
            memory: Memory::default(),
        })
    }

    /// Somebody has edited the VPA.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing has changed then.
    pub fn edit(&mut self, spec: &VpaSpec) -> Result<(), InvalidVpa> {
        InvalidVpa::check(spec, self.flags.gates)?;
        self.spec = spec.clone();
        Ok(())
    }

    /// The flags of the updater.
    pub fn flags(&self) -> &UpdaterFlags {
        &self.flags
    }

    /// One pass.
    pub fn decide(&mut self, observation: &UpdaterObservation<'_>) -> UpdateDecision {
        let mode = self.spec.update_mode();
        let in_place = match mode {
            UpdateMode::Recreate | UpdateMode::Auto => false,
            UpdateMode::InPlaceOrRecreate => true,
            UpdateMode::Off | UpdateMode::Initial | UpdateMode::InPlace => {
                return UpdateDecision {
                    at: observation.now,
                    mode,
                    actions: Vec::new(),
                    pods: Vec::new(),
                };
            }
        };
        let (mut groups, mut candidates) = self.candidates(observation);
        for candidate in &mut candidates {
            let group = &groups[candidate.group];
            self.assess(candidate, group, in_place, observation);
        }
        // The sort is stable: of equally urgent pods the first comes first.
        let mut queue: Vec<usize> = (0..candidates.len())
            .filter(|&index| candidates[index].verdict.is_none())
            .collect();
        queue.sort_by(|&a, &b| priority::more_urgent_first(&candidates[a], &candidates[b]));

        let mut actions = Vec::new();
        let mut to_evict = Vec::new();
        if in_place {
            for index in queue {
                let candidate = &mut candidates[index];
                let group = &mut groups[candidate.group];
                match self.resize(candidate.pod, group, observation) {
                    Ok(resize) => {
                        candidate.verdict = Some(Verdict::Resized);
                        actions.push(UpdateAction::Resize(resize));
                    }
                    Err(Some(wait)) => candidate.verdict = Some(wait),
                    Err(None) => to_evict.push(index),
                }
            }
        } else {
            to_evict = queue;
        }
        for index in to_evict {
            let candidate = &mut candidates[index];
            let group = &mut groups[candidate.group];
            let verdict = self.evict(candidate.pod, group, in_place, observation.now);
            if matches!(verdict, Verdict::Evicted | Verdict::EvictedInsteadOfResized) {
                actions.push(UpdateAction::Evict(candidate.pod.id));
            }
            candidate.verdict = Some(verdict);
        }
        self.memory
            .resizing_since
            .retain(|pod, _| candidates.iter().any(|it| it.pod.id == *pod));
        UpdateDecision {
            at: observation.now,
            mode,
            actions,
            pods: candidates.iter().filter_map(verdict).collect(),
        }
    }

    /// The memory of this updater, without its configuration.
    pub fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    /// Takes over a memory that an updater has saved.
    ///
    /// # Errors
    /// If it is the memory of something else. The own memory is then unchanged.
    pub fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }

    /// The groups, and the pods that live.
    fn candidates<'a>(
        &self,
        observation: &UpdaterObservation<'a>,
    ) -> (Vec<Group>, Vec<Candidate<'a>>) {
        let policy = self.spec.update_policy.as_ref();
        let required = policy.and_then(|policy| policy.min_replicas);
        let required = required.map_or(self.flags.min_replicas, |it| it.max(0).unsigned_abs());
        let mut candidates = Vec::new();
        let groups = observation.groups.iter().enumerate().map(|(index, group)| {
            let live: Vec<_> = group.pods.iter().filter(|pod| pod.is_live()).collect();
            let too_few = live.len() < required as usize || group.configured.get() == 0;
            let stats = Group::new(group, &live, self.flags.eviction_tolerance);
            candidates.extend(live.into_iter().map(|pod| Candidate {
                pod,
                group: index,
                priority: None,
                verdict: too_few.then_some(Verdict::TooFewReplicas),
            }));
            stats
        });
        (groups.collect(), candidates)
    }

    /// Finds out whether a pod is to be updated, and how urgently.
    fn assess(
        &mut self,
        candidate: &mut Candidate<'_>,
        group: &Group,
        in_place: bool,
        observation: &UpdaterObservation<'_>,
    ) {
        if candidate.verdict.is_some() {
            return;
        }
        let pod = candidate.pod;
        let wait = if in_place {
            match self.in_place(pod, group, observation.now) {
                InPlace::Wait(verdict) => Some(verdict),
                InPlace::Approved | InPlace::Evict => None,
            }
        } else {
            self.refuses_eviction(pod, group, observation.now)
        };
        if wait.is_some() {
            candidate.verdict = wait;
            return;
        }
        let Some(recommendation) = observation.recommendation else {
            candidate.verdict = Some(Verdict::NoRecommendation);
            return;
        };
        let assessed = priority::assess(
            pod,
            &self.spec,
            recommendation,
            &self.flags,
            observation.now,
        );
        candidate.priority = Some(assessed.priority);
        candidate.verdict = assessed.refused;
    }

    /// Resizes a pod. `Err` with a verdict if it has to wait, without one if it is to be evicted.
    fn resize(
        &mut self,
        pod: &UpdaterPod<'_>,
        group: &mut Group,
        observation: &UpdaterObservation<'_>,
    ) -> Result<Resize, Option<Verdict>> {
        match self.in_place(pod, group, observation.now) {
            InPlace::Wait(verdict) => return Err(Some(verdict)),
            InPlace::Evict => return Err(None),
            InPlace::Approved => {}
        }
        let containers: Vec<PodContainer<'_>> =
            pod.containers.iter().map(|it| it.container).collect();
        let containers = admit(&self.spec, observation.recommendation, &containers);
        if containers.is_empty() || !pod.resizable {
            return Err(None);
        }
        group.resizes_started += 1;
        Ok(Resize {
            pod: pod.id,
            containers,
        })
    }

    /// Evicts a pod, if its group and the disruption budgets allow it.
    fn evict(
        &mut self,
        pod: &UpdaterPod<'_>,
        group: &mut Group,
        in_place: bool,
        now: TimePoint,
    ) -> Verdict {
        if let Some(refusal) = self.refuses_eviction(pod, group, now) {
            return refusal;
        }
        // A pod that does not run yet counts neither for the group nor for a budget.
        if pod.phase != PodPhase::Pending && !group.take() {
            return Verdict::DisruptionBudget;
        }
        if in_place {
            Verdict::EvictedInsteadOfResized
        } else {
            Verdict::Evicted
        }
    }
}

fn verdict(candidate: &Candidate<'_>) -> Option<PodVerdict> {
    Some(PodVerdict {
        pod: candidate.pod.id,
        priority: candidate.priority,
        verdict: candidate.verdict?,
    })
}

#[cfg(test)]
mod tests;
