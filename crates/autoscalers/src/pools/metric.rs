//! What is measured, and its samples in an observation.

use crate::{MetricAnswer, MetricQuery, Observation, PodUsage, PodView, ResourceName, TimePoint};

/// A metric of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Utilization of the instances \[%\].
    Utilization(ResourceName),
    /// Anything else, by name.
    Named(String),
}

impl Source {
    pub(super) fn query(&self) -> MetricQuery {
        match self {
            Self::Utilization(_) => MetricQuery::Resources,
            Self::Named(name) => MetricQuery::External {
                name: name.clone(),
                selector: None,
            },
        }
    }

    /// Its index in a list of metrics, which it joins if it is not there.
    pub(super) fn index_in(self, sources: &mut Vec<Self>) -> usize {
        let known = sources.iter().position(|other| *other == self);
        known.unwrap_or_else(|| {
            sources.push(self);
            sources.len() - 1
        })
    }

    /// What is measured now, each value with its time. Instances that are on their way out or are
    /// not included do not count.
    pub(super) fn samples(
        &self,
        index: usize,
        observation: &Observation<'_>,
        include: impl Fn(&PodView<'_>) -> bool,
    ) -> Vec<(TimePoint, f64)> {
        match self {
            Self::Utilization(resource) => observation
                .resources
                .unwrap_or_default()
                .iter()
                .filter_map(|usage| {
                    let instance = instance(observation, usage)?;
                    if instance.deleting || !include(instance) {
                        return None;
                    }
                    Some((usage.at, utilization(usage, instance, *resource)?))
                })
                .collect(),
            Self::Named(_) => {
                let value = total(observation.answers.get(index));
                value
                    .map(|value| (observation.now, value))
                    .into_iter()
                    .collect()
            }
        }
    }
}

/// The resources among some metrics.
pub(super) fn resources(sources: &[Source]) -> Vec<ResourceName> {
    let resources = sources.iter().filter_map(|source| match source {
        Source::Utilization(resource) => Some(*resource),
        Source::Named(_) => None,
    });
    resources.collect()
}

fn instance<'a>(observation: &Observation<'a>, usage: &PodUsage<'_>) -> Option<&'a PodView<'a>> {
    let index = observation
        .pods
        .binary_search_by_key(&usage.pod, |pod| pod.id);
    index.ok().map(|index| &observation.pods[index])
}

/// Usage in percent of the request.
fn utilization(
    usage: &PodUsage<'_>,
    instance: &PodView<'_>,
    resource: ResourceName,
) -> Option<f64> {
    let request = instance.requests.whole_pod(resource)?.get();
    let used = usage.containers.iter().filter_map(|it| it.get(resource));
    let used = used.map(|it| it.get() as f64).reduce(|sum, it| sum + it)?;
    (request > 0).then(|| 100.0 * used / request as f64)
}

/// The value of an answer: the sum of its series.
fn total(answer: Option<&MetricAnswer<'_>>) -> Option<f64> {
    match answer? {
        MetricAnswer::Unavailable => None,
        MetricAnswer::Object(value) => Some(value.get() as f64 / 1000.0),
        MetricAnswer::External(series) => {
            let values = series.iter().map(|value| value.get() as f64 / 1000.0);
            values.reduce(|sum, value| sum + value)
        }
        MetricAnswer::Pods(samples) => {
            let values = samples
                .iter()
                .map(|sample| sample.value.get() as f64 / 1000.0);
            values.reduce(|sum, value| sum + value)
        }
    }
}
