//! Probes of a pod.

use super::{in_manifest, manifest};
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::ProbeSpec;
use flashcrowd_core::model::{Probe, Readiness};
use flashcrowd_manifests as kubernetes;
use flashcrowd_units::SimDuration;

pub(super) struct Probes {
    pub(super) startup: Option<Probe>,
    pub(super) readiness: Readiness,
    pub(super) liveness: Option<Probe>,
}

pub(super) fn probes(part: &Part<'_>, problems: &mut Problems) -> Probes {
    let container = manifest(part).and_then(|(pod, path)| {
        let container = pod.containers.first()?;
        Some((container, path.join("containers").join(0)))
    });
    let mut pick =
        |name: &str, own: Option<ProbeSpec>, field: &str, theirs: Option<&kubernetes::Probe>| {
            if let Some(probe) = own {
                return Some(inline(
                    part,
                    probe,
                    &part.path.join("probes").join(name),
                    problems,
                ));
            }
            let (_, path) = container.as_ref()?;
            Some(read(part, theirs?, &path.join(field), problems))
        };
    let own = &part.spec.probes;
    let theirs = container.as_ref().map(|(container, _)| *container);
    let startup = pick(
        "startup",
        own.startup,
        "startupProbe",
        theirs.and_then(|c| c.startup_probe.as_ref()),
    );
    let liveness = pick(
        "liveness",
        own.liveness,
        "livenessProbe",
        theirs.and_then(|c| c.liveness_probe.as_ref()),
    );
    let readiness = pick(
        "readiness",
        own.readiness,
        "readinessProbe",
        theirs.and_then(|c| c.readiness_probe.as_ref()),
    );
    let readiness = match (readiness, container) {
        (Some(probe), _) => Readiness::Probe(probe),
        (None, None) => Readiness::Listening,
        // Nobody sends requests to the pods of Jobs.
        (None, Some(_)) if part.job().is_some() => Readiness::ContainerRunning,
        (None, Some((container, path))) => {
            let message = format!(
                "container `{}` has no readinessProbe: its pod gets requests as soon as the container runs, and refuses them until the application listens",
                container.name
            );
            let help =
                "add a readinessProbe; without one every scale-up and every rollout loses requests";
            in_manifest(part, problems).warn(
                Code::NoReadinessProbe,
                &path.join("name"),
                message,
                help,
            );
            Readiness::ContainerRunning
        }
    };
    Probes {
        startup,
        readiness,
        liveness,
    }
}

fn inline(part: &Part<'_>, spec: ProbeSpec, path: &FieldPath, problems: &mut Problems) -> Probe {
    let mut check = part.context.check(problems);
    for (field, value) in [("period", spec.period), ("timeout", spec.timeout)] {
        if value.is_zero() {
            check.invalid(&path.join(field), format!("`{field}` is 0s"), "above 0s");
        }
    }
    for (field, value) in [
        ("success_threshold", spec.success_threshold),
        ("failure_threshold", spec.failure_threshold),
    ] {
        if value == 0 {
            check.invalid(&path.join(field), format!("`{field}` is 0"), "1 or more");
        }
    }
    Probe {
        initial_delay: spec.initial_delay,
        period: spec.period,
        timeout: spec.timeout,
        success_threshold: spec.success_threshold,
        failure_threshold: spec.failure_threshold,
        grace_period: None,
    }
}

fn read(
    part: &Part<'_>,
    probe: &kubernetes::Probe,
    path: &FieldPath,
    problems: &mut Problems,
) -> Probe {
    let given = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("periodSeconds", probe.period_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    for (field, value) in given {
        if let Some(value) = value.filter(|value| *value < 0) {
            in_manifest(part, problems).report(
                Code::Refused,
                &path.join(field),
                format!("`{field}` is {value}: must be greater than or equal to 0"),
                |problem| problem,
            );
        }
    }
    let timings = probe.timings();
    let seconds = |value: i32| SimDuration::from_secs(u64::try_from(value).unwrap_or(0));
    let count = |value: i32| u32::try_from(value).unwrap_or(1);
    Probe {
        initial_delay: seconds(timings.initial_delay_seconds),
        period: seconds(timings.period_seconds),
        timeout: seconds(timings.timeout_seconds),
        success_threshold: count(timings.success_threshold),
        failure_threshold: count(timings.failure_threshold),
        grace_period: probe
            .termination_grace_period_seconds
            .map(|grace| SimDuration::from_secs(u64::try_from(grace).unwrap_or(0))),
    }
}
