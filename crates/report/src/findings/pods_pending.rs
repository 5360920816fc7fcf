//! Pods waited for a node.
//!
//! From the moment the scheduler finds no node for a pod until it is bound or gone; a few seconds
//! while another pod ends are not worth a word. Of each service the number, the longest wait and
//! the first reason are told.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{PodId, PodStage, Record};
use flashcrowd_units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Shorter waits are part of any busy cluster.
const LEAST: SimDuration = SimDuration::from_secs(10);
/// Pods that are named.
const NAMED: usize = 3;

#[derive(Debug)]
pub(super) struct PodsPending {
    service: ServiceId,
    waiting: BTreeMap<PodId, SimTime>,
    /// When the first one began to wait, and why.
    first: Option<(SimTime, String)>,
    number: u64,
    longest: SimDuration,
    sum: SimDuration,
    named: Vec<PodId>,
    now: SimTime,
}

impl PodsPending {
    pub(super) fn new(service: ServiceId) -> Self {
        Self {
            service,
            waiting: BTreeMap::new(),
            first: None,
            number: 0,
            longest: SimDuration::ZERO,
            sum: SimDuration::ZERO,
            named: Vec::new(),
            now: SimTime::ZERO,
        }
    }
}

impl Detector for PodsPending {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        self.now = at;
        match *record {
            Record::Unschedulable {
                service,
                pod,
                reason,
            } if service == self.service => {
                self.waiting.insert(pod, at);
                self.first.get_or_insert_with(|| (at, reason.to_owned()));
            }
            Record::Pod {
                service, pod, to, ..
            } if service == self.service && to != PodStage::Pending => {
                let Some(since) = self.waiting.remove(&pod) else {
                    return;
                };
                let waited = at.since(since);
                if waited >= LEAST {
                    self.number += 1;
                    self.sum += waited;
                    self.longest = self.longest.max(waited);
                    if self.named.len() < NAMED {
                        self.named.push(pod);
                    }
                }
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some((first, reason)) = &self.first else {
            return;
        };
        let (mut number, mut longest, mut sum) = (self.number, self.longest, self.sum);
        let mut named = self.named.clone();
        let mut left = 0;
        for (pod, since) in &self.waiting {
            let waited = self.now.since(*since);
            if waited >= LEAST {
                left += 1;
                sum += waited;
                longest = longest.max(waited);
                named.push(*pod);
            }
        }
        number += left;
        if number == 0 {
            return;
        }
        let name = &wording.context.services[self.service.index()].name;
        let mean = SimDuration::from_secs_f64(sum.as_secs_f64() / number as f64);
        let names: Vec<String> = named
            .iter()
            .take(NAMED)
            .map(|id| format!("{name}-{}", id.0))
            .collect();
        let more = if number > names.len() as u64 {
            ", ..."
        } else {
            ""
        };
        let end = match left {
            0 => String::new(),
            1 => "; one still waits at the end".to_owned(),
            left => format!("; {} still wait at the end", format::count(left)),
        };
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "pods_pending",
            message: format!(
                "{} of {name} waited for a node from {} on, {} on average and {} at most \
                 ({}{more}): {reason}{end}",
                format::times(number, "pod"),
                wording.clock.short(*first),
                format::span(mean),
                format::span(longest),
                names.join(", "),
            ),
        });
    }
}
