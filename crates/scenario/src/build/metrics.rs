//! Metrics by name, and whether those exist that autoscalers ask for.

use super::Context;
use super::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::spec::{Measure, MetricSpec};
use flashcrowd_core::model::{
    EndpointFigure, MetricSource, NamedMetric, Percentile, QueueFigure, ServiceFigure,
};
use flashcrowd_units::SimDuration;

const OF_SERVICES: &str = "`requests`, `errors`, `error_ratio`, `latency`, `in_flight`, `concurrency`, `cpu`, `cpu_utilization`, `cpu_utilization_of_limit`, `cpu_throttled`, `memory`, `memory_utilization`, `memory_utilization_of_limit`, `replicas` or `ready_replicas`";
const OF_ENDPOINTS: &str = "`requests`, `errors`, `error_ratio` or `latency`";
const OF_QUEUES: &str =
    "`waiting`, `in_progress`, `length`, `enqueue_rate`, `process_rate` or `oldest_seconds`";
/// Prometheus' `scrape_interval` in most installations.
const SCRAPE: SimDuration = SimDuration::from_secs(15);

pub(super) fn metrics(context: &Context<'_>, problems: &mut Problems) -> Vec<NamedMetric> {
    let base = FieldPath::default().join("metrics");
    let specs = context.spec.metrics.iter();
    specs
        .filter_map(|(name, spec)| {
            let path = base.join(name);
            metric(context, name, spec, SCRAPE, &path, problems)
        })
        .collect()
}

/// A metric that is read every `interval` unless it says otherwise.
pub(super) fn metric(
    context: &Context<'_>,
    name: &str,
    spec: &MetricSpec,
    interval: SimDuration,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<NamedMetric> {
    let source = source(context, spec, path, problems)?;
    let is_queue = matches!(source, MetricSource::Queue(..));
    let by_itself = if is_queue && !source.needs_window() {
        SimDuration::ZERO
    } else {
        interval
    };
    let resolution = spec.resolution.unwrap_or(by_itself);
    let mut check = context.check(problems);
    for (field, value) in [("resolution", resolution), ("window", spec.window)] {
        if source.needs_window() && value.is_zero() {
            let message = "a rate needs two reads some time apart";
            check.invalid(&path.join(field), message, "above 0s, as 15s");
        }
    }
    Some(NamedMetric {
        name: name.to_owned(),
        source,
        resolution,
        lag: spec.lag,
        window: spec.window,
    })
}

fn source(
    context: &Context<'_>,
    spec: &MetricSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<MetricSource> {
    let percentile = percentile(context, spec, path, problems);
    let measured = (&spec.service, &spec.endpoint, &spec.queue);
    match measured {
        (Some(service), None, None) => {
            let id = context.service(service, &path.join("service"), problems);
            let wanted = wanted(context, spec, (service, OF_SERVICES), path, problems)?;
            let figure = of_service(wanted, percentile?);
            let figure = known(context, figure, ("a service", OF_SERVICES), path, problems)?;
            Some(MetricSource::Service(id?, figure))
        }
        (None, Some(endpoint), None) => {
            let id = context.endpoint(endpoint, &path.join("endpoint"), false, problems);
            let wanted = wanted(context, spec, (endpoint, OF_ENDPOINTS), path, problems)?;
            let figure = of_endpoint(wanted, percentile?);
            let figure = known(
                context,
                figure,
                ("an endpoint", OF_ENDPOINTS),
                path,
                problems,
            )?;
            Some(MetricSource::Endpoint(id?, figure))
        }
        (None, None, Some(queue)) => {
            let id = context.queue(queue, &path.join("queue"), problems);
            let figure = match spec.measure.map(of_queue) {
                Some(figure) => Some(known(
                    context,
                    figure,
                    ("a queue", OF_QUEUES),
                    path,
                    problems,
                )?),
                None => None,
            };
            Some(MetricSource::Queue(id?, figure))
        }
        (None, None, None) if spec.measure == Some(Measure::Clients) => Some(MetricSource::Clients),
        _ => {
            if !context.is_damaged(path) {
                let message = "a metric is that of a service, of an endpoint or of a queue";
                let legal = "exactly one of `service`, `endpoint`, `queue`, or `measure: clients`";
                context.check(problems).invalid(path, message, legal);
            }
            None
        }
    }
}

/// The figure that is asked for; services and endpoints have no usual one.
fn wanted(
    context: &Context<'_>,
    spec: &MetricSpec,
    (of, legal): (&str, &str),
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Measure> {
    let measure = path.join("measure");
    let node = context.root.at(&measure.0);
    if spec.measure.is_none() && !node.is_some_and(crate::yaml::Node::is_damaged) {
        let message = format!("which figure of `{of}` is meant?");
        let add = |problem: crate::diagnostic::Problem| problem.legal(legal);
        context
            .check(problems)
            .report(Code::MissingField, &measure, message, add);
    }
    spec.measure
}

fn known<T>(
    context: &Context<'_>,
    figure: Option<T>,
    (of, legal): (&str, &str),
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<T> {
    if figure.is_none() {
        let message = format!("this is no figure of {of}");
        context
            .check(problems)
            .invalid(&path.join("measure"), message, legal);
    }
    figure
}

fn percentile(
    context: &Context<'_>,
    spec: &MetricSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Percentile> {
    let path = path.join("percentile");
    let percent = spec.percentile.unwrap_or(95.0);
    let percentile = Percentile::new(percent);
    let mut check = context.check(problems);
    if percentile.is_none() {
        let message = format!("there is no percentile {percent}");
        check.invalid(&path, message, "above 0 and up to 100, as 99.9");
    } else if spec.percentile.is_some() && spec.measure != Some(Measure::Latency) {
        let help = "only `latency` has percentiles; leave it out";
        check.warn(
            Code::Ineffective,
            &path,
            "`percentile` has no effect here",
            help,
        );
    }
    percentile
}

fn of_service(measure: Measure, percentile: Percentile) -> Option<ServiceFigure> {
    Some(match measure {
        Measure::Requests => ServiceFigure::Requests,
        Measure::Errors => ServiceFigure::Errors,
        Measure::ErrorRatio => ServiceFigure::ErrorRatio,
        Measure::Latency => ServiceFigure::Latency(percentile),
        Measure::InFlight => ServiceFigure::InFlight,
        Measure::Concurrency => ServiceFigure::Concurrency,
        Measure::Cpu => ServiceFigure::Cpu,
        Measure::CpuUtilization => ServiceFigure::CpuUtilization,
        Measure::CpuUtilizationOfLimit => ServiceFigure::CpuUtilizationOfLimit,
        Measure::CpuThrottled => ServiceFigure::CpuThrottled,
        Measure::Memory => ServiceFigure::Memory,
        Measure::MemoryUtilization => ServiceFigure::MemoryUtilization,
        Measure::MemoryUtilizationOfLimit => ServiceFigure::MemoryUtilizationOfLimit,
        Measure::Replicas => ServiceFigure::Replicas,
        Measure::ReadyReplicas => ServiceFigure::ReadyReplicas,
        _ => return None,
    })
}

fn of_endpoint(measure: Measure, percentile: Percentile) -> Option<EndpointFigure> {
    Some(match measure {
        Measure::Requests => EndpointFigure::Requests,
        Measure::Errors => EndpointFigure::Errors,
        Measure::ErrorRatio => EndpointFigure::ErrorRatio,
        Measure::Latency => EndpointFigure::Latency(percentile),
        _ => return None,
    })
}

fn of_queue(measure: Measure) -> Option<QueueFigure> {
    Some(match measure {
        Measure::Waiting => QueueFigure::Waiting,
        Measure::InProgress => QueueFigure::InProgress,
        Measure::Length => QueueFigure::Length,
        Measure::EnqueueRate => QueueFigure::EnqueueRate,
        Measure::ProcessRate => QueueFigure::ProcessRate,
        Measure::OldestSeconds => QueueFigure::OldestSeconds,
        _ => return None,
    })
}

/// Warns about a metric that an autoscaler asks for and that nothing measures.
pub(super) fn check_asked(part: &Part<'_>, name: &str, path: &FieldPath, problems: &mut Problems) {
    let spec = part.context.spec;
    let is_known = spec.metrics.contains_key(name) || spec.queues.contains_key(name);
    let unread = |section| {
        let node = part.context.root.get(section);
        node.is_some_and(|node: &crate::yaml::Node| !node.is_sound() || node.get(name).is_some())
    };
    if is_known || unread("metrics") || unread("queues") {
        return;
    }
    let known: Vec<&str> = spec
        .metrics
        .keys()
        .chain(spec.queues.keys())
        .map(String::as_str)
        .collect();
    let message = format!("nothing in this scenario measures `{name}`: it will be found missing");
    let example = if name.contains(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c)) {
        format!("\"{}\"", name.escape_default())
    } else {
        name.to_owned()
    };
    let source = match spec.queues.keys().next() {
        Some(queue) => format!("queue: {queue}"),
        None => format!("service: {}, measure: requests", part.name),
    };
    let help = format!("say what it is: `metrics: {{ {example}: {{ {source} }} }}`");
    part.context
        .check(problems)
        .report(Code::UnknownReference, path, message, |problem| {
            // A name that is nearly right is the better advice.
            let problem = problem.severity(Severity::Warning).help(help);
            problem.names(name, &known)
        });
}
