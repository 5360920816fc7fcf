//! What the metrics of pods were computed from: how old the samples are, and which pods were left
//! out, and why.
//!
//! It changes no decision; it is there to explain one.

use super::HpaFlags;
use super::PodClass;
use super::classify::{Measured, classify};
use crate::{ConditionStatus, Observation, PodPhase, PodView};
use flashcrowd_units::SimDuration;
use serde::Serialize;
use std::collections::BTreeMap;

/// The resource samples of one sync and the pods that they are about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Evidence {
    /// Pods with a sample.
    pub sampled: u32,
    /// Age of the newest sample: from the end of its window to the sync.
    pub newest_age: Option<SimDuration>,
    /// Age of the oldest sample.
    pub oldest_age: Option<SimDuration>,
    /// How many pods do not count with a sample, by the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<LeftOut, u32>,
}

/// Why a pod does not count with its sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It is being deleted.
    Deleting,
    /// It has failed.
    Failed,
    /// Its containers have not all been started.
    Pending,
    /// It is not ready, and young, or has never been ready. Only the CPU metric asks.
    NotReady,
    /// It is young, and its sample began before it became ready. Only the CPU metric asks.
    MeasuredTooEarly,
    /// It has no sample.
    NoSample,
}

impl Evidence {
    /// `is_cpu` is whether the CPU is among the metrics, whose rules are the stricter ones.
    pub(super) fn of(observation: &Observation<'_>, is_cpu: bool, flags: &HpaFlags) -> Self {
        let usages = observation.resources.unwrap_or_default();
        let mut evidence = Self::default();
        let mut samples = usages.iter().peekable();
        for pod in observation.pods {
            while samples.next_if(|sample| sample.pod < pod.id).is_some() {}
            let sample = samples.next_if(|sample| sample.pod == pod.id);
            let measured = sample.map(|sample| Measured {
                at: sample.at,
                window: sample.window,
            });
            let class = classify(pod, measured, is_cpu, observation.now, flags);
            if let Some(why) = why(pod, class) {
                *evidence.left_out.entry(why).or_default() += 1;
            } else if let Some(measured) = measured {
                let age = observation.now.as_nanos() - measured.at.as_nanos();
                evidence.add(SimDuration::from_nanos(age.max(0).unsigned_abs()));
            }
        }
        evidence
    }

    fn add(&mut self, age: SimDuration) {
        self.sampled += 1;
        self.newest_age = Some(self.newest_age.map_or(age, |it| it.min(age)));
        self.oldest_age = Some(self.oldest_age.map_or(age, |it| it.max(age)));
    }
}

fn why(pod: &PodView<'_>, class: PodClass) -> Option<LeftOut> {
    match class {
        PodClass::Ready => None,
        PodClass::Ignored if pod.deleting => Some(LeftOut::Deleting),
        PodClass::Ignored => Some(LeftOut::Failed),
        PodClass::Missing => Some(LeftOut::NoSample),
        PodClass::Unready if pod.phase == PodPhase::Pending => Some(LeftOut::Pending),
        PodClass::Unready => {
            let is_unready = pod
                .ready
                .is_none_or(|ready| ready.status == ConditionStatus::False);
            Some(if is_unready || pod.start_time.is_none() {
                LeftOut::NotReady
            } else {
                LeftOut::MeasuredTooEarly
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContainerUsage, PodId, PodRequests, PodUsage, ReadyCondition, TimePoint};

    /// At 600 s: pod 0 counts (sample of 585), pod 1 became ready at 590 and was measured from 570
    /// to 585, pod 2 is unready, pod 3 is being deleted, pod 4 is pending, pod 5 has no sample.
    #[test]
    fn each_pod_is_left_out_for_its_own_reason() {
        let at = TimePoint::from_secs;
        let requests = PodRequests::default();
        let pod = |id, start, ready| PodView {
            id: PodId(id),
            phase: PodPhase::Running,
            start_time: Some(at(start)),
            ready: Some(ready),
            deleting: false,
            requests: &requests,
        };
        let mut pods = [
            pod(0, 0, ReadyCondition::ready_since(at(10))),
            pod(1, 560, ReadyCondition::ready_since(at(590))),
            pod(2, 560, ReadyCondition::unready_since(at(560))),
            pod(3, 0, ReadyCondition::ready_since(at(10))),
            pod(4, 595, ReadyCondition::unready_since(at(595))),
            pod(5, 0, ReadyCondition::ready_since(at(10))),
        ];
        pods[3].deleting = true;
        pods[4].phase = PodPhase::Pending;
        let usage = [ContainerUsage {
            name: "app",
            cpu: None,
            memory: None,
        }];
        let samples = [0, 1, 2, 3].map(|id| PodUsage {
            pod: PodId(id),
            at: at(585),
            window: SimDuration::from_secs(15),
            containers: &usage,
        });
        let observation = Observation {
            now: at(600),
            scale: None,
            pods: &pods,
            resources: Some(&samples),
            answers: &[],
        };
        let evidence = Evidence::of(&observation, true, &HpaFlags::default());
        let age = Some(SimDuration::from_secs(15));
        assert_eq!(
            (evidence.sampled, evidence.newest_age, evidence.oldest_age),
            (1, age, age)
        );
        let left_out: Vec<_> = evidence.left_out.into_iter().collect();
        assert_eq!(
            left_out,
            [
                (LeftOut::Deleting, 1),
                (LeftOut::Pending, 1),
                (LeftOut::NotReady, 1),
                (LeftOut::MeasuredTooEarly, 1),
                (LeftOut::NoSample, 1)
            ]
        );
        // For memory a running pod with a sample is a normal pod.
        let memory = Evidence::of(&observation, false, &HpaFlags::default());
        assert_eq!(memory.sampled, 3);
    }
}
