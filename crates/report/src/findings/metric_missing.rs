//! The autoscaler could not see.
//!
//! Two findings: decisions in which a metric failed, for each service; outages of the metrics API.
//! The first two minutes of a run do not count: a pod has no CPU value before its second sample.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_autoscalers::hpa::MetricOutcome;
use flashcrowd_autoscalers::{Reason, ScalingDecision};
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::Record;
use flashcrowd_units::{SimDuration, SimTime};

/// Until when a metric may fail without a word.
const WARM_UP: SimTime = SimTime::from_secs(120);

#[derive(Debug)]
pub(super) struct MetricMissing {
    service: ServiceId,
    first: Option<SimTime>,
    last: SimTime,
    /// Decisions with a metric that failed.
    failed: u64,
    decisions: u64,
    /// What the first failure was.
    what: String,
}

impl MetricMissing {
    pub(super) fn new(service: ServiceId) -> Self {
        let what = String::new();
        Self {
            service,
            first: None,
            last: SimTime::ZERO,
            failed: 0,
            decisions: 0,
            what,
        }
    }
}

impl Detector for MetricMissing {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let Record::Decision { service, decision } = record else {
            return;
        };
        if *service != self.service || at < WARM_UP {
            return;
        }
        self.decisions += 1;
        if let Some(what) = failed_metric(decision) {
            if self.first.is_none() {
                self.first = Some(at);
                self.what = what;
            }
            self.last = at;
            self.failed += 1;
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let name = &wording.context.services[self.service.index()].name;
        let clock = wording.clock;
        let when = if first == self.last {
            format!("at {}", clock.short(first))
        } else {
            format!(
                "between {} and {}",
                clock.short(first),
                clock.short(self.last)
            )
        };
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: first.as_secs_f64(),
            component: name.clone(),
            code: "metric_missing",
            message: format!(
                "{name}: its autoscaler missed a metric in {} of {} {when} ({})",
                format::count(self.failed),
                format::times(self.decisions, "decision"),
                self.what,
            ),
        });
    }
}

/// What failed, if anything did.
fn failed_metric(decision: &ScalingDecision) -> Option<String> {
    let metrics = decision
        .steps
        .hpa()
        .map(|steps| &steps.metrics[..])
        .unwrap_or_default();
    let failed = metrics.iter().find_map(|metric| match &metric.outcome {
        MetricOutcome::Failed { error, .. } => Some(format!("{}: {error}", metric.name)),
        MetricOutcome::Proposed(_) => None,
    });
    let blind = matches!(
        decision.reason,
        Reason::MetricsUnavailable | Reason::ScaleUnavailable
    );
    failed.or_else(|| blind.then(|| decision.reason.to_string()))
}

/// The metrics API did not answer.
#[derive(Debug, Default)]
pub(super) struct Outage {
    first: Option<SimTime>,
    since: Option<SimTime>,
    time: SimDuration,
    now: SimTime,
}

impl Detector for Outage {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        self.now = at;
        match record {
            Record::MetricsOutage(true) => {
                self.first.get_or_insert(at);
                self.since.get_or_insert(at);
            }
            Record::MetricsOutage(false) => {
                if let Some(since) = self.since.take() {
                    self.time += at.since(since);
                }
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let Some(first) = self.first else { return };
        let open = self
            .since
            .map_or(SimDuration::ZERO, |since| self.now.since(since));
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: first.as_secs_f64(),
            component: "metrics".to_owned(),
            code: "metrics_outage",
            message: format!(
                "the metrics API did not answer from {} on, for {} in all; autoscalers hold meanwhile",
                wording.clock.short(first),
                format::span(self.time + open),
            ),
        });
    }
}
