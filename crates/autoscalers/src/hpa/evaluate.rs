//! One metric of the specification against one observation.

use super::classify::Measured;
use super::model::{Metric, PodTarget, Source, TotalTarget};
use super::pod_metrics::{PodMetric, Sample};
use super::{Hpa, MetricError, MetricOutcome, MetricStep, Proposal, ScalingActive, total_metrics};
use crate::{
    ContainerUsage, MetricAnswer, MilliValue, Observation, PodUsage, PodView, ResourceName, Scale,
    TimePoint,
};
use flashcrowd_units::SimDuration;

impl Hpa {
    /// Asks every metric, in order.
    pub(super) fn evaluate(&self, observation: &Observation<'_>, scale: Scale) -> Vec<MetricStep> {
        let metrics = self.model.metrics.iter().enumerate();
        metrics
            .map(|(index, metric)| {
                let answer = observation
                    .answers
                    .get(index)
                    .copied()
                    .unwrap_or(MetricAnswer::Unavailable);
                let outcome = match self.propose(metric, observation, answer, scale) {
                    Ok(proposal) => MetricOutcome::Proposed(proposal),
                    Err(error) => MetricOutcome::Failed {
                        reason: failure_reason(metric),
                        error,
                    },
                };
                MetricStep {
                    name: metric.name.clone(),
                    outcome,
                }
            })
            .collect()
    }

    fn propose(
        &self,
        metric: &Metric,
        observation: &Observation<'_>,
        answer: MetricAnswer<'_>,
        scale: Scale,
    ) -> Result<Proposal, MetricError> {
        let (current, status) = (int32(scale.spec_replicas), int32(scale.status_replicas));
        let tolerance = self.model.tolerance;
        match &metric.source {
            Source::Resource { resource, target } => {
                let usages = reported(observation)?;
                let request = |pod: &PodView<'_>| pod.requests.whole_pod(*resource);
                let samples = usages
                    .iter()
                    .filter_map(|usage| whole_pod_sample(usage, *resource));
                let metric = self.pod_metric(
                    *target,
                    *resource == ResourceName::Cpu,
                    observation.now,
                    request,
                );
                metric.propose(current, observation.pods, samples)
            }
            Source::ContainerResource {
                resource,
                container,
                target,
            } => {
                let usages = reported(observation)?;
                let request = |pod: &PodView<'_>| pod.requests.container(container, *resource);
                let samples = usages
                    .iter()
                    .filter_map(|usage| container_sample(usage, container, *resource));
                let metric = self.pod_metric(
                    *target,
                    *resource == ResourceName::Cpu,
                    observation.now,
                    request,
                );
                metric.propose(current, observation.pods, samples)
            }
            Source::Pods { target } => {
                let MetricAnswer::Pods(samples) = answer else {
                    return Err(MetricError::Unavailable);
                };
                if samples.is_empty() {
                    return Err(MetricError::NoSamples);
                }
                let measured = Measured {
                    at: observation.now,
                    window: SimDuration::ZERO,
                };
                let samples = samples.iter().map(|it| Sample {
                    pod: it.pod,
                    value: it.value,
                    measured,
                });
                let metric =
                    self.pod_metric(PodTarget::Average(*target), false, observation.now, |_| {
                        None
                    });
                metric.propose(current, observation.pods, samples)
            }
            Source::Object { target } => {
                let MetricAnswer::Object(usage) = answer else {
                    return Err(MetricError::Unavailable);
                };
                match *target {
                    TotalTarget::Value(target) => {
                        total_metrics::by_value(usage, target, tolerance, current, observation.pods)
                    }
                    TotalTarget::Average(target) => Ok(total_metrics::object_by_average(
                        usage, target, tolerance, status,
                    )),
                    TotalTarget::Unset => Err(MetricError::InvalidTarget),
                }
            }
            Source::External { target } => {
                let MetricAnswer::External(values) = answer else {
                    return Err(MetricError::Unavailable);
                };
                match *target {
                    TotalTarget::Value(target) => {
                        let usage = total_metrics::sum(values)?;
                        total_metrics::by_value(usage, target, tolerance, current, observation.pods)
                    }
                    TotalTarget::Average(target) => {
                        let usage = total_metrics::sum_per_replica(values)?;
                        Ok(total_metrics::external_by_average(
                            usage, target, tolerance, status,
                        ))
                    }
                    TotalTarget::Unset => Err(MetricError::InvalidTarget),
                }
            }
        }
    }

    fn pod_metric<F>(
        &self,
        target: PodTarget,
        is_cpu: bool,
        now: TimePoint,
        request: F,
    ) -> PodMetric<'_, F>
    where
        F: Fn(&PodView<'_>) -> Option<MilliValue>,
    {
        PodMetric {
            target,
            is_cpu,
            tolerance: self.model.tolerance,
            now,
            flags: &self.flags,
            request,
        }
    }
}

/// The controller's numbers of replicas are int32.
pub(super) fn int32(replicas: flashcrowd_units::Replicas) -> i32 {
    i32::try_from(replicas.get()).unwrap_or(i32::MAX)
}

fn reported<'a>(observation: &Observation<'a>) -> Result<&'a [PodUsage<'a>], MetricError> {
    let usages = observation.resources.ok_or(MetricError::Unavailable)?;
    if usages.is_empty() {
        Err(MetricError::NoSamples)
    } else {
        Ok(usages)
    }
}

/// The sum over the containers that are reported; no sample if one of them lacks the resource.
fn whole_pod_sample(usage: &PodUsage<'_>, resource: ResourceName) -> Option<Sample> {
    if usage.containers.is_empty() {
        return None;
    }
    let mut containers = usage.containers.iter();
    let value = containers.try_fold(0, |sum: i64, it| {
        Some(sum.wrapping_add(it.get(resource)?.get()))
    })?;
    Some(sample(usage, MilliValue::new(value)))
}

/// The usage of one container; no sample if it is not reported or lacks the resource.
fn container_sample(
    usage: &PodUsage<'_>,
    container: &str,
    resource: ResourceName,
) -> Option<Sample> {
    let named = |it: &&ContainerUsage<'_>| it.name == container;
    let value = usage.containers.iter().find(named)?.get(resource)?;
    Some(sample(usage, value))
}

fn sample(usage: &PodUsage<'_>, value: MilliValue) -> Sample {
    Sample {
        pod: usage.pod,
        value,
        measured: Measured {
            at: usage.at,
            window: usage.window,
        },
    }
}

fn failure_reason(metric: &Metric) -> ScalingActive {
    match metric.source {
        Source::Resource { .. } => ScalingActive::FailedGetResourceMetric,
        Source::ContainerResource { .. } => ScalingActive::FailedGetContainerResourceMetric,
        Source::Pods { .. } => ScalingActive::FailedGetPodsMetric,
        Source::Object { .. } => ScalingActive::FailedGetObjectMetric,
        Source::External { .. } => ScalingActive::FailedGetExternalMetric,
    }
}
