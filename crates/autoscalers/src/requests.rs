//! What pods request, as far as autoscalers look at it.

use crate::{MilliValue, ResourceName};
use flashcrowd_manifests::pod::{Container, PodSpec, ResourceRequirements};
use flashcrowd_units::{Bytes, Millicores};

/// Amounts of CPU and memory; absent where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ResourceAmounts {
    /// CPU in millicores.
    cpu: Option<MilliValue>,
    /// Memory in thousandths of a byte.
    memory: Option<MilliValue>,
}

impl ResourceAmounts {
    fn get(&self, resource: ResourceName) -> Option<MilliValue> {
        match resource {
            ResourceName::Cpu => self.cpu,
            ResourceName::Memory => self.memory,
        }
    }

    fn of(resources: &ResourceRequirements) -> Self {
        Self {
            cpu: resources.request("cpu").map(MilliValue::from),
            memory: resources.request("memory").map(MilliValue::from),
        }
    }
}

/// The requests of one pod template. Built once, borrowed by every pod made from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodRequests {
    /// Containers and restartable init containers by name.
    containers: Vec<(String, ResourceAmounts)>,
    /// The request of the pod as a whole, if it has pod-level requests.
    pod_level: Option<ResourceAmounts>,
}

impl PodRequests {
    /// Those of a pod specification.
    pub fn of(spec: &PodSpec) -> Self {
        let named = |container: &Container| {
            (
                container.name.clone(),
                ResourceAmounts::of(&container.resources),
            )
        };
        let pod_level = spec
            .resources
            .as_ref()
            .filter(|it| !it.requests.is_empty() || !it.limits.is_empty());
        let amounts = |level: &ResourceRequirements| ResourceAmounts {
            cpu: pod_level_request(spec, level, ResourceName::Cpu),
            memory: pod_level_request(spec, level, ResourceName::Memory),
        };
        Self {
            containers: spec
                .containers
                .iter()
                .chain(spec.sidecars())
                .map(named)
                .collect(),
            pod_level: pod_level.map(amounts),
        }
    }

    /// Those of a pod with one container.
    pub fn single(name: &str, cpu: Option<Millicores>, memory: Option<Bytes>) -> Self {
        Self::of_containers([(name, cpu, memory)])
    }

    /// Those of a pod whose containers have these names and requests.
    pub fn of_containers<'a>(
        containers: impl IntoIterator<Item = (&'a str, Option<Millicores>, Option<Bytes>)>,
    ) -> Self {
        let named = |(name, cpu, memory): (&str, Option<Millicores>, Option<Bytes>)| {
            let amounts = ResourceAmounts {
                cpu: cpu.map(Into::into),
                memory: memory.map(Into::into),
            };
            (name.to_owned(), amounts)
        };
        Self {
            containers: containers.into_iter().map(named).collect(),
            pod_level: None,
        }
    }

    /// The request of the whole pod: that of the pod level if there is one, else the sum of the
    /// containers and sidecars, `None` if one of them has no request. Ordinary init containers do
    /// not count in that sum.
    pub fn whole_pod(&self, resource: ResourceName) -> Option<MilliValue> {
        if let Some(pod_level) = self.pod_level {
            return pod_level.get(resource);
        }
        let mut amounts = self
            .containers
            .iter()
            .map(|(_, amounts)| amounts.get(resource));
        let sum = amounts.try_fold(0, |sum: i64, amount| Some(sum.wrapping_add(amount?.get())))?;
        Some(MilliValue::new(sum))
    }

    /// The request of one container or sidecar. `None` if there is no such container or it has
    /// no request. Requests of the pod level do not matter here.
    pub fn container(&self, name: &str, resource: ResourceName) -> Option<MilliValue> {
        let container = self.containers.iter().find(|(other, _)| other == name);
        container.and_then(|(_, amounts)| amounts.get(resource))
    }
}

/// What a pod with pod-level resources requests of one resource (`resourcehelpers.PodRequests`):
/// what it says, or the limit that it says unless a container requests something, or else what
/// its containers need together; and in any case the overhead.
fn pod_level_request(
    spec: &PodSpec,
    pod_level: &ResourceRequirements,
    resource: ResourceName,
) -> Option<MilliValue> {
    let name = resource.as_str();
    let of_containers = containers_request(spec, name);
    let by_limit = || {
        pod_level
            .limits
            .get(name)
            .filter(|_| of_containers.is_none())
    };
    let said = pod_level
        .requests
        .get(name)
        .or_else(by_limit)
        .map(|&quantity| MilliValue::from(quantity).get());
    let request = said.or(of_containers)?;
    let overhead = spec
        .overhead
        .get(name)
        .map_or(0, |&quantity| MilliValue::from(quantity).get());
    Some(MilliValue::new(request.saturating_add(overhead)))
}

/// What the containers of a pod need together: the sum of containers and sidecars, or, if that is
/// more, an ordinary init container beside the sidecars before it. Containers without a request
/// need nothing; `None` if none has one.
fn containers_request(spec: &PodSpec, resource: &str) -> Option<i64> {
    let request = |container: &Container| {
        container
            .resources
            .request(resource)
            .map(|quantity| MilliValue::from(quantity).get())
    };
    let all = spec.containers.iter().chain(&spec.init_containers);
    all.clone().find_map(request)?;
    let sum: i64 = spec
        .containers
        .iter()
        .filter_map(request)
        .fold(0, i64::saturating_add);
    let (mut sidecars, mut highest) = (0_i64, 0_i64);
    for container in &spec.init_containers {
        let amount = request(container).unwrap_or(0);
        if container.is_sidecar() {
            sidecars = sidecars.saturating_add(amount);
        } else {
            highest = highest.max(sidecars.saturating_add(amount));
        }
    }
    Some(sum.saturating_add(sidecars).max(highest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(spec: &str) -> PodRequests {
        PodRequests::of(&serde_json::from_str(spec).unwrap())
    }

    fn cpu(requests: &PodRequests) -> Option<i64> {
        requests.whole_pod(ResourceName::Cpu).map(MilliValue::get)
    }

    #[test]
    fn containers_and_sidecars_add_up_and_init_containers_do_not() {
        let pod = requests(
            r#"{ "containers": [
                   { "name": "app", "resources": { "requests": { "cpu": "250m" } } },
                   { "name": "log", "resources": { "limits": { "cpu": "50m" } } } ],
                 "initContainers": [
                   { "name": "proxy", "restartPolicy": "Always", "resources": { "requests": { "cpu": "100m" } } },
                   { "name": "migrate", "resources": { "requests": { "cpu": "2" } } } ] }"#,
        );
        assert_eq!(cpu(&pod), Some(400));
        assert_eq!(
            pod.container("proxy", ResourceName::Cpu),
            Some(MilliValue::new(100))
        );
        assert_eq!(pod.container("migrate", ResourceName::Cpu), None);
        assert_eq!(pod.whole_pod(ResourceName::Memory), None);
    }

    #[test]
    fn pod_level_requests_replace_the_sum() {
        let containers = r#""containers": [
            { "name": "app", "resources": { "requests": { "cpu": "250m", "memory": "1Ki" } } }, { "name": "log" } ]"#;
        let pod = requests(&format!(
            r#"{{ {containers}, "resources": {{ "requests": {{ "cpu": "1" }} }} }}"#
        ));
        assert_eq!(cpu(&pod), Some(1000));
        assert_eq!(
            pod.container("app", ResourceName::Cpu),
            Some(MilliValue::new(250))
        );
        assert_eq!(
            pod.whole_pod(ResourceName::Memory),
            Some(MilliValue::new(1_024_000))
        );
        let pod = requests(&format!(
            r#"{{ {containers}, "resources": {{ "limits": {{ "cpu": "2" }} }} }}"#
        ));
        assert_eq!(cpu(&pod), Some(250));
        let pod = requests(
            r#"{ "containers": [{ "name": "app" }], "resources": { "limits": { "cpu": "2" } } }"#,
        );
        assert_eq!(cpu(&pod), Some(2000));
        assert_eq!(pod.whole_pod(ResourceName::Memory), None);
    }
}
