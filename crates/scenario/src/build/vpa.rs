//! A VerticalPodAutoscaler.

use super::service::Part;
use crate::diagnostic::{Code, Problems};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_autoscalers::vpa::{RecommenderFlags, VpaRecommender};
use flashcrowd_manifests::hpa::{CrossVersionObjectReference, HpaSpec};
use flashcrowd_manifests::vpa::{UpdateMode, VpaSpec};

pub(super) fn vpa(
    part: &Part<'_>,
    autoscaler: Option<&PolicySpec>,
    problems: &mut Problems,
) -> Option<VpaSpec> {
    let mut spec = part.spec.vpa.clone()?;
    let path = part.path.join("vpa");
    // Written in the scenario, it can mean only this service.
    spec.target_ref
        .get_or_insert_with(|| CrossVersionObjectReference {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            name: part.name.to_owned(),
        });
    let mut check = part.context.check(problems);
    if let Err(invalid) = VpaRecommender::new(&spec, RecommenderFlags::default()) {
        for found in invalid.problems {
            let below = found.path.strip_prefix("spec").unwrap_or(&found.path);
            let field = found.path.rsplit('.').next().unwrap_or_default();
            let message = format!("`{field}` {}", found.message);
            check.report(Code::Refused, &path.join_dotted(below), message, |p| p);
        }
    }
    let hpa = match autoscaler {
        Some(PolicySpec::Hpa(hpa)) => Some(hpa.spec.defaulted()),
        _ => None,
    };
    let triggers = match autoscaler {
        Some(PolicySpec::Keda(keda)) => keda.spec.triggers.iter(),
        _ => [].iter(),
    };
    for resource in ["cpu", "memory"] {
        let by_hpa = hpa.as_ref().is_some_and(|hpa| scales_on(hpa, resource));
        let by_keda = triggers.clone().any(|it| it.trigger_type == resource);
        if (by_hpa || by_keda) && sizes(part, &spec, resource) {
            let message = format!(
                "the VPA changes the {resource} requests that the horizontal autoscaler divides by"
            );
            let help = format!(
                "leave {resource} out of `controlledResources`, set `updateMode: \"Off\"`, or scale on another metric"
            );
            check.warn(Code::Ineffective, &path, message, &help);
        }
    }
    Some(spec)
}

/// Whether the VPA changes requests for this resource of the application.
fn sizes(part: &Part<'_>, spec: &VpaSpec, resource: &str) -> bool {
    let deployment = part.chosen.deployment;
    let container = deployment.and_then(|it| it.value.spec.template.spec.containers.first());
    let name = container.map_or(part.name, |container| container.name.as_str());
    let policy = spec.container_policy(name);
    spec.update_mode() != UpdateMode::Off
        && policy.is_none_or(|policy| !policy.is_off() && policy.controls(resource))
}

/// Whether an HPA scales on utilisation of this resource.
fn scales_on(hpa: &HpaSpec, resource: &str) -> bool {
    hpa.metrics.iter().any(|metric| {
        let pods = metric.resource.as_ref();
        let pods = pods.map(|source| (&source.name, &source.target));
        let container = metric.container_resource.as_ref();
        let container = container.map(|source| (&source.name, &source.target));
        pods.or(container)
            .is_some_and(|(name, target)| name == resource && target.average_utilization.is_some())
    })
}
