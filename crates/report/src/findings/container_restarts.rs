//! Containers were killed, fell over again and again, or did not answer their readiness probe.
//!
//! Four findings: OOM kills and kills by a probe, from the first one on; a crash loop, once a
//! container had to wait in back-off; pods that their readiness probe took out of the Service
//! although they ran on, which leaves their load to the others. Every container that ends passes through CrashLoopBackOff;
//! the first restart follows in the same instant and is no loop.

use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Failure, PodId, PodStage, Record};
use flashcrowd_units::SimTime;
use std::collections::{BTreeMap, BTreeSet};

/// The kubelet's words for a container at its memory limit, and for one that a probe gave up on.
const OOM_KILLED: &str = "OOMKilled";
const UNHEALTHY: &str = "Unhealthy";

/// How often, since when, and to which pods something happened, and what it cost.
#[derive(Debug, Default, Clone)]
struct Occurrences {
    first: Option<SimTime>,
    number: u64,
    pods: BTreeSet<PodId>,
    /// Attempts that were lost.
    lost: u64,
}

impl Occurrences {
    fn count(&mut self, at: SimTime, pod: PodId) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.number += 1;
        self.pods.insert(pod);
    }
}

#[derive(Debug)]
pub(super) struct ContainerRestarts {
    service: ServiceId,
    oom: Occurrences,
    probe: Occurrences,
    back_off: Occurrences,
    unready: Occurrences,
    /// Pods that became unready in their latest step, and when. A kill follows at once.
    became_unready: BTreeMap<PodId, SimTime>,
    /// Pods in back-off, and since when.
    waiting: BTreeMap<PodId, SimTime>,
    now: SimTime,
}

impl ContainerRestarts {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            oom: Occurrences::default(),
            probe: Occurrences::default(),
            back_off: Occurrences::default(),
            unready: Occurrences::default(),
            became_unready: BTreeMap::new(),
            waiting: BTreeMap::new(),
            now: SimTime::ZERO,
        }
    }

    fn stage(
        &mut self,
        at: SimTime,
        pod: PodId,
        from: Option<PodStage>,
        to: PodStage,
        reason: &str,
    ) {
        if from == Some(to) {
            // A resize in place is no stage of its own.
            return;
        }
        // The waiting ends with whatever comes next.
        if let Some(since) = self.waiting.remove(&pod)
            && since < at
        {
            self.back_off.count(since, pod);
        }
        if let Some(since) = self.became_unready.remove(&pod)
            && (to != PodStage::CrashLoopBackOff || since < at)
        {
            self.unready.count(since, pod);
        }
        if from == Some(PodStage::Ready) && to == PodStage::Running && reason == UNHEALTHY {
            self.became_unready.insert(pod, at);
        }
        if to != PodStage::CrashLoopBackOff {
            return;
        }
        self.waiting.insert(pod, at);
        match reason {
            OOM_KILLED => self.oom.count(at, pod),
            UNHEALTHY => self.probe.count(at, pod),
            _ => {}
        }
    }

    /// Pods that have become ready again, and those that have not.
    fn unready(&self) -> Occurrences {
        let mut all = self.unready.clone();
        for (pod, since) in &self.became_unready {
            all.count(*since, *pod);
        }
        all
    }

    /// Waits that have ended, and those that have not.
    fn back_off(&self) -> Occurrences {
        let mut all = self.back_off.clone();
        for (pod, since) in self.waiting.iter().filter(|(_, since)| **since < self.now) {
            all.count(*since, *pod);
        }
        all
    }
}

impl Detector for ContainerRestarts {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        self.now = at;
        match *record {
            Record::Interval(ref interval) => {
                let service = &interval.services[self.service.index()];
                self.oom.lost += service.failed[Failure::OomKilled as usize];
                self.probe.lost += service.failed[Failure::ProbeKilled as usize];
            }
            Record::Pod {
                service,
                pod,
                from,
                to,
                reason,
            } if service == self.service => {
                self.stage(at, pod, from, to, reason);
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let service = &wording.context.services[self.service.index()];
        let limit = service
            .memory_limit
            .map(|limit| format!(" at the memory limit of {limit}"));
        let oom = killed(&self.oom, "OOM kill", &limit.unwrap_or_default(), wording);
        let probe = killed(&self.probe, "restart", " after failed probes", wording);
        let back_off = waited(&self.back_off(), wording);
        let unready = taken_out(&self.unready(), service, wording);
        let kinds = [
            ("oom_killed", oom),
            ("probe_killed", probe),
            ("crash_loop", back_off),
            ("readiness_lost", unready),
        ];
        for (code, kind) in kinds {
            findings.extend(kind.map(|(severity, at, text)| Finding {
                severity,
                at_seconds: at.as_secs_f64(),
                component: service.name.clone(),
                code,
                message: format!("{} {text}", service.name),
            }));
        }
    }
}

type Kind = Option<(Severity, SimTime, String)>;

fn killed(kills: &Occurrences, noun: &str, why: &str, wording: &Wording<'_>) -> Kind {
    let first = kills.first?;
    let severity = if kills.lost > 0 {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let text = format!(
        "had {} in {}{why}, the first at {}; {} lost",
        format::times(kills.number, noun),
        format::times(kills.pods.len() as u64, "pod"),
        wording.clock.short(first),
        format::times(kills.lost, "request"),
    );
    Some((severity, first, text))
}

fn waited(waits: &Occurrences, wording: &Wording<'_>) -> Kind {
    let first = waits.first?;
    let text = format!(
        "went into a crash loop at {}: {} waited for {} in CrashLoopBackOff",
        wording.clock.short(first),
        format::times(waits.pods.len() as u64, "pod"),
        format::times(waits.number, "restart"),
    );
    Some((Severity::Critical, first, text))
}

fn taken_out(unready: &Occurrences, service: &ServiceContext, wording: &Wording<'_>) -> Kind {
    let first = unready.first?;
    let by = if service.is_pool {
        "the health check of its load balancer"
    } else {
        "readiness probes"
    };
    let text = format!(
        "had {} taken out of service by {by}, {} from {} on: the others had to take \
         their load",
        format::times(unready.pods.len() as u64, service.unit()),
        format::times(unready.number, "time"),
        wording.clock.short(first),
    );
    Some((Severity::Warning, first, text))
}
