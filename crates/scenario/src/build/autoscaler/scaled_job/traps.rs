//! ScaledJobs that KEDA accepts and that do not do what they seem to.

use super::super::keda::asked;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::Measure;
use flashcrowd_autoscalers::MetricQuery;
use flashcrowd_autoscalers::keda::{FIELD_LABEL, Source};
use flashcrowd_manifests::scaled_job::{ScaledJobSpec, StrategyKind};

pub(super) fn check(
    part: &Part<'_>,
    spec: &ScaledJobSpec,
    sources: &[Option<Source>],
    path: &FieldPath,
    problems: &mut Problems,
) {
    bounds(part, spec, path, problems);
    names(part, spec, path, problems);
    for (index, source) in sources.iter().enumerate() {
        let path = path.join("triggers").join(index);
        let Some(source) = source else {
            let message = "KEDA makes no Jobs by cpu or memory: this trigger is never looked at";
            let help = "a ScaledJob has no HPA; take the length of a queue";
            let mut check = part.context.check(problems);
            check.warn(Code::Ineffective, &path.join("type"), message, help);
            continue;
        };
        foreign_queue(part, source, &path, problems);
        strategy(part, spec, source, &path, problems);
    }
}

fn bounds(part: &Part<'_>, spec: &ScaledJobSpec, path: &FieldPath, problems: &mut Problems) {
    let mut check = part.context.check(problems);
    match (spec.min_replica_count.unwrap_or(0), spec.max_replica_count) {
        (_, Some(0)) => {
            let path = path.join("maxReplicaCount");
            let message = "`maxReplicaCount` is 0: no Job is ever made";
            let help = "to pause it, KEDA has the annotation `autoscaling.keda.sh/paused`";
            check.warn(Code::Ineffective, &path, message, help);
        }
        (min, Some(max)) if min > max => {
            let path = path.join("minReplicaCount");
            let message = format!(
                "`minReplicaCount` {min} is above `maxReplicaCount` {max}: KEDA keeps {max} Jobs and adds up to {max} more"
            );
            let help =
                "a ScaledJob is not refused for that, as a ScaledObject is; lower the minimum";
            check.warn(Code::Ineffective, &path, message, help);
        }
        (min, Some(max)) if min == max => {
            let path = path.join("maxReplicaCount");
            let message = format!("no Job is made for a message: {max} are kept, whatever waits");
            check.warn(Code::Ineffective, &path, message, "raise the maximum");
        }
        (min, None) if min > 0 => {
            let path = path.join("minReplicaCount");
            let message = format!(
                "without `maxReplicaCount` up to 100 Jobs are added to the {min}: {} in all",
                min + 100
            );
            check.warn(Code::Ineffective, &path, message, "set `maxReplicaCount`");
        }
        _ => {}
    }
}

/// Words that KEDA does not know and takes for others.
fn names(part: &Part<'_>, spec: &ScaledJobSpec, path: &FieldPath, problems: &mut Problems) {
    let strategy = &spec.scaling_strategy;
    let path = path.join("scalingStrategy");
    let mut check = part.context.check(problems);
    match strategy.strategy.as_deref() {
        None | Some("" | "default" | "custom" | "accurate" | "eager") => {}
        Some(other) => {
            let message = format!("KEDA knows no strategy `{other}` and takes `default`");
            let help = "`default`, `custom`, `accurate` or `eager`, in small letters";
            check.warn(Code::Ineffective, &path.join("strategy"), message, help);
        }
    }
    let share = strategy.custom_scaling_running_job_percentage.as_deref();
    let is_number = share.is_some_and(|share| share.parse::<f64>().is_ok());
    if strategy.kind() == StrategyKind::Custom && !is_number {
        let message = "without `customScalingRunningJobPercentage` as a number, such as \"0.5\", this is the strategy `default`";
        let help = "it is text, in quotes and without spaces";
        check.warn(Code::Ineffective, &path.join("strategy"), message, help);
    }
}

/// The queue that a trigger looks at, by its name in the scenario.
fn queue_of<'a>(part: &Part<'a>, source: &Source) -> Option<&'a str> {
    let name = asked(Some(source))?;
    let spec = part.context.spec;
    let by_metric = spec.metrics.get(name).map(|metric| metric.queue.as_deref());
    match by_metric {
        Some(queue) => queue,
        None => spec
            .queues
            .get_key_value(name)
            .map(|(name, _)| name.as_str()),
    }
}

/// Jobs for messages that others take.
fn foreign_queue(part: &Part<'_>, source: &Source, path: &FieldPath, problems: &mut Problems) {
    let Some(name) = queue_of(part, source) else {
        return;
    };
    let queue = part.context.spec.queues.get(name);
    let Some(queue) = queue.filter(|queue| queue.workers != part.name) else {
        return;
    };
    let message = format!(
        "`{name}` is worked off by `{}`: the Jobs of `{}` are made for messages that they never take",
        queue.workers, part.name
    );
    let help = format!("a queue whose `workers` are `{}` is meant", part.name);
    let mut check = part.context.check(problems);
    check.warn(Code::Ineffective, &path.join("metadata"), message, &help);
}

/// Whether what a trigger reads counts messages that are worked on. `None` where that is not known.
fn counts_in_progress(part: &Part<'_>, source: &Source) -> Option<bool> {
    queue_of(part, source)?;
    let MetricQuery::External { name, selector } = source.queries.first()? else {
        return None;
    };
    let metric = part.context.spec.metrics.get(name);
    if let Some(measure) = metric.and_then(|metric| metric.measure) {
        return match measure {
            Measure::Waiting => Some(false),
            Measure::Length => Some(true),
            _ => None,
        };
    }
    let field = selector.as_ref()?.match_labels.get(FIELD_LABEL)?;
    match field.as_str() {
        "length" | "lag" | "messages_ready" => Some(false),
        "messages" | "committed_offset" => Some(true),
        _ => None,
    }
}

/// The strategy `accurate` is for queues that forget what was taken, `default` for those that do not.
fn strategy(
    part: &Part<'_>,
    spec: &ScaledJobSpec,
    source: &Source,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let counts = counts_in_progress(part, source);
    let mut check = part.context.check(problems);
    let path = path.join("type");
    match (spec.scaling_strategy.kind(), counts) {
        (StrategyKind::Accurate, Some(true)) => {
            let message = "this trigger counts messages in progress too, and `accurate` does not take running Jobs off: each poll makes Jobs for them again";
            let help = "take the strategy `default`, or count only what waits (`excludeUnacknowledged: \"true\"` of rabbitmq)";
            check.warn(Code::Ineffective, &path, message, help);
        }
        (StrategyKind::Default, Some(false)) => {
            let message = "this trigger counts only messages that wait, and `default` takes running Jobs off: while as many run as wait, none is made";
            let help = "KEDA recommends the strategy `accurate` for such queues";
            check.warn(Code::Ineffective, &path, message, help);
        }
        _ => {}
    }
}
