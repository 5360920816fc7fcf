//! Where a controller's number comes from.

use crate::{MetricAnswer, MetricQuery, MilliValue, Observation, PodUsage, ResourceName};
use serde::{Deserialize, Serialize};

/// A number that can be read at every sync, if it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Signal {
    /// CPU that all pods use together \[cores\].
    CpuUsage,
    /// Memory that all pods use together \[bytes\].
    MemoryUsage,
    /// CPU that the ready pods use, as a share of what they request: 0.7 is 70 %.
    CpuUtilization,
    /// Memory that the ready pods use, as a share of what they request.
    MemoryUtilization,
    /// A metric with a name: a queue length, a rate of requests, a quantile of the latency.
    External {
        /// Its name.
        name: String,
        /// What is made of its series if there are several.
        #[serde(default)]
        aggregate: Aggregate,
    },
}

/// How the series of a metric become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Their sum: right for queue lengths and rates.
    #[default]
    Sum,
    /// Their mean.
    Mean,
    /// The largest: right for quantiles, which cannot be averaged.
    Max,
    /// The smallest.
    Min,
}

impl Aggregate {
    fn of(self, values: &[MilliValue]) -> Option<f64> {
        let sum = || values.iter().map(|it| i128::from(it.get())).sum::<i128>() as f64;
        let milli = match self {
            _ if values.is_empty() => return None,
            Self::Sum => sum(),
            Self::Mean => sum() / values.len() as f64,
            Self::Max => values.iter().max()?.get() as f64,
            Self::Min => values.iter().min()?.get() as f64,
        };
        Some(milli / 1000.0)
    }
}

impl Signal {
    /// A metric with this name whose series are added up.
    pub fn external(name: impl Into<String>) -> Self {
        Self::External {
            name: name.into(),
            aggregate: Aggregate::Sum,
        }
    }

    /// What the driver has to bring.
    pub fn query(&self) -> MetricQuery {
        match self {
            Self::External { name, .. } => MetricQuery::External {
                name: name.clone(),
                selector: None,
            },
            _ => MetricQuery::Resources,
        }
    }

    /// The number, if it is there. `query` is the place of [`query`](Self::query) among the
    /// queries of the autoscaler.
    pub fn read(&self, observation: &Observation<'_>, query: usize) -> Option<f64> {
        match self {
            Self::CpuUsage => total(observation, ResourceName::Cpu).map(|milli| milli / 1e3),
            Self::MemoryUsage => total(observation, ResourceName::Memory).map(|milli| milli / 1e3),
            Self::CpuUtilization => utilization(observation, ResourceName::Cpu),
            Self::MemoryUtilization => utilization(observation, ResourceName::Memory),
            Self::External { aggregate, .. } => match observation.answers.get(query)? {
                MetricAnswer::External(values) => aggregate.of(values),
                MetricAnswer::Object(value) => aggregate.of(&[*value]),
                MetricAnswer::Unavailable | MetricAnswer::Pods(_) => None,
            },
        }
    }

    /// Its name in reasons and steps.
    pub fn name(&self) -> &str {
        match self {
            Self::CpuUsage => "cpu_usage",
            Self::MemoryUsage => "memory_usage",
            Self::CpuUtilization => "cpu_utilization",
            Self::MemoryUtilization => "memory_utilization",
            Self::External { name, .. } => name,
        }
    }
}

/// Thousandths that one pod uses; `None` if a container was not reported.
fn used(pod: &PodUsage<'_>, resource: ResourceName) -> Option<i128> {
    let mut containers = pod.containers.iter();
    containers.try_fold(0, |sum, container| {
        Some(sum + i128::from(container.get(resource)?.get()))
    })
}

/// Thousandths that all pods use which were reported; `None` if there is none.
fn total(observation: &Observation<'_>, resource: ResourceName) -> Option<f64> {
    let samples = observation.resources?.iter();
    let reported: Vec<i128> = samples.filter_map(|pod| used(pod, resource)).collect();
    (!reported.is_empty()).then(|| reported.iter().sum::<i128>() as f64)
}

/// Usage over request of the ready pods that were reported and request anything.
fn utilization(observation: &Observation<'_>, resource: ResourceName) -> Option<f64> {
    let pods = observation.pods;
    let (mut usage, mut requests) = (0_i128, 0_i128);
    for sample in observation.resources? {
        let Ok(index) = pods.binary_search_by_key(&sample.pod, |pod| pod.id) else {
            continue;
        };
        let pod = &pods[index];
        let request = pod.requests.whole_pod(resource);
        if let (Some(used), Some(request)) = (used(sample, resource), request)
            && pod.is_ready()
            && !pod.deleting
        {
            usage += used;
            requests += i128::from(request.get());
        }
    }
    (requests > 0).then(|| usage as f64 / requests as f64)
}
