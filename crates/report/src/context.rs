//! What a report must know of the run beside its records.

use crate::objective::Objective;
use flashcrowd_core::model::{Model, PodTemplate, ServiceId};
use flashcrowd_telemetry::Resolution;
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use jiff::Zoned;

/// A run as it was set up.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// Name of the scenario.
    pub name: String,
    /// SHA-256 of the resolved scenario, hexadecimal.
    pub scenario_sha256: String,
    /// Version of flashcrowd.
    pub version: String,
    /// The seed of all random streams.
    pub seed: u64,
    /// `exact` or `fluid`.
    pub mode: String,
    /// When the run begins, in the scenario's time zone.
    pub start: Zoned,
    /// How long it lasts.
    pub duration: SimDuration,
    /// How fine the time series are.
    pub resolution: Resolution,
    /// The endpoints, by their index.
    pub endpoints: Vec<EndpointContext>,
    /// The services, by their index.
    pub services: Vec<ServiceContext>,
    /// The names of the queues, by their index.
    pub queues: Vec<String>,
    /// The node groups, by their index.
    pub node_groups: Vec<NodeGroupContext>,
    /// What was asked of the run, SLOs before assertions.
    pub objectives: Vec<Objective>,
}

/// An endpoint as it was set up.
#[derive(Debug, Clone)]
pub struct EndpointContext {
    /// Its name.
    pub name: String,
    /// The service that executes it.
    pub service: ServiceId,
}

/// A node group as it was set up.
#[derive(Debug, Clone, Default)]
pub struct NodeGroupContext {
    /// Its name.
    pub name: String,
    /// Whether its instances can be taken back.
    pub is_spot: bool,
    /// Whether it is an instance type that a pool can launch: it counts only if it did.
    pub is_offering: bool,
}

/// A service as it was set up.
#[derive(Debug, Clone, Default)]
pub struct ServiceContext {
    /// Its name.
    pub name: String,
    /// Whether it runs on a pool of instances and not on pods.
    pub is_pool: bool,
    /// `spec.replicas` at the start.
    pub replicas: u32,
    /// The utilisation of the CPU *request* that its HPA aims at, 0.7 for 70 %. `None` without an
    /// HPA on that metric.
    pub cpu_target: Option<f64>,
    /// CPU request of a pod \[cores\].
    pub cpu_request: Option<f64>,
    /// What one pod can use \[cores\]: its limit, what its threads can use, or the node.
    pub cpu_usable: f64,
    /// Cores that the process can use at once, where the scenario says so.
    pub threads: Option<u32>,
    /// Memory limit of a pod.
    pub memory_limit: Option<Bytes>,
    /// Requests that may wait in a pod.
    pub backlog: Option<u32>,
    /// Requests that the load balancer lets in flight.
    pub max_in_flight: Option<u32>,
    /// Whether its pods are those of Jobs.
    pub is_scaled_job: bool,
    /// `cpu` or `memory`, where a VPA changes the requests that the HPA divides by.
    pub sized_and_scaled: Option<&'static str>,
}

impl RunContext {
    /// The parts of a context that the model knows. The caller fills in `name`, `scenario_sha256`,
    /// `version`, `seed` and the objectives; the mode is `exact` and the resolution that of
    /// [`Resolution::for_run`].
    pub fn new(model: &Model, start: Zoned) -> Self {
        let endpoints = model.endpoints.iter();
        let endpoints = endpoints
            .map(|e| EndpointContext {
                name: e.name.clone(),
                service: e.service,
            })
            .collect();
        let groups = model.nodes.iter().flat_map(|nodes| &nodes.groups);
        let node_groups = groups.map(|group| NodeGroupContext {
            name: group.name.clone(),
            is_spot: group.spot.is_some(),
            is_offering: group.is_offering,
        });
        let node_groups = node_groups.collect();
        let services = (0..model.services.len() as u32)
            .map(|id| service(model, ServiceId(id)))
            .collect();
        Self {
            name: String::new(),
            scenario_sha256: String::new(),
            version: String::new(),
            seed: 0,
            mode: "exact".to_owned(),
            start,
            duration: model.duration,
            resolution: Resolution::for_run(model.duration),
            endpoints,
            services,
            queues: model
                .queues
                .iter()
                .map(|queue| queue.name.clone())
                .collect(),
            node_groups,
            objectives: Vec::new(),
        }
    }

    /// What the services run on in words: `instance` where there are only pools, else `pod`.
    pub(crate) fn unit(&self) -> &'static str {
        unit(!self.services.is_empty() && self.services.iter().all(|service| service.is_pool))
    }

    /// All services in order.
    pub(crate) fn service_ids(&self) -> impl Iterator<Item = ServiceId> + use<> {
        (0..self.services.len() as u32).map(ServiceId)
    }
}

impl ServiceContext {
    /// What it runs on in words: `pod` or `instance`.
    pub(crate) fn unit(&self) -> &'static str {
        unit(self.is_pool)
    }
}

fn unit(is_pool: bool) -> &'static str {
    if is_pool { "instance" } else { "pod" }
}

fn service(model: &Model, id: ServiceId) -> ServiceContext {
    let service = &model.services[id.index()];
    let pod = &service.pod;
    ServiceContext {
        name: service.name.clone(),
        is_pool: service.instances.is_some(),
        replicas: service.replicas,
        cpu_target: cpu_target(model, id),
        cpu_request: pod.cpu_request.map(Millicores::as_cores),
        cpu_usable: cpu_usable(pod, model.cores_of(id)),
        threads: pod.threads,
        memory_limit: pod.memory_limit,
        backlog: pod.backlog,
        max_in_flight: service.load_balancer.max_in_flight,
        is_scaled_job: service.scaled_job.is_some(),
        sized_and_scaled: sized_and_scaled(model, id),
    }
}

/// The first resource that both a VPA and an HPA look after.
fn sized_and_scaled(model: &Model, id: ServiceId) -> Option<&'static str> {
    let service = &model.services[id.index()];
    let vpa = service.vpa.as_ref()?;
    let hpa = model.hpa(id)?.defaulted();
    let name = service.pod.containers.first().map_or("", |it| &it.name);
    let policy = vpa.container_policy(name);
    ["cpu", "memory"].into_iter().find(|resource| {
        let is_scaled = hpa.metrics.iter().any(|metric| {
            let pods = metric.resource.as_ref();
            let pods = pods.map(|source| (&source.name, &source.target));
            let container = metric.container_resource.as_ref();
            let container = container.map(|source| (&source.name, &source.target));
            pods.or(container).is_some_and(|(name, target)| {
                name == resource && target.average_utilization.is_some()
            })
        });
        let is_sized = policy.is_none_or(|policy| !policy.is_off() && policy.controls(resource));
        is_scaled && is_sized
    })
}

fn cpu_usable(pod: &PodTemplate, node_cores: u32) -> f64 {
    let limit = pod.cpu_limit.map_or(f64::INFINITY, Millicores::as_cores);
    let threads = pod.threads.map_or(f64::INFINITY, f64::from);
    limit.min(threads).min(f64::from(node_cores))
}

/// What the HPA wants of the CPU request: of the pods' CPU, or of a container's. As a value per pod
/// it is put in relation to the request.
fn cpu_target(model: &Model, id: ServiceId) -> Option<f64> {
    let hpa = model.hpa(id)?;
    if hpa.metrics.is_empty() {
        // What the API server fills in.
        return Some(0.8);
    }
    let target = hpa.metrics.iter().find_map(|metric| {
        let pods = metric
            .resource
            .as_ref()
            .map(|source| (&source.name, &source.target));
        let container = metric.container_resource.as_ref();
        let container = container.map(|source| (&source.name, &source.target));
        pods.or(container).filter(|(name, _)| *name == "cpu")
    });
    let (_, target) = target?;
    let request = model.services[id.index()].pod.cpu_request;
    match (target.average_utilization, target.average_value, request) {
        (Some(percent), ..) => Some(f64::from(percent) / 100.0),
        (None, Some(value), Some(request)) if request.get() > 0 => {
            Some(value.milli_value() as f64 / request.get() as f64)
        }
        _ => None,
    }
}
