//! Pools of instances, second by second.
//!
//! The expected times are arithmetic on the rules of the clouds (`model/instance_pool.rs` names
//! them) and the worked example of the OCI cooldown, not outputs of the simulator.

mod ends;
mod pools;

use crate::systems::{constant, pod, rate, service, system};
use crate::timing::at;
use flashcrowd_core::model::{
    Action, CpuScheduling, InstancePool, Model, PodTemplate, Probe, ServiceId, Step,
};
use flashcrowd_units::{Bytes, SimDuration};

/// The health check of an OCI load balancer with other counts.
fn health_check(interval: u64, healthy: u32, unhealthy: u32) -> Probe {
    Probe {
        initial_delay: SimDuration::ZERO,
        period: SimDuration::from_secs(interval),
        timeout: SimDuration::from_secs(3),
        success_threshold: healthy,
        failure_threshold: unhealthy,
        grace_period: None,
    }
}

/// Instances of one core that boot in no time and go in no time.
fn quick() -> InstancePool {
    InstancePool {
        boot: constant(0.0),
        termination: constant(0.0),
        ..InstancePool::new(1)
    }
}

/// A service on instances.
fn on_instances(seconds: f64, pool: InstancePool, check: Probe, steps: Vec<Step>) -> Model {
    let mut of = service("vm", pod());
    of.pod = PodTemplate {
        memory: of.pod.memory,
        startup: constant(0.0),
        ..PodTemplate::instance("vm", pool.cores, Bytes::from_mebibytes(1024), check)
    };
    of.instances = Some(pool);
    system(seconds, of, steps)
}

/// Without instances until `kubectl scale` asks for one at the beginning.
fn newborn(seconds: f64, pool: InstancePool, check: Probe, steps: Vec<Step>) -> Model {
    let mut model = on_instances(seconds, pool, check, steps);
    model.services[0].replicas = 0;
    model.actions.push(at(0, Action::Scale(ServiceId(0), 1)));
    model
}

/// One request after the other on one core.
fn event_loop(mut model: Model) -> Model {
    let pod = &mut model.services[0].pod;
    (pod.threads, pod.scheduling) = (Some(1), CpuScheduling::EventLoop);
    model
}

/// More requests than ten instances can serve; each instance takes eight at a time.
fn flood(model: &mut Model) {
    let pod = &mut model.services[0].pod;
    (pod.concurrency, pod.backlog) = (Some(4), Some(4));
    let mut clients = crate::timing::metronome(100.0);
    clients.rate = rate(100.0);
    model.workloads.push(clients);
}
