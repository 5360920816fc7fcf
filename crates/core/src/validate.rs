//! What a model must hold to be simulated. Files are checked more kindly before they become one.

mod procedure;
mod scaled_job;

use crate::error::ModelError;
use crate::model::{
    InstancePool, MetricSource, Model, NamedMetric, Queue, QueueId, Readiness, Service, ServiceId,
    Step, Workload,
};
use flashcrowd_autoscalers::PolicySpec;

pub(crate) fn validate(model: &Model) -> Result<(), ModelError> {
    let invalid = |what, of: &str, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: of.to_owned(),
            problem: problem.to_owned(),
        })
    };
    if model.duration.is_zero() {
        return invalid("duration", "model", "0s; a run takes time");
    }
    if model.node_cores == 0 {
        return invalid("node_cores", "model", "0; a node has at least one core");
    }
    if model.metrics_server.resolution.is_zero() {
        return invalid(
            "resolution",
            "metrics_server",
            "0s; scrapes need a distance",
        );
    }
    for (id, service) in (0..).map(ServiceId).zip(&model.services) {
        check_service(service)?;
        check_pool(service)?;
        scaled_job::check(id, service, model)?;
    }
    for queue in &model.queues {
        check_queue(queue, model)?;
    }
    for metric in &model.metrics {
        check_metric(metric, model)?;
    }
    procedure::check_all(model)?;
    for endpoint in &model.endpoints {
        if endpoint.service.index() >= model.services.len() {
            return invalid("service", &endpoint.name, "no such service");
        }
        check_steps(&endpoint.name, &endpoint.steps, model)?;
    }
    model
        .workloads
        .iter()
        .try_for_each(|workload| check_workload(workload, model))
}

fn check_service(service: &Service) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: service.name.clone(),
            problem: problem.to_owned(),
        })
    };
    let pod = &service.pod;
    if pod.threads == Some(0) {
        return invalid("threads", "0; a process uses at least one core");
    }
    if pod.concurrency == Some(0) {
        return invalid("concurrency", "0; a pod works on at least one request");
    }
    if pod.cpu_limit.is_some_and(|limit| limit.get() == 0) {
        return invalid("cpu_limit", "0; leave it out for no limit");
    }
    if service
        .load_balancer
        .keep_alive
        .is_some_and(|keep| keep.connections == 0 || keep.requests == 0)
    {
        return invalid("keep_alive", "0; connections and requests are at least one");
    }
    if pod
        .memory_limit
        .is_some_and(|limit| limit <= pod.memory.base)
    {
        return invalid(
            "memory_limit",
            "not above the memory that the idle process uses",
        );
    }
    let readiness = match pod.readiness {
        Readiness::Probe(probe) => Some(probe),
        Readiness::ContainerRunning | Readiness::Listening => None,
    };
    let probes = [pod.startup_probe, readiness, pod.liveness_probe];
    if probes
        .into_iter()
        .flatten()
        .any(|probe| probe.period.is_zero())
    {
        return invalid("period", "0s; probes need a distance");
    }
    if let Some(PolicySpec::Hpa(hpa)) = &service.autoscaler
        && hpa.flags.sync_period.is_zero()
    {
        return invalid("sync_period", "0s; a controller needs a period");
    }
    Ok(())
}

/// Pools of instances, and who may scale them.
fn check_pool(service: &Service) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: service.name.clone(),
            problem: problem.to_owned(),
        })
    };
    let policy = service.autoscaler.as_ref();
    let Some(pool) = &service.instances else {
        return if policy.is_some_and(InstancePool::is_scaled_by) {
            invalid("autoscaler", "is a Deployment, not a pool of instances")
        } else {
            Ok(())
        };
    };
    if policy.is_some_and(InstancePool::is_beyond) {
        return invalid("autoscaler", "is a pool of instances, not a Deployment");
    }
    if service.vpa.is_some() {
        return invalid("vpa", "is a pool of instances, not a Deployment");
    }
    if pool.cores == 0 {
        return invalid("cores", "0; an instance has at least one core");
    }
    if pool.zones == 0 {
        return invalid("zones", "0; instances are somewhere");
    }
    if pool.metrics.period.is_zero() {
        return invalid("period", "0s; datapoints need a distance");
    }
    if pool.launch_failures.get() > 0.0 && pool.launch_retry.is_zero() {
        return invalid("launch_retry", "0s; attempts need a distance");
    }
    Ok(())
}

fn check_steps(of: &str, steps: &[Step], model: &Model) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: of.to_owned(),
            problem: problem.to_owned(),
        })
    };
    for step in steps {
        match step {
            Step::Call { endpoint, .. } if endpoint.index() >= model.endpoints.len() => {
                return invalid("call", "no such endpoint");
            }
            Step::Enqueue(queue) if queue.index() >= model.queues.len() => {
                return invalid("enqueue", "no such queue");
            }
            Step::ParallelCpu { threads: 0, .. } => {
                return invalid("threads", "0; work needs a thread");
            }
            Step::Choose(alternatives) => {
                let sum: f64 = alternatives.iter().map(|(share, _)| share.get()).sum();
                if sum > 1.0 + 1e-9 {
                    return invalid("choose", "the shares add up to more than 100%");
                }
                for (_, steps) in alternatives {
                    check_steps(of, steps, model)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_queue(queue: &Queue, model: &Model) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: queue.name.clone(),
            problem: problem.to_owned(),
        })
    };
    if queue.workers.index() >= model.services.len() {
        return invalid("workers", "no such service");
    }
    if queue.concurrency == 0 {
        return invalid("concurrency", "0; a pod takes at least one job");
    }
    if queue.partitions == 0 {
        return invalid("partitions", "0; a topic has at least one");
    }
    check_steps(&queue.name, &queue.steps, model)?;
    // A job that makes jobs of its own kind would never come to an end.
    let mut reached = vec![false; model.queues.len()];
    let mut ahead = enqueued(&queue.steps);
    while let Some(id) = ahead.pop() {
        // One that does not exist is refused where it is named.
        let is_new = reached.get_mut(id.index());
        if is_new.is_some_and(|reached| !std::mem::replace(reached, true)) {
            ahead.extend(enqueued(&model.queues[id.index()].steps));
        }
    }
    if (model.queues.iter().zip(reached))
        .any(|(other, reached)| reached && other.name == queue.name)
    {
        return invalid("enqueue", "its jobs lead back to it");
    }
    Ok(())
}

/// The queues that a program puts jobs into. Those of the endpoints that it calls are not among
/// them: calls take their own time.
fn enqueued(steps: &[Step]) -> Vec<QueueId> {
    let mut found = Vec::new();
    for step in steps {
        match step {
            Step::Enqueue(queue) => found.push(*queue),
            Step::Choose(alternatives) => {
                found.extend(alternatives.iter().flat_map(|(_, steps)| enqueued(steps)));
            }
            _ => {}
        }
    }
    found
}

fn check_metric(metric: &NamedMetric, model: &Model) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: metric.name.clone(),
            problem: problem.to_owned(),
        })
    };
    let is_known = match metric.source {
        MetricSource::Service(service, _) => service.index() < model.services.len(),
        MetricSource::Endpoint(endpoint, _) => endpoint.index() < model.endpoints.len(),
        MetricSource::Queue(queue, _) => queue.index() < model.queues.len(),
        MetricSource::Clients => true,
    };
    if !is_known {
        return invalid("source", "no such service, endpoint or queue");
    }
    if metric.source.needs_window() && (metric.resolution.is_zero() || metric.window.is_zero()) {
        return invalid("window", "0s; a rate needs two reads");
    }
    Ok(())
}

fn check_workload(workload: &Workload, model: &Model) -> Result<(), ModelError> {
    let invalid = |what, problem: &str| {
        Err(ModelError::Invalid {
            what,
            of: workload.name.clone(),
            problem: problem.to_owned(),
        })
    };
    let sum: f64 = workload
        .endpoints
        .iter()
        .map(|(_, share)| share.get())
        .sum();
    if workload.endpoints.is_empty() || sum <= 0.0 {
        return invalid("endpoints", "nothing is asked for");
    }
    if workload
        .endpoints
        .iter()
        .any(|(endpoint, _)| endpoint.index() >= model.endpoints.len())
    {
        return invalid("endpoints", "no such endpoint");
    }
    if workload.timeout.is_zero() {
        return invalid("timeout", "0s; nobody is that impatient");
    }
    Ok(())
}
