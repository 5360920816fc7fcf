//! `kubectl set resources`.

use super::Scene;
use super::deed::target;
use crate::check::Checker;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::SetResourcesSpec;
use flashcrowd_core::model::{Action, ResourceChange, Service};
use flashcrowd_manifests::vpa::UpdateMode;
use flashcrowd_units::Bytes;
use std::fmt::Display;

pub(super) fn set_resources(
    scene: Scene<'_>,
    spec: &SetResourcesSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Action> {
    let (id, service) = target(scene, &spec.service, path, problems)?;
    let change = ResourceChange {
        container: spec.container.clone(),
        cpu_request: spec.requests.cpu,
        memory_request: spec.requests.memory,
        cpu_limit: spec.limits.cpu,
        memory_limit: spec.limits.memory,
    };
    let mut check = scene.context.check(problems);
    check_container(service, spec, path, &mut check);
    let cpu = (change.cpu_request, change.cpu_limit, service.pod.cpu_limit);
    check_request("cpu", cpu, path, &mut check);
    let limit = service.pod.memory_limit;
    let memory = (change.memory_request, change.memory_limit, limit);
    check_request("memory", memory, path, &mut check);
    check_memory(service, change.memory_limit, path, &mut check);
    let nothing = ResourceChange {
        container: change.container.clone(),
        ..ResourceChange::default()
    };
    if change == nothing && !scene.context.is_damaged(path) {
        let legal = "`requests`, `limits` or both, as `requests: { cpu: 500m }`";
        scene
            .context
            .check(problems)
            .invalid(path, "this changes nothing", legal);
    }
    let is_sized = |service: &Service| {
        let vpa = service.vpa.as_ref();
        vpa.is_some_and(|vpa| vpa.update_mode() != UpdateMode::Off)
    };
    if is_sized(service) {
        let message = format!(
            "`{}` has a VerticalPodAutoscaler, which gives new pods what it recommends instead",
            spec.service
        );
        let help = "set its `updateMode` to Off, or take it out";
        let mut check = scene.context.check(problems);
        check.warn(Code::Ineffective, path, message, help);
    }
    Some(Action::SetResources(id, change))
}

fn check_container(
    service: &Service,
    spec: &SetResourcesSpec,
    path: &FieldPath,
    check: &mut Checker<'_>,
) {
    let Some(wanted) = &spec.container else {
        return;
    };
    let names = service.pod.containers.iter().map(|it| it.name.as_str());
    let names: Vec<&str> = names.collect();
    if !names.contains(&wanted.as_str()) {
        let message = format!(
            "the pods of `{}` have no container `{wanted}`",
            spec.service
        );
        let path = path.join("container");
        check.report(Code::UnknownReference, &path, message, |problem| {
            problem.names(wanted, &names)
        });
    }
}

/// The API server refuses a request above its limit.
fn check_request<T: Copy + Ord + Display + Default>(
    resource: &str,
    (request, limit, present): (Option<T>, Option<T>, Option<T>),
    path: &FieldPath,
    check: &mut Checker<'_>,
) {
    let path = path.join("requests").join(resource);
    match (request, limit, present) {
        // A limit of 0 is none.
        (_, Some(limit), _) if limit == T::default() => {}
        (Some(request), Some(limit), _) if request > limit => {
            let message = format!("the request {request} is above the limit {limit}");
            check.invalid(&path, message, &format!("at most {limit}, the limit"));
        }
        (Some(request), None, Some(present)) if request > present => {
            let message = format!("the request {request} is above the present limit {present}");
            let help = "the API server refuses this unless an action before it raises the limit";
            check.warn(Code::Ineffective, &path, message, help);
        }
        _ => {}
    }
}

fn check_memory(
    service: &Service,
    limit: Option<Bytes>,
    path: &FieldPath,
    check: &mut Checker<'_>,
) {
    let base = service.pod.memory.base;
    if let Some(limit) = limit.filter(|limit| *limit > Bytes::default() && *limit <= base) {
        let message = format!("the idle process takes {base}, and is killed at {limit}");
        let legal = format!("above {base}");
        check.invalid(&path.join("limits").join("memory"), message, &legal);
    }
}
