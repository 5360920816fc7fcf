//! A ScaledJob: KEDA makes Jobs in place of a Deployment.

mod traps;

use super::keda;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::spec::{AutoscalerSpec, QueueSpec, ServiceSpec};
use flashcrowd_autoscalers::keda::scaled_job::{ScaledJobPolicy, ScaledJobs};
use flashcrowd_core::model::{JobWork, ScaledJob};

/// The ScaledJob that a service is, if it is one.
pub(in crate::build) fn scaled_job(part: &Part<'_>, problems: &mut Problems) -> Option<ScaledJob> {
    let Some(AutoscalerSpec::ScaledJob(spec)) = &part.spec.autoscaler else {
        not_a_job(part, problems);
        return None;
    };
    let path = part.path.join("autoscaler").join("scaled_job");
    let object = part.chosen.scaled_job;
    let policy = ScaledJobPolicy {
        spec: spec.clone(),
        annotations: object.map_or_else(Default::default, |object| {
            object.value.metadata.annotations.clone()
        }),
        epoch_unix_seconds: part.context.spec.start.0.timestamp().as_second(),
    };
    match ScaledJobs::new(&policy) {
        Ok(scaled_jobs) => {
            keda::check_sources(part, scaled_jobs.sources(), &path, problems);
            traps::check(part, spec, scaled_jobs.sources(), &path, problems);
        }
        Err(invalid) => keda::refuse(part, invalid.problems, &path, problems),
    }
    keda::check_max(part, spec.max_replica_count.unwrap_or(0), &path, problems);
    check_job(part, problems);
    check_service(part, &path, problems);
    let mut scaled_job = ScaledJob::new(policy);
    scaled_job.work = work(part, problems);
    Some(scaled_job)
}

/// The queues that the pods of a service work off.
fn queues<'a>(part: &Part<'a>) -> impl Iterator<Item = (&'a String, &'a QueueSpec)> {
    let (queues, name) = (&part.context.spec.queues, part.name);
    queues
        .iter()
        .filter(move |(_, queue)| queue.workers == name)
}

/// What only Jobs have.
fn not_a_job(part: &Part<'_>, problems: &mut Problems) {
    let given = [
        ("messages_per_job", part.spec.messages_per_job.is_some()),
        ("until_idle", part.spec.until_idle.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let message = format!(
            "`{}` is no ScaledJob: its pods do not end by themselves",
            part.name
        );
        let help = "take it out, or describe the ScaledJob under `autoscaler`";
        let path = part.path.join(field);
        let mut check = part.context.check(problems);
        check.warn(Code::Ineffective, &path, message, help);
    }
}

fn work(part: &Part<'_>, problems: &mut Problems) -> JobWork {
    let ServiceSpec {
        messages_per_job,
        until_idle,
        ..
    } = *part.spec;
    let mut check = part.context.check(problems);
    let path = part.path.join("messages_per_job");
    if messages_per_job == Some(0) {
        let message = "a pod that takes no message never ends";
        check.invalid(&path, message, "1 or more");
    }
    let messages = match (messages_per_job, until_idle) {
        (None, Some(_)) => None,
        (given, _) => Some(given.unwrap_or(1)),
    };
    let base = FieldPath::default().join("queues");
    for (name, queue) in queues(part) {
        if let Some(messages) =
            messages.filter(|&messages| (1..queue.concurrency).contains(&messages))
        {
            let message = format!(
                "a pod of `{}` takes {messages} message(s) and ends: it never has {} in progress",
                part.name, queue.concurrency
            );
            let help = "raise `messages_per_job`, or leave `concurrency` out";
            let path = base.join(name).join("concurrency");
            check.warn(Code::Ineffective, &path, message, help);
        }
    }
    JobWork {
        messages,
        until_idle,
    }
}

/// Jobs that would never do anything, and fields that have no effect.
fn check_job(part: &Part<'_>, problems: &mut Problems) {
    let (Some(job), path) = (part.job(), part.job_path()) else {
        return;
    };
    let mut check = part.context.check(problems);
    for (field, value) in [
        ("parallelism", job.parallelism),
        ("completions", job.completions),
    ] {
        if value == Some(0) {
            let message = format!("`{field}` is 0: the Job has no pods");
            check.invalid(&path.join(field), message, "1 or more");
        }
    }
    let is_indexed = job.completion_mode.as_deref() == Some("Indexed");
    let ignored = [
        (
            "completionMode",
            is_indexed,
            "pods are not told their index",
        ),
        (
            "suspend",
            job.suspend == Some(true),
            "the Job is started at once",
        ),
        (
            "podFailurePolicy",
            job.pod_failure_policy.is_some(),
            "every failure counts",
        ),
        (
            "successPolicy",
            job.success_policy.is_some(),
            "`completions` pods have to succeed",
        ),
        (
            "podReplacementPolicy",
            job.pod_replacement_policy.as_deref() == Some("Failed"),
            "a pod on its way out is replaced at once",
        ),
        (
            "backoffLimitPerIndex",
            job.backoff_limit_per_index.is_some(),
            "pods have no index",
        ),
    ];
    for (field, _, instead) in ignored.into_iter().filter(|(_, is_given, _)| *is_given) {
        let message = format!("`{field}` is not modelled: {instead}");
        check.report(Code::NotModelled, &path.join(field), message, |problem| {
            problem.severity(Severity::Warning)
        });
    }
}

/// What a service of Jobs cannot have, or has no use for.
fn check_service(part: &Part<'_>, path: &FieldPath, problems: &mut Problems) {
    let (name, spec) = (part.name, part.spec);
    let mut check = part.context.check(problems);
    if queues(part).next().is_none() {
        let message =
            format!("no queue has `{name}` as its `workers`: its Jobs would wait for ever");
        check.report(Code::MissingField, path, message, |problem| {
            problem.help(format!(
                "describe what they work off: `queues: {{ NAME: {{ workers: {name}, steps: [ cpu: 1s ] }} }}`"
            ))
        });
    }
    if !spec.endpoints.is_empty() {
        let message =
            format!("`{name}` is a ScaledJob: its pods come and go, and answer no requests");
        check.report(
            Code::InvalidValue,
            &part.path.join("endpoints"),
            message,
            |problem| problem.help("say what a message takes under `steps` of its queue"),
        );
    }
    if spec.replicas.is_some_and(|replicas| replicas > 0) {
        let message = format!("`{name}` is a ScaledJob: a run begins without Jobs");
        let help = "for Jobs that wait for messages: `minReplicaCount`";
        let path = part.path.join("replicas");
        check.report(Code::InvalidValue, &path, message, |problem| {
            problem.help(help)
        });
    }
    let ineffective = [
        (
            "rollout",
            spec.rollout.is_some(),
            "running Jobs are not replaced",
        ),
        (
            "vpa",
            spec.vpa.is_some(),
            "the pods of Jobs are not sized here",
        ),
    ];
    for (field, _, why) in ineffective.into_iter().filter(|(_, is_given, _)| *is_given) {
        let message = format!("`{field}` has no effect on a ScaledJob: {why}");
        check.warn(
            Code::Ineffective,
            &part.path.join(field),
            message,
            "take it out",
        );
    }
}
