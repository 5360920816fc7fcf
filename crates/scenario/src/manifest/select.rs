//! Which of the objects make up a service.

use super::{Objects, Placed};
use crate::check::Checker;
use crate::diagnostic::Code;
use crate::path::FieldPath;
use flashcrowd_manifests::scaled_job::ScaledJob;
use flashcrowd_manifests::scaled_object::ScaledObject;
use flashcrowd_manifests::{Deployment, HorizontalPodAutoscaler, Ingress, ObjectMeta, Service};

/// The objects of one service.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chosen<'a> {
    pub(crate) deployment: Option<&'a Placed<Deployment>>,
    pub(crate) scaled_object: Option<&'a Placed<ScaledObject>>,
    /// In place of a Deployment.
    pub(crate) scaled_job: Option<&'a Placed<ScaledJob>>,
    pub(crate) service: Option<&'a Placed<Service>>,
    pub(crate) ingress: Option<&'a Placed<Ingress>>,
}

fn name(metadata: &ObjectMeta) -> &str {
    metadata.name.as_deref().unwrap_or_default()
}

/// Picks the Deployment of a service and what belongs to it, or its ScaledJob.
pub(crate) fn choose<'a>(
    objects: &'a Objects,
    service: &str,
    wanted: Option<&str>,
    path: &FieldPath,
    check: &mut Checker<'_>,
) -> Chosen<'a> {
    if let Some(scaled_job) = objects.scaled_job(wanted, service) {
        warn_about_jobs(objects, scaled_job, check);
        return Chosen {
            scaled_job: Some(scaled_job),
            ..Chosen::default()
        };
    }
    let Some(deployment) = deployment(objects, service, wanted, path, check) else {
        return Chosen::default();
    };
    let deployment_name = name(&deployment.value.metadata);
    for other in &objects.hpas {
        let target = &other.value.spec.scale_target_ref;
        let known = objects
            .deployments
            .iter()
            .any(|deployment| name(&deployment.value.metadata) == target.name);
        if !known && !other.node.is_damaged() {
            let message = format!(
                "this HorizontalPodAutoscaler scales `{}`, which none of the manifests describes",
                target.name
            );
            let at = FieldPath::default()
                .join("spec")
                .join("scaleTargetRef")
                .join("name");
            other.check(check.problems).warn(
                Code::Ineffective,
                &at,
                message,
                &format!("name the Deployment: `{deployment_name}`"),
            );
        }
    }
    check_rivals(objects, deployment_name, check);
    check_scaled_objects(objects, deployment_name, check);
    let labels = &deployment.value.spec.template.metadata.labels;
    let selected = objects.services.iter().find(|service| {
        let selector = &service.value.spec.selector;
        !selector.is_empty()
            && selector
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    });
    for other in &objects.services {
        let selector = &other.value.spec.selector;
        let selects = |deployment: &Placed<Deployment>| {
            let labels = &deployment.value.spec.template.metadata.labels;
            selector
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
        };
        if !selector.is_empty()
            && !other.node.is_damaged()
            && !objects.deployments.iter().any(selects)
        {
            let at = FieldPath::default().join("spec").join("selector");
            other.check(check.problems).warn(
                Code::Ineffective,
                &at,
                format!(
                    "Service `{}` selects none of the pods that the manifests describe",
                    name(&other.value.metadata)
                ),
                "compare the selector with the labels in the Deployment's pod template",
            );
        }
    }
    let ingress = selected.and_then(|service| {
        let service = name(&service.value.metadata);
        objects
            .ingresses
            .iter()
            .find(|ingress| leads_to(&ingress.value, service))
    });
    Chosen {
        deployment: Some(deployment),
        scaled_object: objects.scaled_object(deployment),
        scaled_job: None,
        service: selected,
        ingress,
    }
}

/// Refuses a second autoscaler of a kind for one Deployment.
fn check_rivals(objects: &Objects, deployment: &str, check: &mut Checker<'_>) {
    let at = FieldPath::default()
        .join("spec")
        .join("scaleTargetRef")
        .join("name");
    let of_hpa = |hpa: &&Placed<_>| {
        let hpa: &HorizontalPodAutoscaler = &hpa.value;
        hpa.spec.scale_target_ref.name == deployment
    };
    for hpa in objects.hpas.iter().filter(of_hpa).skip(1) {
        let message = format!("another HorizontalPodAutoscaler scales `{deployment}`");
        hpa.check(check.problems)
            .report(Code::Refused, &at, message, |problem| {
                problem.help("the controller then scales with none of them (AmbiguousSelector): put the metrics of both into one")
            });
    }
    let of_keda =
        |object: &&Placed<ScaledObject>| object.value.spec.scale_target_ref.name == deployment;
    for object in objects.kedas.iter().filter(of_keda).skip(1) {
        let message = format!("another ScaledObject scales `{deployment}`");
        object
            .check(check.problems)
            .report(Code::Refused, &at, message, |problem| {
                problem
                    .help("KEDA's admission webhook refuses it: put the triggers of both into one")
            });
    }
}

/// Warns about what would scale the Jobs, which have no replicas.
fn warn_about_jobs(objects: &Objects, scaled_job: &Placed<ScaledJob>, check: &mut Checker<'_>) {
    let jobs = name(&scaled_job.value.metadata);
    let message = format!("a ScaledJob has no replicas to scale: `{jobs}` is not scaled by this");
    let help = "take it out: KEDA makes as many Jobs as the triggers of the ScaledJob ask for";
    let base = FieldPath::default().join("spec");
    for hpa in &objects.hpas {
        if hpa.value.spec.scale_target_ref.name == jobs {
            let at = base.join("scaleTargetRef").join("name");
            let mut own = hpa.check(check.problems);
            own.warn(Code::Ineffective, &at, message.as_str(), help);
        }
    }
    for object in &objects.kedas {
        if object.value.spec.scale_target_ref.name == jobs {
            let at = base.join("scaleTargetRef").join("name");
            let mut own = object.check(check.problems);
            own.warn(Code::Ineffective, &at, message.as_str(), help);
        }
    }
    for vpa in &objects.vpas {
        let target = vpa.value.spec.target_ref.as_ref();
        if target.is_some_and(|target| target.name == jobs) {
            let at = base.join("targetRef").join("name");
            let message =
                format!("the pods of `{jobs}` are those of Jobs, which are not sized here");
            let mut own = vpa.check(check.problems);
            own.warn(
                Code::NotModelled,
                &at,
                message,
                "the requests stay as the manifest says",
            );
        }
    }
}

/// Warns about ScaledObjects that scale nothing here, and refuses one beside an HPA, as KEDA's
/// admission webhook does.
fn check_scaled_objects(objects: &Objects, deployment: &str, check: &mut Checker<'_>) {
    let at = FieldPath::default()
        .join("spec")
        .join("scaleTargetRef")
        .join("name");
    for object in &objects.kedas {
        let target = &object.value.spec.scale_target_ref.name;
        let has_target =
            |placed: &Placed<Deployment>| name(&placed.value.metadata) == target.as_str();
        if object.node.is_damaged() {
            continue;
        }
        if !objects.deployments.iter().any(has_target) {
            let message = format!(
                "this ScaledObject scales `{target}`, which none of the manifests describes"
            );
            let help = format!("name the Deployment: `{deployment}`");
            let mut own = object.check(check.problems);
            own.warn(Code::Ineffective, &at, message, &help);
        }
        let has_hpa = target == deployment
            && (objects.hpas.iter()).any(|hpa| hpa.value.spec.scale_target_ref.name == *target);
        if has_hpa {
            let message = format!("a HorizontalPodAutoscaler scales `{target}` already");
            let mut own = object.check(check.problems);
            own.report(Code::Refused, &at, message, |problem| {
                problem.help("KEDA makes an HPA of its own; take the other one out")
            });
        }
    }
}

fn deployment<'a>(
    objects: &'a Objects,
    service: &str,
    wanted: Option<&str>,
    path: &FieldPath,
    check: &mut Checker<'_>,
) -> Option<&'a Placed<Deployment>> {
    let found = objects.deployment(wanted, service);
    if found.is_some() {
        return found;
    }
    let names: Vec<&str> = objects
        .deployments
        .iter()
        .map(|deployment| name(&deployment.value.metadata))
        .collect();
    let manifests = path.join("manifests");
    match (wanted, names.as_slice()) {
        (Some(wanted), _) => {
            let message = format!("none of the manifests has a Deployment `{wanted}`");
            check.report(
                Code::UnknownReference,
                &path.join("deployment"),
                message,
                |problem| problem.names(wanted, &names),
            );
        }
        // A Deployment that could not be read was reported.
        (None, []) if check.problems.has_errors() => {}
        (None, []) => {
            check.report(
                Code::Manifest,
                &manifests,
                "none of the manifests has a Deployment or a ScaledJob",
                |problem| {
                    problem.help(
                        "describe the pods here instead, under `pod`, or name the file that has it",
                    )
                },
            );
        }
        (None, [first, ..]) => {
            let message = format!(
                "the manifests have {} Deployments; which one is `{service}`?",
                names.len()
            );
            check.report(Code::AmbiguousReference, &manifests, message, |problem| {
                problem
                    .names("", &names)
                    .help(format!("add `deployment: {first}`, or another of them"))
            });
        }
    }
    None
}

/// Whether a rule of an Ingress, or its default, sends requests to a Service.
fn leads_to(ingress: &Ingress, service: &str) -> bool {
    let rules = ingress
        .spec
        .rules
        .iter()
        .filter_map(|rule| rule.http.as_ref());
    let backends = rules.flat_map(|http| http.paths.iter().map(|path| &path.backend));
    backends
        .chain(ingress.spec.default_backend.as_ref())
        .any(|backend| {
            backend
                .service
                .as_ref()
                .is_some_and(|backend| backend.name == service)
        })
}
