//! Replicas of a service over time, by the three names that kubectl has for them.

use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{JobStage, PodStage, Record};
use flashcrowd_telemetry::TimeWeighted;
use flashcrowd_units::SimTime;

/// Desired, current and ready replicas, exact to the instant.
///
/// The three start at `spec.replicas`, because that many pods are ready when a run begins; records
/// of pods at the very start are these. Later ones change the levels, and the levels at the end of
/// each interval put right what they may have missed.
#[derive(Debug, Clone)]
pub struct ReplicaLevels {
    /// `spec.replicas`: DESIRED. Of a ScaledJob, the Jobs that have not ended.
    pub desired: TimeWeighted,
    /// Pods that exist and are not terminating: CURRENT.
    pub current: TimeWeighted,
    /// Pods that are ready: READY.
    pub ready: TimeWeighted,
}

impl ReplicaLevels {
    pub(crate) fn new(replicas: u32) -> Self {
        let level = TimeWeighted::new(SimTime::ZERO, replicas.into());
        Self {
            desired: level.clone(),
            current: level.clone(),
            ready: level,
        }
    }

    /// Takes note of a record about this service, or of an interval.
    pub(crate) fn observe(&mut self, at: SimTime, id: ServiceId, record: &Record<'_>) {
        match *record {
            Record::Scaled { service, to, .. } if service == id => self.desired.set(at, to.into()),
            Record::Job {
                service, from, to, ..
            } if service == id => {
                let is_active = |stage| stage == JobStage::Active;
                let was_active = from.is_some_and(is_active);
                step(&mut self.desired, at, was_active, is_active(to));
            }
            Record::Pod {
                service, from, to, ..
            } if service == id && at > SimTime::ZERO => {
                step(&mut self.current, at, from.is_some_and(exists), exists(to));
                step(
                    &mut self.ready,
                    at,
                    from == Some(PodStage::Ready),
                    to == PodStage::Ready,
                );
            }
            Record::Interval(ref interval) => {
                let service = &interval.services[id.index()];
                for (level, known) in [
                    (&mut self.desired, service.desired),
                    (&mut self.current, service.current),
                    (&mut self.ready, service.ready),
                ] {
                    if level.level() != u64::from(known) {
                        level.set(at, known.into());
                    }
                }
            }
            _ => {}
        }
    }
}

fn exists(stage: PodStage) -> bool {
    stage != PodStage::Terminating && !stage.is_final()
}

fn step(level: &mut TimeWeighted, at: SimTime, before: bool, after: bool) {
    let now = level.level();
    match (before, after) {
        (false, true) => level.set(at, now + 1),
        (true, false) => level.set(at, now.saturating_sub(1)),
        _ => {}
    }
}
