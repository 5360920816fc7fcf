//! The instances of a pool.

use crate::{Observation, PodPhase, PodView, Scale};
use flashcrowd_units::SimDuration;

/// Whether all instances that are wanted run, and none is on its way out. A driver that shows no
/// instances is taken by its numbers.
pub(super) fn are_running(observation: &Observation<'_>, scale: Scale) -> bool {
    scale.status_replicas == scale.spec_replicas
        && observation
            .pods
            .iter()
            .all(|pod| pod.phase == PodPhase::Running && !pod.deleting)
}

/// The same, with all of them in service.
pub(super) fn are_in_service(observation: &Observation<'_>, scale: Scale) -> bool {
    are_running(observation, scale) && observation.pods.iter().all(PodView::is_ready)
}

/// Whether an instance has been in service for so long.
pub(super) fn is_warm(
    instance: &PodView<'_>,
    observation: &Observation<'_>,
    warmup: SimDuration,
) -> bool {
    !instance.deleting
        && instance.is_ready()
        && instance
            .ready
            .is_some_and(|ready| ready.last_transition + warmup <= observation.now)
}

/// How many instances have been in service for so long; all that are wanted if the driver shows
/// no instances.
pub(super) fn warm_count(observation: &Observation<'_>, scale: Scale, warmup: SimDuration) -> u32 {
    if observation.pods.is_empty() {
        return scale.status_replicas.get();
    }
    let warm = observation
        .pods
        .iter()
        .filter(|pod| is_warm(pod, observation, warmup));
    warm.count() as u32
}
