//! What saturated, what flapped, what was lost: conclusions that a person would draw.
//!
//! Each detector watches the records as they pass, in constant memory, and writes at most one
//! finding per component. What each one looks for, and its limits, stand at the top of its file.

mod backlog_overflow;
mod container_restarts;
mod cpu_at_limit;
mod cpu_supply;
mod cpu_throttled;
mod episodes;
mod flapping;
mod jobs_failed;
mod metric_missing;
mod no_ready_endpoint;
mod node_groups;
mod objectives;
mod pods_pending;
mod procedures;
mod replicas_at_max;
mod requests_lost;
mod rollout;
#[cfg(test)]
mod tests;
mod users;
mod vpa_and_hpa;

pub(crate) use objectives::missed_objectives;

use crate::context::RunContext;
use crate::wall_clock::WallClock;
use flashcrowd_core::record::Record;
use flashcrowd_units::SimTime;
use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Users noticed.
    Critical,
    /// Users may notice next time.
    Warning,
    /// Worth knowing.
    Info,
}

/// One conclusion about a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// When it began, in seconds since the start of the run.
    pub at_seconds: f64,
    /// What it is about: the name of a service, of an objective, or `metrics`.
    pub component: String,
    /// What kind of finding it is: a stable name such as `replicas_at_max`.
    pub code: &'static str,
    /// The finding in one sentence, with times in the scenario's zone.
    pub message: String,
}

/// What detectors need to put their findings into words.
pub(crate) struct Wording<'a> {
    pub(crate) context: &'a RunContext,
    pub(crate) clock: &'a WallClock,
}

/// Watches for one kind of problem.
pub(crate) trait Detector: fmt::Debug + Send {
    /// Takes note of a record.
    fn observe(&mut self, at: SimTime, record: &Record<'_>);

    /// What was seen until now.
    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>);
}

/// One of each kind.
pub(crate) fn detectors(context: &RunContext) -> Vec<Box<dyn Detector>> {
    let mut detectors: Vec<Box<dyn Detector>> = Vec::new();
    for id in context.service_ids() {
        let service = &context.services[id.index()];
        if service.is_scaled_job {
            // Pods of Jobs come and go, use what CPU they get, and are missed by nobody.
            let of_jobs: [Box<dyn Detector>; 4] = [
                Box::new(replicas_at_max::ReplicasAtMax::new(id, service)),
                Box::new(container_restarts::ContainerRestarts::new(id)),
                Box::new(metric_missing::MetricMissing::new(id)),
                Box::new(jobs_failed::JobsFailed::new(id)),
            ];
            detectors.extend(of_jobs);
            continue;
        }
        let of_service: [Box<dyn Detector>; 12] = [
            Box::new(replicas_at_max::ReplicasAtMax::new(id, service)),
            Box::new(cpu_at_limit::CpuAtLimit::new(id, service)),
            Box::new(cpu_throttled::CpuThrottled::new(id, service)),
            Box::new(backlog_overflow::Overflow::of_backlog(id)),
            Box::new(backlog_overflow::Overflow::of_load_balancer(id)),
            Box::new(container_restarts::ContainerRestarts::new(id)),
            Box::new(flapping::Flapping::new(id)),
            Box::new(requests_lost::RequestsLost::new(id)),
            Box::new(metric_missing::MetricMissing::new(id)),
            Box::new(no_ready_endpoint::NoReadyEndpoint::new(id, service)),
            Box::new(rollout::Rollout::new(id)),
            Box::new(vpa_and_hpa::VpaAndHpa::new(id, service)),
        ];
        detectors.extend(of_service);
    }
    if !context.node_groups.is_empty() {
        for id in context.service_ids() {
            detectors.push(Box::new(pods_pending::PodsPending::new(id)));
        }
    }
    for (group, spec) in context.node_groups.iter().enumerate() {
        detectors.push(Box::new(node_groups::GroupAtMax::new(group)));
        if spec.is_spot {
            detectors.push(Box::new(node_groups::SpotInterruptions::new(group)));
        }
    }
    detectors.push(Box::new(metric_missing::Outage::default()));
    detectors.push(Box::new(procedures::Procedures::default()));
    detectors
}

/// Leaves out what another finding says already, and orders the others by time, the worse before
/// the less bad, then by component.
pub(crate) fn sort(findings: &mut Vec<Finding>) {
    cpu_throttled::merge_into_limit(findings);
    findings.sort_by(|a, b| {
        a.at_seconds
            .total_cmp(&b.at_seconds)
            .then(a.severity.cmp(&b.severity))
            .then_with(|| a.component.cmp(&b.component))
            .then_with(|| a.code.cmp(b.code))
    });
}
