//! The metrics of a cloud: every period each instance that runs is measured.
//!
//! CPU is the mean over the period, or since the boot of the instance; memory is the working set at
//! its end.

use crate::control::{Event, World};
use crate::model::ServiceId;
use crate::plane::DataPlane;
use flashcrowd_units::SimTime;

impl<P: DataPlane> World<P> {
    pub(in crate::control) fn start_metering(&mut self, service: ServiceId) {
        if let Some(pool) = &self.service_of(service).instances {
            let first = SimTime::ZERO + pool.metrics.period;
            self.schedule(first, Event::Meter(service));
        }
    }

    pub(in crate::control) fn meter(&mut self, service: ServiceId) {
        let now = self.now;
        let Some(pool) = &self.service_of(service).instances else {
            return;
        };
        let (visible, next) = (now + pool.metrics.lag, now + pool.metrics.period);
        for &server in &self.services[service.index()].pods {
            let pod = self.pods[server.0 as usize]
                .as_mut()
                .expect("a pod that is listed exists");
            if pod.container.running_since.is_some() {
                let usage = self.plane.usage(server, now);
                pod.metrics.take_in(now, visible, &usage);
            }
        }
        self.schedule(next, Event::Meter(service));
    }
}
