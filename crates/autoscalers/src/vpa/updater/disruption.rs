//! How many pods of a group can be spared.

use super::{ReplicaGroup, ResizeState, UpdaterPod, Verdict, VpaUpdater};
use crate::{PodPhase, TimePoint};
use flashcrowd_units::SimDuration;

/// A resize that the node has no room for is given up after this time.
const DEFERRED_RESIZE_TIMEOUT: SimDuration = SimDuration::from_secs(300);
/// A resize that the kubelet is at is given up after this time.
const IN_PROGRESS_RESIZE_TIMEOUT: SimDuration = SimDuration::from_secs(3600);

/// The state of a group in the course of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    configured: u64,
    /// Live pods that are not pending.
    running: u64,
    /// How many pods may be missing.
    tolerance: u64,
    evicted: u64,
    pub(super) resizes_started: u64,
    /// Evictions that PodDisruptionBudgets still allow.
    disruptions_allowed: Option<u32>,
}

impl Group {
    pub(super) fn new(group: &ReplicaGroup<'_>, live: &[&UpdaterPod<'_>], tolerance: f64) -> Self {
        let running = live.iter().filter(|pod| pod.phase != PodPhase::Pending);
        Self {
            configured: group.configured.get().into(),
            running: running.count() as u64,
            tolerance: (f64::from(group.configured.get()) * tolerance) as u64,
            evicted: 0,
            resizes_started: 0,
            disruptions_allowed: group.disruptions_allowed,
        }
    }

    /// Whether one more pod can be spared: if more run than have to, or if none may be missing, all
    /// of them run and none has been touched in this pass.
    fn is_disruptable(&self) -> bool {
        let touched = self.evicted + self.resizes_started;
        self.running + self.tolerance > self.configured + touched
            || (self.tolerance == 0 && self.running == self.configured && touched == 0)
    }

    /// Takes one pod out, if the disruption budgets allow it.
    pub(super) fn take(&mut self) -> bool {
        match &mut self.disruptions_allowed {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        self.evicted += 1;
        true
    }
}

impl VpaUpdater {
    /// Why a pod may not be evicted now; `None` if it may. Pending pods always may.
    pub(super) fn refuses_eviction(
        &mut self,
        pod: &UpdaterPod<'_>,
        group: &Group,
        now: TimePoint,
    ) -> Option<Verdict> {
        if pod.phase == PodPhase::Pending {
            return None;
        }
        match pod.resize {
            Some(state) => self.refuses_to_give_up(pod, state, group, now),
            None => refusal(group),
        }
    }

    /// Why a resize is not given up yet; `None` if the pod is to be evicted instead.
    pub(super) fn refuses_to_give_up(
        &mut self,
        pod: &UpdaterPod<'_>,
        state: ResizeState,
        group: &Group,
        now: TimePoint,
    ) -> Option<Verdict> {
        let since = *self.memory.resizing_since.entry(pod.id).or_insert(now);
        if let refused @ Some(_) = refusal(group) {
            return refused;
        }
        let given_up = match state {
            ResizeState::Deferred => now > since + DEFERRED_RESIZE_TIMEOUT,
            ResizeState::InProgress => now > since + IN_PROGRESS_RESIZE_TIMEOUT,
            ResizeState::Infeasible | ResizeState::Failed => true,
        };
        (!given_up).then_some(Verdict::ResizeOngoing)
    }
}

pub(super) fn refusal(group: &Group) -> Option<Verdict> {
    (!group.is_disruptable()).then_some(Verdict::GroupNotDisruptable)
}
