//! Pod templates.

mod probes;
mod resources;

use super::service::Part;
use super::workload::report_all;
use crate::check::Checker;
use crate::diagnostic::{Code, Problems, Severity};
use crate::manifest::pre_stop;
use crate::path::FieldPath;
use flashcrowd_core::model::{CpuModel, CpuScheduling, MemoryModel, OnSigterm, PodTemplate};
use flashcrowd_manifests::ObjectMeta;
use flashcrowd_manifests::pod::PodSpec;
use flashcrowd_units::{Bytes, SimDuration};
use flashcrowd_workload::ServiceTime;

/// Pod scheduling takes 5 to 50 ms.
const SCHEDULING_DELAY: ServiceTime = ServiceTime::Constant(SimDuration::from_millis(20));
/// Sandbox, network and volumes take 1 to 3 s; the image is on the node.
const PULL: ServiceTime = ServiceTime::Constant(SimDuration::from_secs(2));
/// Until the application listens, if nobody says.
const STARTUP: ServiceTime = ServiceTime::Constant(SimDuration::from_secs(5));
/// Working set of an idle application, if nobody says.
const BASE_MEMORY: Bytes = Bytes::from_mebibytes(64);

pub(super) fn template(part: &Part<'_>, problems: &mut Problems) -> PodTemplate {
    let spec = part.spec;
    let resources = resources::resources(part, problems);
    bounds(part, problems);
    let scheduling = match spec.threads {
        Some(1) => CpuScheduling::EventLoop,
        _ => CpuScheduling::TimeShared,
    };
    let probes = probes::probes(part, problems);
    let memory = memory(part, resources.memory_limit, problems);
    let mut timing = |field: &str, given: Option<ServiceTime>, default: ServiceTime| {
        if let Some(time) = given {
            report_all(
                &mut part.context.check(problems),
                &part.path.join(field),
                time.validate(),
            );
        }
        given.unwrap_or(default)
    };
    PodTemplate {
        scheduling_delay: timing("scheduling_delay", spec.scheduling_delay, SCHEDULING_DELAY),
        pull: timing("pull", spec.pull, PULL),
        startup: timing("startup", spec.startup, STARTUP),
        cpu_request: resources.cpu_request,
        cpu_limit: resources.cpu_limit,
        memory_request: resources.memory_request,
        memory_limit: resources.memory_limit,
        containers: resources.containers,
        threads: spec.threads,
        scheduling: spec.scheduling.unwrap_or(scheduling),
        // Without a limit there is no quota; one may be set while the run goes on.
        cpu_model: spec.cpu_model.unwrap_or(CpuModel::Cfs),
        concurrency: spec.concurrency,
        backlog: spec.backlog,
        memory,
        startup_probe: probes.startup,
        readiness: probes.readiness,
        liveness_probe: probes.liveness,
        pre_stop: stop_hook(part, problems),
        grace_period: grace_period(part, problems),
        on_sigterm: spec.on_sigterm.unwrap_or(OnSigterm::Drain),
        deletion_cost: deletion_cost(part, problems),
        placement: super::node::placement(part, problems),
    }
}

/// The pod template of the Deployment, or that of the ScaledJob's Job, with the path to it.
pub(super) fn manifest<'a>(part: &Part<'a>) -> Option<(&'a PodSpec, FieldPath)> {
    if let Some(job) = part.job() {
        let pod = &job.template.spec;
        let path = part.job_path().join("template").join("spec");
        return (!pod.containers.is_empty()).then_some((pod, path));
    }
    let deployment = part.chosen.deployment?;
    let path = FieldPath::default()
        .join("spec")
        .join("template")
        .join("spec");
    Some((&deployment.value.spec.template.spec, path))
}

/// Labels and annotations of the pods, if a manifest has any.
pub(super) fn metadata<'a>(part: &Part<'a>) -> Option<&'a ObjectMeta> {
    let of_job = part.job().map(|job| &job.template.metadata);
    let deployment = part.chosen.deployment;
    of_job.or(deployment.map(|it| &it.value.spec.template.metadata))
}

/// A checker of the Deployment's document.
pub(super) fn in_manifest<'a>(part: &'a Part<'_>, problems: &'a mut Problems) -> Checker<'a> {
    match part.chosen.deployment {
        Some(deployment) => deployment.check(problems),
        None => part.context.check(problems),
    }
}

fn bounds(part: &Part<'_>, problems: &mut Problems) {
    let mut check = part.context.check(problems);
    for (field, value) in [
        ("threads", part.spec.threads),
        ("concurrency", part.spec.concurrency),
    ] {
        if value == Some(0) {
            check.invalid(
                &part.path.join(field),
                format!("`{field}` is 0: nothing would ever be done"),
                "1 or more",
            );
        }
    }
    if part.spec.cpu_model == Some(CpuModel::Cfs)
        && part.spec.pod.cpu.limit.is_none()
        && manifest(part).is_none()
    {
        let help = "set `pod: { cpu: { limit: ... } }`, or leave `cpu_model` out";
        check.warn(
            Code::Ineffective,
            &part.path.join("cpu_model"),
            "`cfs` enforces a limit, and none is set",
            help,
        );
    }
}

fn memory(part: &Part<'_>, limit: Option<Bytes>, problems: &mut Problems) -> MemoryModel {
    let spec = &part.spec.memory;
    let default = limit.map_or(BASE_MEMORY, |limit| {
        BASE_MEMORY.min(Bytes::new(limit.get() / 2))
    });
    let base = spec.base.unwrap_or(default);
    if let Some(limit) = limit.filter(|limit| *limit <= base && spec.base.is_some()) {
        let message = format!("the idle process takes {base}, and is killed at {limit}");
        part.context.check(problems).invalid(
            &part.path.join("memory").join("base"),
            message,
            &format!("below the limit of {limit}"),
        );
    }
    MemoryModel {
        base,
        per_request: spec.per_request.unwrap_or_default(),
        leak_per_request: spec.leak_per_request.unwrap_or_default(),
    }
}

fn stop_hook(part: &Part<'_>, problems: &mut Problems) -> SimDuration {
    if let Some(given) = part.spec.pre_stop {
        return given;
    }
    let Some((pod, path)) = manifest(part) else {
        return SimDuration::ZERO;
    };
    let hook = pod
        .containers
        .first()
        .and_then(|container| container.lifecycle.as_ref()?.pre_stop.as_ref());
    let Some(hook) = hook else {
        return SimDuration::ZERO;
    };
    pre_stop(hook).unwrap_or_else(|| {
        let path = path
            .join("containers")
            .join(0)
            .join("lifecycle")
            .join("preStop");
        let message = "how long this preStop hook takes is not known; it is taken as 0s";
        in_manifest(part, problems).report(Code::NotModelled, &path, message, |problem| {
            let help = format!("say it in the scenario: services.{}.pre_stop", part.name);
            problem.severity(Severity::Warning).help(help)
        });
        SimDuration::ZERO
    })
}

fn grace_period(part: &Part<'_>, problems: &mut Problems) -> SimDuration {
    let seconds = manifest(part).map_or(30, |(pod, _)| pod.grace_period_seconds());
    let Ok(whole) = u64::try_from(seconds) else {
        let path = FieldPath::default()
            .join("spec")
            .join("template")
            .join("spec")
            .join("terminationGracePeriodSeconds");
        in_manifest(part, problems).invalid(
            &path,
            format!("{seconds} s is not a grace period"),
            "0 or more",
        );
        return SimDuration::ZERO;
    };
    // A century is as good as any longer time, and does not overflow.
    part.spec
        .grace_period
        .unwrap_or(SimDuration::from_secs(whole.min(3_155_760_000)))
}

fn deletion_cost(part: &Part<'_>, problems: &mut Problems) -> i32 {
    const NAME: &str = "controller.kubernetes.io/pod-deletion-cost";
    let Some(deployment) = part.chosen.deployment else {
        return 0;
    };
    let Some(text) = deployment
        .value
        .spec
        .template
        .metadata
        .annotations
        .get(NAME)
    else {
        return 0;
    };
    text.parse().unwrap_or_else(|_| {
        let path = FieldPath::default()
            .join("spec")
            .join("template")
            .join("metadata")
            .join("annotations")
            .join(NAME);
        in_manifest(part, problems).invalid(
            &path,
            format!("`{text}` is not a deletion cost"),
            "a whole number, in quotes",
        );
        0
    })
}
