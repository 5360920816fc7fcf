//! Whether a pod is resized in place (`InPlaceOrRecreate`).

use super::disruption::{Group, refusal};
use super::{UpdaterPod, Verdict, VpaUpdater};
use crate::{PodPhase, TimePoint};

/// What can be done with a pod in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InPlace {
    /// It can be resized.
    Approved,
    /// Not now.
    Wait(Verdict),
    /// A resize has failed or takes too long: it is to be evicted.
    Evict,
}

impl VpaUpdater {
    /// What can be done with a pod in place now. A resize counts against the group like an
    /// eviction, because it may restart the container.
    pub(super) fn in_place(
        &mut self,
        pod: &UpdaterPod<'_>,
        group: &Group,
        now: TimePoint,
    ) -> InPlace {
        if pod.phase == PodPhase::Pending {
            return InPlace::Wait(Verdict::Pending);
        }
        let (refused, otherwise) = match pod.resize {
            Some(state) => (
                self.refuses_to_give_up(pod, state, group, now),
                InPlace::Evict,
            ),
            None => (refusal(group), InPlace::Approved),
        };
        refused.map_or(otherwise, InPlace::Wait)
    }
}
