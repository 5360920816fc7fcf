//! Which pods a metric is computed from (`groupPods` of `replica_calculator.go`).

use super::HpaFlags;
use crate::{ConditionStatus, PodPhase, PodView, TimePoint};
use flashcrowd_units::SimDuration;
use serde::Serialize;

/// What a pod is to a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PodClass {
    /// It does not exist for the metric: being deleted, or failed.
    Ignored,
    /// It is there but does not work yet; its sample is dropped.
    Unready,
    /// It has no sample.
    Missing,
    /// It counts with its sample.
    Ready,
}

/// How many pods of each class there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PodCounts {
    /// Pods that count with their sample.
    pub ready: i64,
    /// Pods that do not work yet.
    pub unready: i64,
    /// Pods without a sample.
    pub missing: i64,
    /// Pods that do not exist for the metric.
    pub ignored: i64,
}

impl PodCounts {
    pub(super) fn count(&mut self, class: PodClass) {
        match class {
            PodClass::Ready => self.ready += 1,
            PodClass::Unready => self.unready += 1,
            PodClass::Missing => self.missing += 1,
            PodClass::Ignored => self.ignored += 1,
        }
    }
}

/// When and how long a pod was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) at: TimePoint,
    pub(super) window: SimDuration,
}

/// The class of a pod. Only the CPU metric asks whether the pod has been initialised; for all
/// others a running pod with a sample is a normal pod.
pub(super) fn classify(
    pod: &PodView<'_>,
    sample: Option<Measured>,
    is_cpu: bool,
    now: TimePoint,
    flags: &HpaFlags,
) -> PodClass {
    if pod.deleting || pod.phase == PodPhase::Failed {
        return PodClass::Ignored;
    }
    if pod.phase == PodPhase::Pending {
        return PodClass::Unready;
    }
    match sample {
        None => PodClass::Missing,
        Some(sample) if is_cpu && is_initialising(pod, sample, now, flags) => PodClass::Unready,
        Some(_) => PodClass::Ready,
    }
}

/// Whether the CPU of a pod says nothing yet about its load.
///
/// While it is young, a sample counts only if the pod is not unready and the sample's whole
/// window lies after the last change of its readiness. Later, only a pod that has never been
/// ready does not count: one that is unready since shortly after its start.
fn is_initialising(pod: &PodView<'_>, sample: Measured, now: TimePoint, flags: &HpaFlags) -> bool {
    let (Some(ready), Some(start)) = (pod.ready, pod.start_time) else {
        return true;
    };
    let is_unready = ready.status == ConditionStatus::False;
    if start + flags.cpu_initialization_period > now {
        is_unready || sample.at < ready.last_transition + sample.window
    } else {
        is_unready && start + flags.initial_readiness_delay > ready.last_transition
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PodId, PodRequests, ReadyCondition};

    const fn at(seconds: i64) -> TimePoint {
        TimePoint::from_secs(seconds)
    }

    fn class(
        change: impl FnOnce(&mut PodView<'_>),
        sample: Option<i64>,
        now: i64,
        is_cpu: bool,
    ) -> PodClass {
        let requests = PodRequests::default();
        let mut pod = PodView {
            id: PodId(0),
            phase: PodPhase::Running,
            start_time: Some(at(0)),
            ready: Some(ReadyCondition::ready_since(at(100))),
            deleting: false,
            requests: &requests,
        };
        change(&mut pod);
        let sample = sample.map(|time| Measured {
            at: at(time),
            window: SimDuration::from_secs(15),
        });
        classify(&pod, sample, is_cpu, at(now), &HpaFlags::default())
    }

    #[test]
    fn phases_come_before_samples() {
        assert_eq!(
            class(|pod| pod.deleting = true, Some(600), 600, true),
            PodClass::Ignored
        );
        assert_eq!(
            class(|pod| pod.phase = PodPhase::Failed, None, 600, true),
            PodClass::Ignored
        );
        assert_eq!(
            class(|pod| pod.phase = PodPhase::Pending, Some(600), 600, false),
            PodClass::Unready
        );
        assert_eq!(
            class(|pod| pod.phase = PodPhase::Succeeded, None, 600, true),
            PodClass::Missing
        );
        assert_eq!(
            class(|pod| pod.phase = PodPhase::Unknown, Some(600), 600, true),
            PodClass::Ready
        );
    }

    #[test]
    fn young_pods_need_a_whole_window_since_their_readiness_changed() {
        assert_eq!(class(|_| {}, Some(114), 299, true), PodClass::Unready);
        assert_eq!(class(|_| {}, Some(115), 299, true), PodClass::Ready);
        assert_eq!(class(|_| {}, Some(114), 300, true), PodClass::Ready);
        assert_eq!(class(|_| {}, Some(114), 299, false), PodClass::Ready);
    }

    #[test]
    fn old_pods_are_unready_only_if_they_never_were_ready() {
        let unready = |seconds| {
            move |pod: &mut PodView<'_>| {
                pod.ready = Some(ReadyCondition::unready_since(at(seconds)));
            }
        };
        assert_eq!(class(unready(29), Some(600), 600, true), PodClass::Unready);
        assert_eq!(class(unready(30), Some(600), 600, true), PodClass::Ready);
        assert_eq!(class(unready(30), Some(600), 299, true), PodClass::Unready);
        assert_eq!(
            class(|pod| pod.ready = None, Some(600), 600, true),
            PodClass::Unready
        );
        assert_eq!(
            class(|pod| pod.start_time = None, Some(600), 600, true),
            PodClass::Unready
        );
    }
}
