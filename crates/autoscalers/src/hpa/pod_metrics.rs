//! Replicas from metrics of pods: Resource, ContainerResource and Pods.
//!
//! Source: `GetResourceReplicas`, `calcPlainMetricReplicas` and `metrics/utilization.go`.
//! All sums are int64 in thousandths; the ratio and its product with the number of pods are
//! float64, so that `77/70 * 10` rounds up to 12.

use super::classify::{Measured, classify};
use super::model::PodTarget;
use super::proposal::int32;
use super::{CurrentMetric, HpaFlags, MetricError, PodClass, PodCounts, Proposal, Tolerance};
use crate::{MilliValue, PodId, PodView, TimePoint};

/// One sample of a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) pod: PodId,
    pub(super) value: MilliValue,
    pub(super) measured: Measured,
}

/// What a metric of pods is about.
pub(super) struct PodMetric<'a, F> {
    pub(super) target: PodTarget,
    pub(super) is_cpu: bool,
    pub(super) tolerance: Tolerance,
    pub(super) now: TimePoint,
    pub(super) flags: &'a HpaFlags,
    /// The request of a pod that utilisation is measured against.
    pub(super) request: F,
}

/// Sums over the samples that count.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    usage: i64,
    requests: i64,
    /// Samples behind the two sums.
    entries: i64,
    /// All samples, also those of pods that nobody knows.
    samples: i64,
}

/// Everything that one pass over the pods finds out.
#[derive(Debug, Default)]
struct Census {
    counts: PodCounts,
    real: Sums,
    /// What missing pods add if they are taken to use all of their request.
    missing_full: Sums,
    /// What unready pods add if they are taken to use nothing.
    unready_idle: Sums,
    lacks_request: bool,
}

impl<F: Fn(&PodView<'_>) -> Option<MilliValue>> PodMetric<'_, F> {
    /// The proposal for `current` replicas. Pods and samples are in ascending order of pod ids.
    pub(super) fn propose(
        &self,
        current: i32,
        pods: &[PodView<'_>],
        samples: impl Iterator<Item = Sample>,
    ) -> Result<Proposal, MetricError> {
        if pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        let census = self.census(pods, samples);
        if census.real.samples == 0 {
            return Err(MetricError::NoReadySamples);
        }
        if census.lacks_request {
            return Err(MetricError::MissingRequest);
        }
        let (ratio, current_metric) = self.ratio(census.real)?;
        let mut proposal = Proposal {
            replicas: current,
            current: current_metric,
            ratio,
            adjusted_ratio: None,
            pods: Some(census.counts),
        };
        let rebalance_unready = census.counts.unready > 0 && ratio > 1.0;
        if census.counts.missing == 0 && !rebalance_unready {
            if !self.tolerance.contains(ratio) {
                proposal.replicas = int32((ratio * census.counts.ready as f64).ceil());
            }
            return Ok(proposal);
        }
        let filled = census.filled(ratio, rebalance_unready);
        let (adjusted, _) = self.ratio(filled)?;
        proposal.adjusted_ratio = Some(adjusted);
        let turned = (ratio < 1.0 && adjusted > 1.0) || (ratio > 1.0 && adjusted < 1.0);
        if self.tolerance.contains(adjusted) || turned {
            return Ok(proposal);
        }
        let replicas = int32((adjusted * filled.samples as f64).ceil());
        let against =
            (adjusted < 1.0 && replicas > current) || (adjusted > 1.0 && replicas < current);
        if !against {
            proposal.replicas = replicas;
        }
        Ok(proposal)
    }

    /// One pass over the pods and, beside them, their samples.
    fn census(&self, pods: &[PodView<'_>], samples: impl Iterator<Item = Sample>) -> Census {
        debug_assert!(
            pods.is_sorted_by(|a, b| a.id < b.id),
            "pods are in ascending order"
        );
        let mut census = Census::default();
        let mut samples = samples.peekable();
        for pod in pods {
            while let Some(unknown) = samples.next_if(|sample| sample.pod < pod.id) {
                census.add_unknown(unknown.value, self.target);
            }
            let sample = samples.next_if(|sample| sample.pod == pod.id);
            let measured = sample.map(|sample| sample.measured);
            let class = classify(pod, measured, self.is_cpu, self.now, self.flags);
            census.counts.count(class);
            self.add(&mut census, pod, class, sample.map(|sample| sample.value));
        }
        samples.for_each(|unknown| census.add_unknown(unknown.value, self.target));
        census
    }

    fn add(
        &self,
        census: &mut Census,
        pod: &PodView<'_>,
        class: PodClass,
        value: Option<MilliValue>,
    ) {
        let request = match self.target {
            PodTarget::Average(_) => 0,
            PodTarget::Utilization(_) => {
                let request = (self.request)(pod);
                // One pod without a request spoils the metric, whatever its class.
                census.lacks_request |= request.is_none();
                request.map_or(0, MilliValue::get)
            }
        };
        match class {
            PodClass::Ignored => {}
            PodClass::Unready => census.unready_idle.add(0, request),
            PodClass::Missing => census.missing_full.add(self.full(request), request),
            PodClass::Ready => census.real.add(value.unwrap_or_default().get(), request),
        }
    }

    /// What a pod is taken to use when it shall not make the number smaller than it is.
    fn full(&self, request: i64) -> i64 {
        match self.target {
            PodTarget::Utilization(percent) => request.wrapping_mul(percent.max(100).into()) / 100,
            PodTarget::Average(target) => target.get(),
        }
    }

    /// Metric over target, and what the status shows.
    fn ratio(&self, sums: Sums) -> Result<(f64, CurrentMetric), MetricError> {
        match self.target {
            PodTarget::Utilization(target) => {
                if sums.requests == 0 {
                    return Err(MetricError::NoKnownPods);
                }
                let percent = sums.usage.wrapping_mul(100).wrapping_div(sums.requests) as i32;
                let average = MilliValue::new(sums.usage / sums.entries);
                Ok((
                    f64::from(percent) / f64::from(target),
                    CurrentMetric::Utilization { percent, average },
                ))
            }
            PodTarget::Average(target) => {
                let average = sums.usage / sums.entries;
                let ratio = average as f64 / target.get() as f64;
                Ok((ratio, CurrentMetric::AverageValue(MilliValue::new(average))))
            }
        }
    }
}

impl Sums {
    fn add(&mut self, usage: i64, request: i64) {
        *self = self.plus(Self {
            usage,
            requests: request,
            entries: 1,
            samples: 1,
        });
    }

    fn plus(self, other: Self) -> Self {
        Self {
            usage: self.usage.wrapping_add(other.usage),
            requests: self.requests.wrapping_add(other.requests),
            entries: self.entries + other.entries,
            samples: self.samples + other.samples,
        }
    }
}

impl Census {
    /// A sample of a pod that the pod list does not have: part of a plain average, but nothing to
    /// compare with a request.
    fn add_unknown(&mut self, value: MilliValue, target: PodTarget) {
        match target {
            PodTarget::Average(_) => self.real.add(value.get(), 0),
            PodTarget::Utilization(_) => self.real.samples += 1,
        }
    }

    /// The sums with missing and unready pods filled in so that they dampen the change: on the
    /// way down missing pods use all they asked for, on the way up missing and unready pods use
    /// nothing.
    fn filled(&self, ratio: f64, rebalance_unready: bool) -> Sums {
        let mut sums = self.real;
        if ratio < 1.0 {
            sums = sums.plus(self.missing_full);
        } else if ratio > 1.0 {
            sums = sums.plus(Sums {
                usage: 0,
                ..self.missing_full
            });
        }
        if rebalance_unready {
            sums.plus(self.unready_idle)
        } else {
            sums
        }
    }
}
