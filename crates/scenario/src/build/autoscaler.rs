//! Who scales a service.

mod keda;
mod kpa;
mod named;
mod pools;
mod scaled_job;
mod traps;

pub(super) use scaled_job::scaled_job;

use super::service::Part;
use crate::check::Checker;
use crate::diagnostic::{Code, Problems, Severity};
use crate::manifest::Objects;
use crate::path::FieldPath;
use crate::spec::{AutoscalerSpec, HpaControllerSpec, ServiceSpec};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_autoscalers::catalog::HpaPolicy;
use flashcrowd_autoscalers::hpa::{FeatureGates, Hpa, HpaFlags};
use flashcrowd_core::model::PodTemplate;
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::hpa::HpaSpec;

/// Pods that a service has before anything has happened: its autoscaler's minimum, or one.
pub(super) fn minimum(spec: &ServiceSpec) -> u32 {
    spec.autoscaler.as_ref().map_or(1, minimum_of)
}

fn minimum_of(spec: &AutoscalerSpec) -> u32 {
    match spec {
        AutoscalerSpec::Hpa(hpa) => hpa
            .min_replicas
            .and_then(|min| u32::try_from(min).ok())
            .unwrap_or(1),
        AutoscalerSpec::ScaledJob(_) => 0,
        AutoscalerSpec::Keda(keda) => u32::try_from(keda.min_replica_count()).unwrap_or(0),
        AutoscalerSpec::Kpa(kpa) => kpa
            .resolve()
            .ok()
            .map(|settings| settings.initial_scale.max(settings.min_scale))
            .and_then(|scale| u32::try_from(scale).ok())
            .unwrap_or(1),
        AutoscalerSpec::Threshold(policy) => policy.replicas.min,
        AutoscalerSpec::Schedule(schedule) => schedule.replicas.min,
        AutoscalerSpec::Predictive(policy) => policy.replicas.min,
        AutoscalerSpec::React(policy) => policy.replicas.min,
        AutoscalerSpec::Adapt(policy) => policy.replicas.min,
        AutoscalerSpec::Hist(policy) => policy.replicas.min,
        AutoscalerSpec::Reg(policy) => policy.replicas.min,
        AutoscalerSpec::ConPaas(policy) => policy.replicas.min,
        _ => pools::initial(spec).unwrap_or(1),
    }
}

/// Pods that can be simulated at most.
const MOST: i32 = 100_000;

/// Only Deployments are there to be scaled.
fn scale_target(part: &Part<'_>, path: &FieldPath, kind: Option<&str>, problems: &mut Problems) {
    if let Some(kind) = kind.filter(|kind| *kind != "Deployment") {
        let path = path.join("scaleTargetRef").join("kind");
        let message = format!("`{}` is a Deployment here, not a {kind}", part.name);
        part.context.check(problems).warn(
            Code::NotModelled,
            &path,
            message,
            "it is scaled as a Deployment is",
        );
    }
}

pub(super) fn policy(
    part: &Part<'_>,
    pod: &PodTemplate,
    problems: &mut Problems,
) -> Option<PolicySpec> {
    let spec = part.spec.autoscaler.as_ref()?;
    let fits = pools::fits(part, spec, problems);
    if let Some(policy) = pools::policy(part, spec, problems) {
        return Some(policy);
    }
    let path = part.path.join("autoscaler");
    fits.then(|| policy_at(part, spec, &path, pod, problems))
        .flatten()
}

/// The policy that stands at `path`: that of the service, or the one inside a schedule.
fn policy_at(
    part: &Part<'_>,
    spec: &AutoscalerSpec,
    path: &FieldPath,
    pod: &PodTemplate,
    problems: &mut Problems,
) -> Option<PolicySpec> {
    let named = match spec {
        AutoscalerSpec::Hpa(spec) => {
            return Some(hpa(part, spec, &path.join("hpa"), pod, problems));
        }
        AutoscalerSpec::Keda(spec) => {
            return Some(keda::policy(part, spec, &path.join("keda"), problems));
        }
        AutoscalerSpec::Kpa(config) => {
            return Some(kpa::policy(part, config, &path.join("kpa"), problems));
        }
        AutoscalerSpec::Custom(custom) => return Some(PolicySpec::Custom(custom.clone())),
        AutoscalerSpec::Schedule(spec) => {
            let path = path.join("schedule");
            let inner = spec
                .policy
                .as_deref()
                .and_then(|inner| policy_at(part, inner, &path.join("policy"), pod, problems));
            named::schedule(part, spec, inner)
        }
        AutoscalerSpec::Threshold(policy) => PolicySpec::Threshold(policy.clone()),
        AutoscalerSpec::Predictive(policy) => PolicySpec::Predictive(policy.clone()),
        AutoscalerSpec::React(policy) => PolicySpec::React(policy.clone()),
        AutoscalerSpec::Adapt(policy) => PolicySpec::Adapt(policy.clone()),
        AutoscalerSpec::Hist(policy) => named::hist(part, policy),
        AutoscalerSpec::Reg(policy) => PolicySpec::Reg(policy.clone()),
        AutoscalerSpec::ConPaas(policy) => PolicySpec::ConPaas(policy.clone()),
        AutoscalerSpec::ScaledJob(_) => return None,
        AutoscalerSpec::Oci(_)
        | AutoscalerSpec::Ec2(_)
        | AutoscalerSpec::AzureVmss(_)
        | AutoscalerSpec::GcpMig(_) => {
            pools::refuse_inside(part, path, problems);
            return None;
        }
    };
    named::check(part, &named, path, problems);
    Some(named)
}

fn hpa(
    part: &Part<'_>,
    spec: &HpaSpec,
    path: &FieldPath,
    pod: &PodTemplate,
    problems: &mut Problems,
) -> PolicySpec {
    let mut spec = spec.clone();
    if spec.scale_target_ref.name.is_empty() {
        // Written in the scenario, it can mean only this service.
        "apps/v1".clone_into(&mut spec.scale_target_ref.api_version);
        "Deployment".clone_into(&mut spec.scale_target_ref.kind);
        part.name.clone_into(&mut spec.scale_target_ref.name);
    }
    let flags = flags(part.context.spec.controllers.hpa);
    validate(&spec, flags, path, &mut part.context.check(problems));
    traps::check(part, &spec.defaulted(), pod, path, problems);
    for (index, metric) in spec.metrics.iter().enumerate() {
        let asked = [
            ("pods", metric.pods.as_ref().map(|source| &source.metric)),
            (
                "object",
                metric.object.as_ref().map(|source| &source.metric),
            ),
            (
                "external",
                metric.external.as_ref().map(|source| &source.metric),
            ),
        ];
        for (field, metric) in asked {
            let Some(metric) = metric else { continue };
            let path = path.join("metrics").join(index).join(field);
            let path = path.join("metric").join("name");
            super::metrics::check_asked(part, &metric.name, &path, problems);
        }
    }
    PolicySpec::Hpa(HpaPolicy { spec, flags })
}

/// What the API server would refuse, what the simulation cannot do, and what the server accepts
/// although it cannot work.
fn validate(spec: &HpaSpec, flags: HpaFlags, path: &FieldPath, check: &mut Checker<'_>) {
    let refused = spec.validate(flags.gates.scale_to_zero);
    let impossible = Hpa::new(spec, flags)
        .err()
        .map(|invalid| invalid.problems)
        .unwrap_or_default();
    let impossible: Vec<Problem> = impossible
        .into_iter()
        .filter(|problem| !refused.contains(problem))
        .collect();
    let kinds = [
        (Severity::Error, Code::Refused, refused),
        (Severity::Error, Code::NotModelled, impossible),
        (Severity::Warning, Code::Ineffective, spec.lint()),
    ];
    for (severity, code, problems) in kinds {
        for found in problems {
            let below = found.path.strip_prefix("spec").unwrap_or(&found.path);
            // The messages go on where the name of the field ends, unless they begin with a name.
            let field = found.path.rsplit('.').next().unwrap_or_default();
            let message = match code {
                Code::NotModelled => found.message,
                _ => format!("`{field}` {}", found.message),
            };
            check.report(code, &path.join_dotted(below), message, |problem| {
                problem.severity(severity)
            });
        }
    }
    if spec.max_replicas > MOST {
        let message = format!(
            "`maxReplicas` is {}: more than can be simulated",
            spec.max_replicas
        );
        check.invalid(&path.join("maxReplicas"), message, "at most 100000");
    }
}

/// Checks the HPAs whose Deployment is not among the objects.
pub(crate) fn check_lone_hpas(objects: &Objects, problems: &mut Problems) {
    for hpa in &objects.hpas {
        let is_found = objects.deployments.iter().any(|deployment| {
            objects
                .hpa(deployment)
                .is_some_and(|other| std::ptr::eq(other, hpa))
        });
        if !is_found {
            let path = FieldPath::default().join("spec");
            validate(
                &hpa.value.spec,
                HpaFlags::default(),
                &path,
                &mut hpa.check(problems),
            );
        }
    }
}

fn flags(spec: HpaControllerSpec) -> HpaFlags {
    HpaFlags {
        sync_period: spec.sync_period,
        tolerance: spec.tolerance.get(),
        downscale_stabilization: spec.downscale_stabilization,
        initial_readiness_delay: spec.initial_readiness_delay,
        cpu_initialization_period: spec.cpu_initialization_period,
        gates: FeatureGates {
            scale_to_zero: spec.scale_to_zero,
            ..FeatureGates::default()
        },
    }
}
