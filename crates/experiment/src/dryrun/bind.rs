//! Which column feeds which metric.

use super::MetricHistory;
use flashcrowd_autoscalers::keda::{FIELD_LABEL, Keda};
use flashcrowd_autoscalers::{MetricQuery, PodRequests, ResourceName};
use flashcrowd_manifests::hpa::{HpaSpec, MetricTargetType};
use flashcrowd_manifests::keda::ScaleTrigger;
use flashcrowd_scenario::nearest;
use std::collections::BTreeSet;
use std::fmt;

/// Columns with the CPU of instances in percent.
const CPU: [&str; 4] = [
    "cpu_utilization",
    "CPUUtilization",
    "CpuUtilization",
    "CPU_UTILIZATION",
];
/// Columns with the memory of instances in percent.
const MEMORY: [&str; 4] = [
    "memory_utilization",
    "MemoryUtilization",
    "mem_used_percent",
    "MEMORY_UTILIZATION",
];

/// A metric of the manifest that the history does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// No column has a name that it would be read from.
    #[error(
        "no column for {metric}: it is read from {}; there are {}{}",
        either(.accepted),
        .given.join(", "),
        .near.as_ref().map_or(String::new(), |near| format!(": is {near} meant? Rename it"))
    )]
    NoColumn {
        /// The metric.
        metric: String,
        /// Names of columns that would do.
        accepted: Vec<String>,
        /// Names of the columns there are.
        given: Vec<String>,
        /// The one whose name is nearly right.
        near: Option<String>,
    },
    /// There is usage but nothing to measure it against.
    #[error(
        "{metric} is a utilization, and column `{column}` is a usage: put the Deployment with its \
         requests into the manifest, or give a column `{column}_utilization` in percent"
    )]
    NoRequest {
        /// The metric.
        metric: String,
        /// The column.
        column: String,
    },
    /// The manifest measures something that is not simulated.
    #[error("resource `{0}` is not simulated, only cpu and memory are")]
    Resource(String),
}

/// `a`, `b` or `c`.
fn either(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// Everything that a manifest asks for and a history does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindErrors(pub Vec<BindError>);

impl fmt::Display for BindErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&errors.join("\n"))
    }
}

impl std::error::Error for BindErrors {}

/// Where a resource metric comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResourceFeed {
    pub(super) resource: ResourceName,
    /// `None` for the whole pod.
    pub(super) container: Option<String>,
    pub(super) column: String,
    /// Percent of the request; else an amount per pod.
    pub(super) is_percent: bool,
}

/// Where the answer to a query comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerFeed {
    /// From the resource metrics.
    Resources,
    /// The average of the pods.
    Pods(String),
    /// The value of an object.
    Object(String),
    /// The mean of the instances, as the value of an external metric.
    PerInstance(String),
    /// The series of an external metric: the columns of these names, in this order.
    External(Vec<String>),
}

/// All feeds of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Feeds {
    pub(super) resources: Vec<ResourceFeed>,
    /// In the order of the controller's queries.
    pub(super) answers: Vec<AnswerFeed>,
}

/// Finds columns for metrics.
struct Binder<'a> {
    history: &'a MetricHistory,
    requests: Option<&'a PodRequests>,
    feeds: Feeds,
    problems: Vec<BindError>,
}

/// The feeds of an HPA, defaulted.
pub(super) fn hpa(
    spec: &HpaSpec,
    requests: Option<&PodRequests>,
    history: &MetricHistory,
) -> Result<Feeds, BindErrors> {
    let mut binder = Binder::new(history, requests);
    for metric in &spec.metrics {
        let named = |name: &str| [name.to_owned()];
        let answer = if let Some(source) = &metric.resource {
            let is_average = source.target.average_value.is_some();
            binder.resource(&source.name, None, is_average)
        } else if let Some(source) = &metric.container_resource {
            let is_average = source.target.average_value.is_some();
            binder.resource(&source.name, Some(&source.container), is_average)
        } else if let Some(source) = &metric.pods {
            let column = binder.column("Pods metric", &named(&source.metric.name));
            column.map(AnswerFeed::Pods)
        } else if let Some(source) = &metric.object {
            let column = binder.column("Object metric", &named(&source.metric.name));
            column.map(AnswerFeed::Object)
        } else if let Some(source) = &metric.external {
            let column = binder.column("External metric", &named(&source.metric.name));
            column.map(|column| AnswerFeed::External(vec![column]))
        } else {
            Some(AnswerFeed::Resources)
        };
        binder.feeds.answers.extend(answer);
    }
    binder.finish()
}

/// The feeds of a ScaledObject.
pub(super) fn keda(
    triggers: &[ScaleTrigger],
    keda: &Keda,
    requests: Option<&PodRequests>,
    history: &MetricHistory,
) -> Result<Feeds, BindErrors> {
    let mut binder = Binder::new(history, requests);
    for (trigger, source) in triggers.iter().zip(keda.sources()) {
        let Some(source) = source else {
            let container = trigger.metadata.get("containerName").map(String::as_str);
            let is_average = trigger.metric_type == Some(MetricTargetType::AverageValue);
            let answer = binder.resource(&trigger.trigger_type, container, is_average);
            binder.feeds.answers.extend(answer);
            continue;
        };
        let own = trigger.name.iter().cloned();
        let names: Vec<String> = own.chain([source.metric.clone()]).collect();
        for query in &source.queries {
            let answer = binder.trigger_query(trigger, &names, query, source.queries.len() == 1);
            binder.feeds.answers.extend(answer);
        }
    }
    binder.finish()
}

/// The feeds of the autoscaler of an instance pool. `is_per_instance` is whether a metric that is
/// asked for by name is the mean of the instances; any other is taken as it was recorded.
pub(super) fn pool(
    queries: &[MetricQuery],
    resources: &[ResourceName],
    is_per_instance: &dyn Fn(&str) -> bool,
    history: &MetricHistory,
) -> Result<Feeds, BindErrors> {
    let mut binder = Binder::new(history, None);
    for &resource in resources {
        let (what, accepted) = match resource {
            ResourceName::Cpu => ("the metric", CPU),
            ResourceName::Memory => ("the metric", MEMORY),
        };
        if let Some(column) = binder.column(what, &accepted.map(str::to_owned)) {
            binder.feeds.resources.push(ResourceFeed {
                resource,
                container: None,
                column,
                is_percent: true,
            });
        }
    }
    for query in queries {
        let MetricQuery::External { name, .. } = query else {
            binder.feeds.answers.push(AnswerFeed::Resources);
            continue;
        };
        let column = binder.column("the metric", std::slice::from_ref(name));
        binder.feeds.answers.extend(column.map(|column| {
            if is_per_instance(name) {
                AnswerFeed::PerInstance(column)
            } else {
                AnswerFeed::External(vec![column])
            }
        }));
    }
    binder.finish()
}

impl<'a> Binder<'a> {
    fn new(history: &'a MetricHistory, requests: Option<&'a PodRequests>) -> Self {
        Self {
            history,
            requests,
            feeds: Feeds::default(),
            problems: Vec::new(),
        }
    }

    fn finish(self) -> Result<Feeds, BindErrors> {
        if self.problems.is_empty() {
            Ok(self.feeds)
        } else {
            Err(BindErrors(self.problems))
        }
    }

    fn has(&self, name: &str) -> bool {
        self.history.named(name).next().is_some()
    }

    /// The first of some names that is a column.
    fn column(&mut self, what: &str, accepted: &[String]) -> Option<String> {
        let found = accepted.iter().find(|name| self.has(name)).cloned();
        if found.is_none() {
            let metric = format!("{what} `{}`", accepted[0]);
            self.no_column(metric, accepted);
        }
        found
    }

    fn no_column(&mut self, metric: String, accepted: &[String]) {
        let names = self.history.names();
        let near = accepted
            .iter()
            .find_map(|name| nearest(name, names.iter().copied()));
        let quoted = |name: &str| format!("`{name}`");
        let problem = BindError::NoColumn {
            metric,
            accepted: accepted.iter().map(|name| quoted(name)).collect(),
            given: names.iter().map(|name| quoted(name)).collect(),
            near: near.map(quoted),
        };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn resource(
        &mut self,
        name: &str,
        container: Option<&str>,
        is_average: bool,
    ) -> Option<AnswerFeed> {
        let resource = match name {
            "cpu" => ResourceName::Cpu,
            "memory" => ResourceName::Memory,
            other => {
                self.problems.push(BindError::Resource(other.to_owned()));
                return None;
            }
        };
        let amount = container.map_or(name.to_owned(), |container| format!("{container}/{name}"));
        let percent = format!("{amount}_utilization");
        let request = self.requests.and_then(|requests| match container {
            Some(container) => requests.container(container, resource),
            None => requests.whole_pod(resource),
        });
        let metric = format!("the {name} metric");
        let (column, is_percent) = if is_average {
            (self.column("the resource", &[amount])?, false)
        } else if self.has(&percent) {
            (percent, true)
        } else if self.has(&amount) && request.is_some() {
            (amount, false)
        } else if self.has(&amount) {
            self.problems.push(BindError::NoRequest {
                metric,
                column: amount,
            });
            return None;
        } else {
            self.no_column(metric, &[percent, amount]);
            return None;
        };
        let feed = ResourceFeed {
            resource,
            container: container.map(str::to_owned),
            column,
            is_percent,
        };
        // Two metrics may look at one resource; the pods have one usage.
        let is_known = self
            .feeds
            .resources
            .iter()
            .any(|it| it.resource == feed.resource && it.container == feed.container);
        if !is_known {
            self.feeds.resources.push(feed);
        }
        Some(AnswerFeed::Resources)
    }

    /// One number of a trigger, or one series of numbers: `NAME/FIELD`, `NAME/FIELD/0` and so on;
    /// `NAME` will do where the trigger needs only one number.
    fn trigger_query(
        &mut self,
        trigger: &ScaleTrigger,
        names: &[String],
        query: &MetricQuery,
        is_only: bool,
    ) -> Option<AnswerFeed> {
        let MetricQuery::External {
            selector: Some(selector),
            ..
        } = query
        else {
            return Some(AnswerFeed::Resources);
        };
        let field = selector
            .match_labels
            .get(FIELD_LABEL)
            .map_or("", String::as_str);
        let mut accepted: Vec<String> = Vec::new();
        if is_only {
            accepted.extend(names.iter().cloned());
        }
        accepted.extend(names.iter().map(|name| format!("{name}/{field}")));
        for name in &accepted {
            let parts: Vec<String> = (0..self.history.columns.len())
                .map(|index| format!("{name}/{index}"))
                .take_while(|part| self.has(part))
                .collect();
            if !parts.is_empty() {
                return Some(AnswerFeed::External(parts));
            }
        }
        let what = format!("the {field} of trigger {},", trigger.trigger_type);
        let column = self.column(&what, &accepted)?;
        Some(AnswerFeed::External(vec![column]))
    }
}

impl Feeds {
    /// The columns that are used.
    pub(super) fn columns(&self) -> BTreeSet<&str> {
        let resources = self.resources.iter().map(|feed| feed.column.as_str());
        let answers = self.answers.iter().flat_map(|feed| match feed {
            AnswerFeed::Resources => Vec::new(),
            AnswerFeed::Pods(name) | AnswerFeed::Object(name) | AnswerFeed::PerInstance(name) => {
                vec![name.as_str()]
            }
            AnswerFeed::External(names) => names.iter().map(String::as_str).collect(),
        });
        resources.chain(answers).collect()
    }
}
