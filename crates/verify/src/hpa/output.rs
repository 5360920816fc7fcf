//! Our decision in the words of the recording.

use super::trace::{Output, Tick};
use flashcrowd_autoscalers::hpa::{CurrentMetric, Hpa, HpaPath, HpaSteps, MetricOutcome};
use flashcrowd_autoscalers::{Reason, ScaleOutcome, ScalingDecision};
use flashcrowd_manifests::hpa::{HpaSpec, MetricSourceType, MetricTargetType};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What ours did at one sync.
pub(super) struct Observed<'a> {
    pub(super) decision: &'a ScalingDecision,
    pub(super) steps: &'a HpaSteps,
    /// What came of the write; `None` where there was nothing to write.
    pub(super) outcome: Option<ScaleOutcome>,
    /// The HPA after the sync.
    pub(super) hpa: &'a Hpa,
}

/// A field that differs: its name, what was recorded, what ours gives.
pub(super) type Difference = (&'static str, Value, Value);

impl Observed<'_> {
    /// All fields that differ. `conditions` are the recorded ones after this sync.
    pub(super) fn differences(
        &self,
        tick: &Tick,
        spec: &HpaSpec,
        conditions: &BTreeMap<String, String>,
    ) -> Vec<Difference> {
        let Output {
            k,
            raw,
            me,
            mi,
            md,
            stab,
            lim,
            d,
            n,
            rs,
            why,
            e,
            cur,
            c: _,
        } = &tick.o;
        let applied = self.outcome == Some(ScaleOutcome::Applied);
        let status = self.hpa.status();
        let replicas = if applied {
            self.decision.desired.get()
        } else {
            tick.r
        };
        let failed_write = self.outcome == Some(ScaleOutcome::Failed);
        let fields = [
            ("k", json!(k), json!(self.path())),
            ("raw", json!(raw), json!(self.raw())),
            ("me", json!(me), json!(self.failures())),
            ("mi", json!(mi), json!(self.steps.winner)),
            ("md", json!(md), json!(self.combined())),
            ("stab", json!(stab), json!(self.steps.stabilized)),
            ("lim", json!(lim), json!(self.steps.limited)),
            ("d", json!(d), json!(status.desired_replicas.get())),
            ("n", json!(n), json!(replicas)),
            ("rs", json!(*rs != 0), json!(applied)),
            (
                "why",
                json!(why),
                json!(self.outcome.map(|_| self.reason())),
            ),
            ("e", json!(*e != 0), json!(self.steps.error || failed_write)),
            ("c", json!(conditions), json!(self.conditions())),
        ];
        let mut differences: Vec<_> = fields
            .into_iter()
            .filter(|(_, expected, got)| expected != got)
            .collect();
        let got = self.current(tick.s, spec, cur.as_deref());
        if json!(cur) != json!(got) {
            differences.push(("cur", json!(cur), json!(got)));
        }
        differences
    }

    fn path(&self) -> Option<&'static str> {
        match self.steps.path {
            HpaPath::Metrics => None,
            HpaPath::MetricsFailed => Some("failed"),
            HpaPath::AboveMax => Some("above_max"),
            HpaPath::BelowMin => Some("below_min"),
            HpaPath::Disabled => Some("disabled"),
            HpaPath::ScaleUnreadable => Some("get_failed"),
        }
    }

    fn raw(&self) -> Option<Vec<Option<i32>>> {
        let proposals = self
            .steps
            .metrics
            .iter()
            .map(|metric| metric.proposal().map(|it| it.replicas));
        (!self.steps.metrics.is_empty()).then(|| proposals.collect())
    }

    fn failures(&self) -> BTreeMap<String, &'static str> {
        let metrics = self.steps.metrics.iter().enumerate();
        let failed = metrics.filter_map(|(index, metric)| match metric.outcome {
            MetricOutcome::Failed { reason, .. } => Some((index.to_string(), reason.reason())),
            MetricOutcome::Proposed(_) => None,
        });
        failed.collect()
    }

    fn combined(&self) -> Option<i32> {
        if self.steps.path == HpaPath::MetricsFailed {
            Some(-1)
        } else {
            self.steps.proposal
        }
    }

    fn reason(&self) -> &'static str {
        match self.decision.reason {
            Reason::MetricAboveTarget { .. } => "above",
            Reason::AllMetricsBelowTarget => "below",
            Reason::AboveMaxReplicas => "max",
            Reason::BelowMinReplicas => "min",
            Reason::None => "none",
            _ => "other",
        }
    }

    fn conditions(&self) -> BTreeMap<&'static str, String> {
        let conditions = self.hpa.status().conditions;
        let text =
            |status: bool, reason: &str| format!("{}:{reason}", if status { "T" } else { "F" });
        conditions
            .iter()
            .map(|(name, status, reason)| (name, text(status, reason)))
            .collect()
    }

    /// The status metrics; nothing where none is set. A value per replica at 0 replicas is a
    /// division by zero whose result depends on the platform: there the recording is repeated.
    fn current(
        &self,
        status_replicas: u32,
        spec: &HpaSpec,
        recorded: Option<&[Value]>,
    ) -> Option<Vec<Value>> {
        let metrics = &self.hpa.status().current_metrics;
        if metrics.iter().all(Option::is_none) {
            return None;
        }
        let values = metrics.iter().enumerate().map(|(index, metric)| {
            if status_replicas == 0 && is_total_per_replica(spec, index) {
                return recorded
                    .and_then(|values| values.get(index))
                    .cloned()
                    .unwrap_or_default();
            }
            match *metric {
                None => Value::Null,
                Some(CurrentMetric::Utilization { percent, average }) => json!([percent, average]),
                Some(CurrentMetric::AverageValue(value) | CurrentMetric::Value(value)) => {
                    json!(value)
                }
            }
        });
        Some(values.collect())
    }
}

fn is_total_per_replica(spec: &HpaSpec, index: usize) -> bool {
    let Some(metric) = spec.metrics.get(index) else {
        return false;
    };
    let target = match metric.source_type {
        MetricSourceType::Object => metric.object.as_ref().map(|source| &source.target),
        MetricSourceType::External => metric.external.as_ref().map(|source| &source.target),
        _ => None,
    };
    target.is_some_and(|target| target.target_type == MetricTargetType::AverageValue)
}
