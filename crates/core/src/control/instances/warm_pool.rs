//! Warm pools of EC2 Auto Scaling: instances that have been initialised beforehand and wait.
//!
//! The autoscaler says with each decision how many there should be. Scaling out takes from it first;
//! it is filled up by launches that take a boot and a start of the application. What is too many is
//! terminated. While they wait they are neither measured nor in the load balancer.
//!
//! Source: "Warm pools for Amazon EC2 Auto Scaling" in the user guide. Launches of the warm pool do
//! not fail here.

use crate::control::{Event, World};
use crate::model::{ServiceId, WarmState};
use crate::plane::DataPlane;
use flashcrowd_autoscalers::Steps;
use serde::{Deserialize, Serialize};

/// The instances that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Warm {
    /// How many there should be; `None` before the first decision.
    target: Option<u32>,
    ready: u32,
    /// On their way.
    preparing: u32,
}

impl<P: DataPlane> World<P> {
    /// Takes an instance out of the warm pool, if there is one.
    pub(super) fn take_warm(&mut self, service: ServiceId) -> bool {
        let Some(state) = &mut self.services[service.index()].pool else {
            return false;
        };
        if state.warm.ready == 0 {
            return false;
        }
        state.warm.ready -= 1;
        self.count_waiting(service, -1);
        true
    }

    /// What a decision says about the warm pool.
    pub(in crate::control) fn fill_warm_pool(&mut self, service: ServiceId, steps: &Steps) {
        let Steps::Ec2(steps) = steps else { return };
        let target = steps.warm_pool.unwrap_or(0);
        let Some(state) = &mut self.services[service.index()].pool else {
            return;
        };
        let warm = &mut state.warm;
        if warm.target.replace(target).is_none() {
            // It was filled before the run began.
            warm.ready = target;
            self.count_waiting(service, i64::from(target));
            return;
        }
        let there = warm.ready + warm.preparing;
        let surplus = there.saturating_sub(target).min(warm.ready);
        warm.ready -= surplus;
        self.count_waiting(service, -i64::from(surplus));
        for _ in there..target {
            self.prepare(service);
        }
    }

    fn prepare(&mut self, service: ServiceId) {
        let of = self.service_of(service);
        let Some(pool) = &of.instances else { return };
        let (boot, startup) = (pool.boot, of.pod.startup);
        let time = self.sample_time(service, boot) + self.sample_time(service, startup);
        if let Some(state) = &mut self.services[service.index()].pool {
            state.warm.preparing += 1;
        }
        self.count_pod(service, 1);
        self.schedule(self.now + time, Event::Warmed(service));
    }

    /// An instance of the warm pool is initialised.
    pub(in crate::control) fn warmed(&mut self, service: ServiceId) {
        let Some(state) = &mut self.services[service.index()].pool else {
            return;
        };
        let warm = &mut state.warm;
        warm.preparing -= 1;
        let is_wanted = warm.ready < warm.target.unwrap_or(0);
        warm.ready += u32::from(is_wanted);
        self.count_pod(service, -1);
        self.count_waiting(service, i64::from(is_wanted));
    }

    /// Instances that wait are paid for if they run.
    fn count_waiting(&mut self, service: ServiceId, change: i64) {
        let pool = self.service_of(service).instances.as_ref();
        if pool.is_some_and(|pool| pool.warm_pool.state == WarmState::Running) {
            self.count_pod(service, change as i32);
        }
    }
}
