//! CPU and memory of a pod.

use super::{in_manifest, manifest};
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::Resource;
use flashcrowd_core::model::Container;
use flashcrowd_manifests::pod::ResourceRequirements;
use flashcrowd_units::{Bytes, Millicores, Quantity};
use std::fmt::Display;

/// Requests are of the whole pod; limits are those of the application, the first container: the
/// others use nothing.
pub(super) struct Resources {
    pub(super) cpu_request: Option<Millicores>,
    pub(super) cpu_limit: Option<Millicores>,
    pub(super) memory_request: Option<Bytes>,
    pub(super) memory_limit: Option<Bytes>,
    pub(super) containers: Vec<Container>,
}

pub(super) fn resources(part: &Part<'_>, problems: &mut Problems) -> Resources {
    let mut containers = containers(part, problems);
    let (cpu_limit, memory_limit) = containers
        .first()
        .map_or((None, None), |app| (app.cpu_limit, app.memory_limit));
    let pod = &part.spec.pod;
    let path = part.path.join("pod");
    let cpu = one(part, &pod.cpu, &path.join("cpu"), cpu_limit, problems);
    let memory = one(
        part,
        &pod.memory,
        &path.join("memory"),
        memory_limit,
        problems,
    );
    if cpu.limit == Some(Millicores::new(0)) {
        let path = path.join("cpu").join("limit");
        part.context.check(problems).invalid(
            &path,
            "a limit of 0 leaves nothing to run on",
            "above 0, or none at all",
        );
    }
    node_size(part, cpu.limit, problems);
    let mut models: Vec<Container> = containers.drain(..).map(|read| read.model).collect();
    // What the scenario says of the pod is said of the application; sidecars keep their own.
    let others = |get: fn(&Container) -> u64| models.iter().skip(1).map(get).sum::<u64>();
    let other_cpu = others(|container| container.cpu_request.map_or(0, Millicores::get));
    let other_memory = others(|container| container.memory_request.map_or(0, Bytes::get));
    if let Some(app) = models.first_mut() {
        if let Some(request) = cpu.request {
            app.cpu_request = Some(Millicores::new(request.get().saturating_sub(other_cpu)));
        }
        if let Some(request) = memory.request {
            app.memory_request = Some(Bytes::new(request.get().saturating_sub(other_memory)));
        }
    }
    let cpu_request: Option<u64> = models
        .iter()
        .map(|container| container.cpu_request.map(Millicores::get))
        .sum();
    let memory_request: Option<u64> = models
        .iter()
        .map(|container| container.memory_request.map(Bytes::get))
        .sum();
    Resources {
        cpu_request: cpu_request.map(Millicores::new),
        cpu_limit: cpu.limit,
        memory_request: memory_request.map(Bytes::new),
        memory_limit: memory.limit,
        containers: models,
    }
}

/// A container of the manifest, with its limits.
struct Read {
    model: Container,
    cpu_limit: Option<Millicores>,
    memory_limit: Option<Bytes>,
}

fn containers(part: &Part<'_>, problems: &mut Problems) -> Vec<Read> {
    let none = Container {
        name: part.name.to_owned(),
        cpu_request: None,
        memory_request: None,
    };
    let Some((pod, path)) = manifest(part) else {
        return vec![Read {
            model: none,
            cpu_limit: None,
            memory_limit: None,
        }];
    };
    if pod.containers.is_empty() {
        in_manifest(part, problems).report(Code::Refused, &path, "the pod has no container", |p| p);
        return vec![Read {
            model: none,
            cpu_limit: None,
            memory_limit: None,
        }];
    }
    let mut all = Vec::new();
    for (index, container) in pod.containers.iter().enumerate() {
        let path = path.join("containers").join(index);
        all.push(read(
            part,
            &container.name,
            &container.resources,
            &path,
            problems,
        ));
    }
    for (index, container) in pod
        .init_containers
        .iter()
        .enumerate()
        .filter(|(_, container)| container.is_sidecar())
    {
        let path = path.join("initContainers").join(index);
        all.push(read(
            part,
            &container.name,
            &container.resources,
            &path,
            problems,
        ));
    }
    all
}

fn read(
    part: &Part<'_>,
    name: &str,
    resources: &ResourceRequirements,
    path: &FieldPath,
    problems: &mut Problems,
) -> Read {
    let path = path.join("resources");
    let mut convert = |section: &str, resource: &str, quantity: Option<Quantity>| {
        if quantity.is_some_and(|quantity| quantity < Quantity::default()) {
            let path = path.join(section).join(resource);
            in_manifest(part, problems).invalid(
                &path,
                format!("a negative amount of {resource}"),
                "0 or more",
            );
        }
        quantity
    };
    let cpu = (
        convert("requests", "cpu", resources.request("cpu")),
        convert("limits", "cpu", resources.limit("cpu")),
    );
    let memory = (
        convert("requests", "memory", resources.request("memory")),
        convert("limits", "memory", resources.limit("memory")),
    );
    for (resource, (request, limit)) in [("cpu", cpu), ("memory", memory)] {
        if let (Some(request), Some(limit)) = (request, limit)
            && request > limit
        {
            let path = path.join("requests").join(resource);
            let message = format!("the {resource} request {request} is above the limit {limit}");
            in_manifest(part, problems).report(Code::Refused, &path, message, |problem| {
                problem.legal(format!("at most {limit}, the limit"))
            });
        }
    }
    Read {
        model: Container {
            name: name.to_owned(),
            cpu_request: cpu.0.and_then(Millicores::from_quantity),
            memory_request: memory.0.and_then(Bytes::from_quantity),
        },
        cpu_limit: cpu.1.and_then(Millicores::from_quantity),
        memory_limit: memory.1.and_then(Bytes::from_quantity),
    }
}

/// What the scenario gives, over the limit of the manifest. A limit without any request is the
/// request too, as in the API.
fn one<T: Copy + Ord + Display>(
    part: &Part<'_>,
    given: &Resource<T>,
    path: &FieldPath,
    manifest_limit: Option<T>,
    problems: &mut Problems,
) -> Resource<T> {
    let limit = given.limit.or(manifest_limit);
    if let (Some(request), Some(limit)) = (given.request, limit)
        && request > limit
    {
        let message = format!("the request {request} is above the limit {limit}");
        part.context.check(problems).invalid(
            &path.join("request"),
            message,
            &format!("at most {limit}, the limit"),
        );
    }
    let has_manifest = manifest(part).is_some();
    Resource {
        request: given.request.or(given.limit.filter(|_| !has_manifest)),
        limit,
    }
}

fn node_size(part: &Part<'_>, limit: Option<Millicores>, problems: &mut Problems) {
    let cores = crate::build::node::cores(&part.context.spec.nodes);
    let Some(limit) = limit.filter(|limit| *limit > Millicores::from_cores(cores.into())) else {
        return;
    };
    let message = format!("a CPU limit of {limit} cores is more than the {cores} of a node");
    let help = "raise `nodes.cores`, or lower the limit";
    let own = part.path.join("pod").join("cpu").join("limit");
    part.context
        .check(problems)
        .warn(Code::Ineffective, &own, message, help);
}
