//! Instances: what is different where pods have no node under them.
//!
//! | File | What |
//! |---|---|
//! | `launch` | requests that may fail, boots, terminations |
//! | `repair` | unhealthy instances are replaced |
//! | `victims` | which instances go first |
//! | `warm_pool` | instances that wait, initialised |
//! | `meter` | the metrics of the cloud |
//!
//! Everything else is the life of a pod: the start of the application, the health check of the load
//! balancer (a readiness probe), restarts, requests that are lost at a kill.

mod launch;
mod meter;
mod repair;
mod victims;
mod warm_pool;

use super::World;
use super::pod::Instant;
use crate::model::{InstancePool, ServiceId, WarmState};
use crate::plane::{DataPlane, ServerId};
use flashcrowd_engine::{RngStreams, StreamRng};
use serde::{Deserialize, Serialize};
use warm_pool::Warm;

/// What a pod is beyond a pod if it is an instance.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Instance {
    /// Its availability zone or fault domain.
    zone: u32,
    /// It has been launched and is paid for.
    is_paid: bool,
    /// When its operating system had booted.
    booted: Option<Instant>,
    /// What it did in the warm pool that it comes from.
    warm: Option<WarmState>,
    /// It is being terminated; nothing runs on it any more.
    is_ending: bool,
}

/// A pool, beside its instances.
pub(super) struct PoolState {
    /// Whether launches fail.
    launches: StreamRng,
    warm: Warm,
}

impl PoolState {
    /// The pool of a service, if it has one.
    pub(super) fn new(
        pool: Option<&InstancePool>,
        name: &str,
        streams: RngStreams,
    ) -> Option<Self> {
        pool.map(|_| Self {
            launches: streams.stream(&format!("launches/{name}")),
            warm: Warm::default(),
        })
    }
}

impl<P: DataPlane> World<P> {
    /// The pool of an instance; `None` for a pod.
    fn pool_of(&self, server: ServerId) -> Option<&InstancePool> {
        self.service_of(self.pod(server).service).instances.as_ref()
    }

    pub(super) fn is_instance(&self, server: ServerId) -> bool {
        self.pod(server).instance.is_some()
    }

    /// An instance in the zone that has the fewest, if the service runs on instances. `booted` is
    /// set for those that run when the run begins.
    pub(super) fn new_instance(
        &self,
        service: ServiceId,
        booted: Option<Instant>,
    ) -> Option<Instance> {
        let pool = self.service_of(service).instances.as_ref()?;
        let mut counts = vec![0_u32; pool.zones as usize];
        let pods = self.services[service.index()].pods.iter();
        for pod in pods.map(|server| self.pod(*server)) {
            if let Some(instance) = pod.instance.filter(|_| pod.is_active()) {
                counts[instance.zone as usize] += 1;
            }
        }
        let emptiest = (0..pool.zones).min_by_key(|zone| counts[*zone as usize]);
        Some(Instance {
            zone: emptiest.unwrap_or(0),
            is_paid: booted.is_some(),
            booted,
            warm: None,
            is_ending: false,
        })
    }

    /// The state of an instance, to be changed.
    fn instance_mut(&mut self, server: ServerId) -> &mut Instance {
        self.pod_mut(server)
            .instance
            .as_mut()
            .expect("only instances have the events of instances")
    }
}
