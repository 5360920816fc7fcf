//! Metrics by name, and whether those exist that autoscalers ask for.

use super::Context;
use super::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::spec::{Measure, MetricSpec};
use flashcrowd_core::model::{MetricSource, NamedMetric, QueueFigure, ServiceFigure};
use flashcrowd_units::SimDuration;

const OF_SERVICES: &str = "`requests`, `errors`, `error_ratio`, `in_flight` or `concurrency`";
const OF_QUEUES: &str =
    "`waiting`, `in_progress`, `length`, `enqueue_rate`, `process_rate` or `oldest_seconds`";
/// Prometheus' `scrape_interval` in most installations.
const SCRAPE: SimDuration = SimDuration::from_secs(15);

pub(super) fn metrics(context: &Context<'_>, problems: &mut Problems) -> Vec<NamedMetric> {
    let base = FieldPath::default().join("metrics");
    let mut built = Vec::new();
    for (name, spec) in &context.spec.metrics {
        let path = base.join(name);
        let Some(source) = source(context, spec, &path, problems) else {
            continue;
        };
        let is_queue = matches!(source, MetricSource::Queue(..));
        let by_itself = if is_queue && !source.needs_window() {
            SimDuration::ZERO
        } else {
            SCRAPE
        };
        let resolution = spec.resolution.unwrap_or(by_itself);
        let mut check = context.check(problems);
        for (field, value) in [("resolution", resolution), ("window", spec.window)] {
            if source.needs_window() && value.is_zero() {
                let message = "a rate needs two reads some time apart";
                check.invalid(&path.join(field), message, "above 0s, as 15s");
            }
        }
        built.push(NamedMetric {
            name: name.clone(),
            source,
            resolution,
            lag: spec.lag,
            window: spec.window,
        });
    }
    built
}

fn source(
    context: &Context<'_>,
    spec: &MetricSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<MetricSource> {
    let measure = path.join("measure");
    match (&spec.service, &spec.queue) {
        (Some(service), None) => {
            let id = context.service(service, &path.join("service"), problems);
            let Some(wanted) = spec.measure else {
                if !context
                    .root
                    .at(&measure.0)
                    .is_some_and(crate::yaml::Node::is_damaged)
                {
                    let message = format!("which figure of `{service}` is meant?");
                    let add = |problem: crate::diagnostic::Problem| problem.legal(OF_SERVICES);
                    context
                        .check(problems)
                        .report(Code::MissingField, &measure, message, add);
                }
                return None;
            };
            let Some(figure) = of_service(wanted) else {
                let message = "this is no figure of a service";
                context
                    .check(problems)
                    .invalid(&measure, message, OF_SERVICES);
                return None;
            };
            Some(MetricSource::Service(id?, figure))
        }
        (None, Some(queue)) => {
            let id = context.queue(queue, &path.join("queue"), problems);
            let figure = spec.measure.map(of_queue);
            if figure == Some(None) {
                let message = "this is no figure of a queue";
                context
                    .check(problems)
                    .invalid(&measure, message, OF_QUEUES);
                return None;
            }
            Some(MetricSource::Queue(id?, figure.flatten()))
        }
        _ => {
            if !context.is_damaged(path) {
                let message = "a metric is that of a service or of a queue";
                let legal = "exactly one of `service`, `queue`";
                context.check(problems).invalid(path, message, legal);
            }
            None
        }
    }
}

fn of_service(measure: Measure) -> Option<ServiceFigure> {
    Some(match measure {
        Measure::Requests => ServiceFigure::Requests,
        Measure::Errors => ServiceFigure::Errors,
        Measure::ErrorRatio => ServiceFigure::ErrorRatio,
        Measure::InFlight => ServiceFigure::InFlight,
        Measure::Concurrency => ServiceFigure::Concurrency,
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
